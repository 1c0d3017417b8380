'use client'

import { useState } from 'react'
import { callApi } from '@/components/run/call-api'
import { Button, LinkButton } from '@/components/ui/button'
import { Field } from '@/components/ui/field'
import { Note } from '@/components/ui/note'
import { PickField } from '@/components/ui/pick-field'
import type { FieldProblem } from '@/lib/kernel/ground/errors'
import type { BadgedEnvironment } from '@/lib/shapes/environment'
import { writes } from '@/lib/shapes/writes'
import { SecretOnce } from './secret-once'

const lives = [
  { days: 7, label: '7 days' },
  { days: 30, label: '30 days' },
  { days: 90, label: '90 days' },
  { days: 365, label: 'a year' },
] as const

/** Makes a token of one's own and shows it once. */
export const TokenForm = ({
  roles,
  environments,
  longestDays,
  origin,
}: {
  /** Roles the person holds somewhere, the weakest first: a token never holds more than its owner. */
  roles: readonly string[]
  environments: readonly BadgedEnvironment[]
  /** 0: it may live until it is revoked. */
  longestDays: number
  origin: string
}) => {
  const offered = lives.filter((life) => longestDays === 0 || life.days <= longestDays)
  const [name, setName] = useState('')
  const [role, setRole] = useState(roles[0] ?? 'viewer')
  const [environmentId, setEnvironmentId] = useState('')
  const [days, setDays] = useState<number>(offered.findLast((life) => life.days <= 90)?.days ?? longestDays)
  const [isBusy, setBusy] = useState(false)
  const [secret, setSecret] = useState<string | null>(null)
  const [refusal, setRefusal] = useState<{ message: string; fields: FieldProblem[] } | null>(null)
  const errorOf = (path: string) => refusal?.fields.find((field) => field.path === path)?.message

  const make = async () => {
    setBusy(true)
    setRefusal(null)
    const outcome = await callApi(
      writes.addToken({
        name,
        role,
        environmentId: environmentId === '' ? null : environmentId,
        expiresAt: days === 0 ? null : new Date(Date.now() + days * 86_400_000).toISOString(),
      }),
    )
    if (outcome.ok) setSecret(outcome.value.token)
    else setRefusal(outcome)
    setBusy(false)
  }

  if (secret !== null)
    return (
      <div className="grid gap-3">
        <SecretOnce title={`The token ${name}`} secret={secret}>
          <p>Try it:</p>
          <code className="code w-full">{`curl -H "Authorization: Bearer ${secret.slice(0, 12)}…" ${origin}/api/v1/me`}</code>
        </SecretOnce>
        <p>
          <LinkButton href="/tokens">All tokens</LinkButton>
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
      <Field label="Name" help="What it is for: nightly-report." error={errorOf('name')} isRequired>
        {(ids) => (
          <input {...ids} className="input" required maxLength={80} value={name} onChange={(event) => setName(event.target.value)} />
        )}
      </Field>
      <Field label="Role" help="The most it may do. It never holds more than you hold at the time of use." error={errorOf('role')}>
        {(ids) => (
          <select {...ids} className="input" value={role} onChange={(event) => setRole(event.target.value)}>
            {roles.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        )}
      </Field>
      <PickField
        label="Environment"
        help="Where it holds."
        error={errorOf('environmentId')}
        value={environmentId}
        choices={environments}
        none="Wherever I may"
        onPick={setEnvironmentId}
      />
      <Field label="Lives for" error={errorOf('expiresAt')}>
        {(ids) => (
          <select {...ids} className="input" value={days} onChange={(event) => setDays(Number(event.target.value))}>
            {offered.map((life) => (
              <option key={life.days} value={life.days}>
                {life.label}
              </option>
            ))}
            {offered.length === 0 && <option value={longestDays}>{longestDays} days</option>}
            {longestDays === 0 && <option value={0}>until it is revoked</option>}
          </select>
        )}
      </Field>
      {refusal && <Note tone="bad" isAlert title={refusal.message} />}
      <div>
        <Button type="submit" variant="primary" disabled={isBusy || name.trim() === ''}>
          {isBusy ? 'Creating …' : 'Create token'}
        </Button>
      </div>
    </form>
  )
}
