'use client'

import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { Note } from '@/components/ui/note'
import type { Outcome } from '@/lib/shapes/outcome'
import { CheckSteps, type TestedStep } from './check-steps'

/** Asks the identity provider step by step: what it says of itself, and its keys. */
export const ProviderTest = ({ test }: { test: () => Promise<Outcome<TestedStep[]>> }) => {
  const [isBusy, setBusy] = useState(false)
  const [steps, setSteps] = useState<TestedStep[] | null>(null)
  const [refusal, setRefusal] = useState<string | null>(null)
  const run = async () => {
    setBusy(true)
    setRefusal(null)
    const outcome = await test().catch(() => null)
    if (outcome?.ok) setSteps(outcome.value)
    else setRefusal(outcome?.message ?? 'The console did not answer.')
    setBusy(false)
  }
  return (
    <div className="grid gap-3">
      <div>
        <Button disabled={isBusy} onClick={() => void run()}>
          {isBusy ? 'Asking …' : 'Test the identity provider'}
        </Button>
      </div>
      {refusal && <Note tone="bad" isAlert title={refusal} />}
      {steps && <CheckSteps steps={steps} />}
    </div>
  )
}
