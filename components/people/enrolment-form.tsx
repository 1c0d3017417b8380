'use client'

import { useState } from 'react'
import { callApi } from '@/components/run/call-api'
import { Button, LinkButton } from '@/components/ui/button'
import { CopyButton } from '@/components/ui/copy-button'
import { Field } from '@/components/ui/field'
import { Note } from '@/components/ui/note'
import { PickField } from '@/components/ui/pick-field'
import type { FieldProblem } from '@/lib/kernel/ground/errors'
import type { BadgedEnvironment } from '@/lib/shapes/environment'
import { writes } from '@/lib/shapes/writes'
import { installCommands } from './install-commands'
import { SecretOnce } from './secret-once'

/** Makes an enrolment key for hosts of one environment, and shows it once together with the commands that use it. */
export const EnrolmentForm = ({ environments, origin }: { environments: readonly BadgedEnvironment[]; origin: string }) => {
  const [name, setName] = useState('')
  const [environmentId, setEnvironmentId] = useState(environments[0]?.id ?? '')
  const [hours, setHours] = useState(24)
  const [uses, setUses] = useState('')
  const [isBusy, setBusy] = useState(false)
  const [key, setKey] = useState<string | null>(null)
  const [refusal, setRefusal] = useState<{ message: string; fields: FieldProblem[] } | null>(null)
  const errorOf = (path: string) => refusal?.fields.find((field) => field.path === path)?.message

  const make = async () => {
    setBusy(true)
    setRefusal(null)
    const outcome = await callApi(
      writes.addEnrolmentKey({
        name,
        environmentId,
        expiresAt: new Date(Date.now() + hours * 3_600_000).toISOString(),
        usesLeft: uses === '' ? null : Number(uses),
      }),
    )
    if (outcome.ok) setKey(outcome.value.key)
    else setRefusal(outcome)
    setBusy(false)
  }

  if (key !== null)
    return (
      <div className="grid gap-3">
        <SecretOnce title={`The enrolment key ${name}`} secret={key}>
          <p>On each host, as root:</p>
          <code className="code w-full">{installCommands(origin, key)}</code>
          <CopyButton text={installCommands(origin, key)} label="Copy the commands" />
        </SecretOnce>
        <p>
          <LinkButton href="/discovery">Open the discovery inbox</LinkButton>
        </p>
      </div>
    )
  return (
    <form
      className="card grid max-w-2xl gap-4 p-4"
      onSubmit={(event) => {
        event.preventDefault()
        make()
      }}
    >
      <Field label="Name" help="Who will use it: new prod hosts, rack 12." error={errorOf('name')} isRequired>
        {(ids) => (
          <input {...ids} className="input" required maxLength={80} value={name} onChange={(event) => setName(event.target.value)} />
        )}
      </Field>
      <PickField
        label="Environment"
        help="Hosts that enrol with it are suggested for this environment."
        error={errorOf('environmentId')}
        value={environmentId}
        choices={environments}
        onPick={setEnvironmentId}
      />
      <Field label="Lives for" help="A host needs it only once, so keep it short." error={errorOf('expiresAt')}>
        {(ids) => (
          <select {...ids} className="input" value={hours} onChange={(event) => setHours(Number(event.target.value))}>
            <option value={1}>an hour</option>
            <option value={24}>a day</option>
            <option value={168}>a week</option>
          </select>
        )}
      </Field>
      <Field label="Hosts at most" help="Empty: any number until it expires." error={errorOf('usesLeft')}>
        {(ids) => (
          <input {...ids} className="input max-w-40" type="number" min={1} value={uses} onChange={(event) => setUses(event.target.value)} />
        )}
      </Field>
      {refusal && <Note tone="bad" isAlert title={refusal.message} />}
      <div>
        <Button type="submit" variant="primary" disabled={isBusy || name.trim() === '' || environmentId === ''}>
          {isBusy ? 'Creating …' : 'Create key'}
        </Button>
      </div>
    </form>
  )
}
