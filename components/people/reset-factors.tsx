'use client'

import { useRouter } from 'next/navigation'
import { useState, useTransition } from 'react'
import { proved } from '@/components/shell/prove'
import { Button } from '@/components/ui/button'
import { Note } from '@/components/ui/note'
import type { Outcome } from '@/lib/shapes/outcome'

/** For an administrator whom somebody has asked who lost theirs. */
export const ResetFactors = ({
  id,
  userName,
  count,
  reset,
}: {
  id: string
  userName: string
  count: number
  reset: (personId: string) => Promise<Outcome<null>>
}) => {
  const router = useRouter()
  const [isAsking, setAsking] = useState(false)
  const [refusal, setRefusal] = useState<string | null>(null)
  const [isBusy, startWork] = useTransition()
  const act = () =>
    startWork(async () => {
      const outcome = await proved(() => reset(id))
      setRefusal(outcome.ok ? null : outcome.message)
      setAsking(false)
      if (outcome.ok) router.refresh()
    })
  if (count === 0) return <p className="p-3 text-ink-2">No second factor: the password alone signs {userName} in.</p>
  return (
    <div className="grid gap-2 p-3">
      {refusal && <Note tone="bad" isAlert title={refusal} />}
      <p>
        {count === 1 ? 'One second factor.' : `${count} second factors.`} Who has lost all of them, and the recovery codes too, cannot sign
        in.
      </p>
      {isAsking ? (
        <div className="flex flex-wrap items-center gap-2">
          <span>The password alone signs {userName} in afterwards, and every login of theirs ends. Make sure that it is them who ask.</span>
          <Button isSmall variant="danger" disabled={isBusy} onClick={act}>
            Reset second factors of {userName}
          </Button>
          <Button isSmall disabled={isBusy} onClick={() => setAsking(false)}>
            Cancel
          </Button>
        </div>
      ) : (
        <div>
          <Button isSmall onClick={() => setAsking(true)}>
            Reset second factors
          </Button>
        </div>
      )}
    </div>
  )
}
