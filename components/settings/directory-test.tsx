'use client'

import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { Field } from '@/components/ui/field'
import { Note } from '@/components/ui/note'
import type { Outcome } from '@/lib/shapes/outcome'
import { CheckSteps, type TestedStep } from './check-steps'

/** Asks the directory step by step: connection, certificate, service account, people, groups, and a login when one is given. */
export const DirectoryTest = ({ test }: { test: (userName: string, password: string) => Promise<Outcome<TestedStep[]>> }) => {
  const [userName, setUserName] = useState('')
  const [password, setPassword] = useState('')
  const [isBusy, setBusy] = useState(false)
  const [steps, setSteps] = useState<TestedStep[] | null>(null)
  const [refusal, setRefusal] = useState<string | null>(null)
  const run = async () => {
    setBusy(true)
    setRefusal(null)
    const outcome = await test(userName, password).catch(() => null)
    if (outcome?.ok) setSteps(outcome.value)
    else setRefusal(outcome?.message ?? 'The console did not answer.')
    setPassword('')
    setBusy(false)
  }
  return (
    <form
      className="grid gap-3"
      onSubmit={(event) => {
        event.preventDefault()
        run()
      }}
    >
      <div className="grid max-w-2xl gap-3 sm:grid-cols-2">
        <Field label="User name" help="Optional: also tries this login.">
          {(ids) => (
            <input {...ids} className="input" autoComplete="off" value={userName} onChange={(event) => setUserName(event.target.value)} />
          )}
        </Field>
        <Field label="Password" help="Sent to the directory only, and not kept.">
          {(ids) => (
            <input
              {...ids}
              className="input"
              type="password"
              autoComplete="off"
              value={password}
              onChange={(event) => setPassword(event.target.value)}
            />
          )}
        </Field>
      </div>
      <div>
        <Button type="submit" disabled={isBusy}>
          {isBusy ? 'Asking …' : 'Test the directory'}
        </Button>
      </div>
      {refusal && <Note tone="bad" isAlert title={refusal} />}
      {steps && <CheckSteps steps={steps} />}
    </form>
  )
}
