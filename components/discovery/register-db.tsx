'use client'

import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { callApi } from '@/components/run/call-api'
import { Button } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { Field } from '@/components/ui/field'
import { Note } from '@/components/ui/note'
import type { FieldProblem } from '@/lib/kernel/ground/errors'
import { writes } from '@/lib/shapes/writes'

/** Makes a server, where there is none a herd, and a member of a DB instance that was found. `because`: why this person may not; null: they may. */
export const RegisterDb = ({
  id,
  title,
  address,
  suggestedHerd,
  because,
}: {
  id: string
  title: string
  address: string
  suggestedHerd: string
  because: string | null
}) => {
  const router = useRouter()
  const [herd, setHerd] = useState(suggestedHerd)
  const [endpointUser, setUser] = useState('postgres')
  const [usesIamToken, setToken] = useState(true)
  const [endpointPassword, setPassword] = useState('')
  const [isBusy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState<{ message: string; fields: FieldProblem[] } | null>(null)
  const errorOf = (path: string) => refusal?.fields.find((field) => field.path === path)?.message
  const register = async () => {
    setBusy(true)
    setRefusal(null)
    const outcome = await callApi(
      writes.registerDb(id, { herd, endpointUser, usesIamToken, endpointPassword: usesIamToken ? null : endpointPassword }),
    )
    if (outcome.ok) return router.push(`/instances/${outcome.value.instanceId}`)
    setRefusal(outcome)
    setBusy(false)
  }
  return (
    <Card title="Register this DB instance">
      <form
        className="grid max-w-2xl gap-4"
        onSubmit={(event) => {
          event.preventDefault()
          void register()
        }}
      >
        {refusal && <Note tone="bad" isAlert title={refusal.message} />}
        <p className="text-ink-2">
          {title} is not registered. This adds its endpoint <code>{address}</code> as a server and makes it a member of the herd.
        </p>
        <Field
          label="Herd"
          help="An existing herd of the environment by its name, or the name of a new one."
          error={errorOf('herd')}
          isRequired
        >
          {(ids) => (
            <input {...ids} className="input" required maxLength={80} value={herd} onChange={(event) => setHerd(event.target.value)} />
          )}
        </Field>
        <Field
          label="Database user"
          help="The role that the console logs in as at the endpoint; it needs pg_monitor."
          error={errorOf('endpointUser')}
          isRequired
        >
          {(ids) => (
            <input
              {...ids}
              className="input"
              required
              maxLength={63}
              autoComplete="off"
              value={endpointUser}
              onChange={(event) => setUser(event.target.value)}
            />
          )}
        </Field>
        <Field
          label="IAM token"
          help="Log in with a token of AWS in place of a password, as a role that has rds_iam."
          error={errorOf('usesIamToken')}
          isBeside
        >
          {(ids) => <input {...ids} type="checkbox" checked={usesIamToken} onChange={(event) => setToken(event.target.checked)} />}
        </Field>
        {!usesIamToken && (
          <Field
            label="Database password"
            help="Stored sealed for the worker; it cannot be read here again."
            error={errorOf('endpointPassword')}
          >
            {(ids) => (
              <input
                {...ids}
                type="password"
                className="input"
                maxLength={400}
                autoComplete="new-password"
                value={endpointPassword}
                onChange={(event) => setPassword(event.target.value)}
              />
            )}
          </Field>
        )}
        <div>
          <Button type="submit" variant="primary" disabled={isBusy || because !== null} title={because ?? undefined}>
            Register
          </Button>
        </div>
      </form>
    </Card>
  )
}
