'use client'

import { useRouter } from 'next/navigation'
import { type FormEvent, useRef, useState, useTransition } from 'react'
import type { NewPasskeyQuestion } from '@/components/shell/passkey'
import { proved } from '@/components/shell/prove'
import { Button } from '@/components/ui/button'
import { CodeField } from '@/components/ui/code-field'
import { Dialog } from '@/components/ui/dialog'
import { Field } from '@/components/ui/field'
import { Note } from '@/components/ui/note'
import type { Outcome } from '@/lib/shapes/outcome'
import { AddPasskey } from './add-passkey'
import { type Factor, FactorItem } from './factor-item'
import { RecoveryCodes } from './recovery-codes'

interface NewFactor {
  id: string
  key: string
  path: string
  size: number
}

export interface FactorActions {
  add: (name: string) => Promise<Outcome<NewFactor>>
  confirm: (id: string, code: string) => Promise<Outcome<string[] | null>>
  addPasskey: (name: string) => Promise<Outcome<NewPasskeyQuestion>>
  confirmPasskey: (name: string, answer: unknown) => Promise<Outcome<string[] | null>>
  rename: (id: string, name: string) => Promise<Outcome<null>>
  remove: (id: string) => Promise<Outcome<null>>
  newCodes: () => Promise<Outcome<string[]>>
}

interface Props {
  factors: Factor[]
  codesLeft: number
  /** Whether browsers give passkeys under the console's address. */
  takesPasskeys: boolean
  actions: FactorActions
}

/** One's own second factors: authenticator apps, passkeys, and the codes that stand in for them. */
export const SecondFactors = ({ factors, codesLeft, takesPasskeys, actions }: Props) => {
  const router = useRouter()
  const [isRefreshing, startRefresh] = useTransition()
  const [isBusy, setBusy] = useState(false)
  const [adding, setAdding] = useState<'totp' | 'passkey' | null>(null)
  const [codes, setCodes] = useState<string[] | null>(null)
  const [refusal, setRefusal] = useState<string | null>(null)
  const refresh = () => startRefresh(() => router.refresh())
  const work = async <T,>(act: () => Promise<Outcome<T>>, then?: (value: T) => void): Promise<boolean> => {
    setBusy(true)
    const outcome = await proved(act)
    setBusy(false)
    setRefusal(outcome.ok ? null : (outcome.fields[0]?.message ?? outcome.message))
    if (!outcome.ok) return false
    then?.(outcome.value)
    refresh()
    return true
  }
  const added = (made: string[] | null) => {
    setAdding(null)
    setCodes(made)
    refresh()
  }
  const waits = isBusy || isRefreshing
  return (
    <>
      {refusal && <Note tone="bad" isAlert title={refusal} />}
      {factors.length === 0 ? (
        <p className="p-3 text-ink-2">
          No second factor: the password alone signs you in. Add an authenticator app or a passkey to be asked for it as well.
        </p>
      ) : (
        <ul>
          {factors.map((factor) => (
            <FactorItem
              key={factor.id}
              factor={factor}
              isBusy={waits}
              rename={(name) => work(() => actions.rename(factor.id, name))}
              remove={() => work(() => actions.remove(factor.id))}
            />
          ))}
        </ul>
      )}
      <div className="flex flex-wrap items-center gap-2 border-t border-line px-3.5 py-2">
        <Button isSmall disabled={waits} onClick={() => setAdding('totp')}>
          Add an authenticator app
        </Button>
        {takesPasskeys && (
          <Button isSmall disabled={waits} onClick={() => setAdding('passkey')}>
            Add a passkey
          </Button>
        )}
        {factors.length > 0 && (
          <>
            <Button isSmall disabled={waits} onClick={() => work(actions.newCodes, setCodes)}>
              New recovery codes
            </Button>
            <span className="text-ink-2">{codesLeft === 1 ? '1 recovery code is left.' : `${codesLeft} recovery codes are left.`}</span>
          </>
        )}
      </div>
      <Dialog isOpen={adding === 'totp'} onClose={() => setAdding(null)} title="Add an authenticator app">
        {adding === 'totp' && <AddFactor actions={actions} onDone={added} />}
      </Dialog>
      <Dialog isOpen={adding === 'passkey'} onClose={() => setAdding(null)} title="Add a passkey">
        {adding === 'passkey' && <AddPasskey add={actions.addPasskey} confirm={actions.confirmPasskey} onDone={added} />}
      </Dialog>
      <Dialog isOpen={codes !== null} onClose={() => setCodes(null)} title="Recovery codes">
        {codes && <RecoveryCodes codes={codes} onDone={() => setCodes(null)} />}
      </Dialog>
    </>
  )
}

const AddFactor = ({ actions, onDone }: { actions: FactorActions; onDone: (codes: string[] | null) => void }) => {
  const [made, setMade] = useState<NewFactor | null>(null)
  const [isBusy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState<Outcome<unknown> | null>(null)
  const name = useRef<HTMLInputElement>(null)
  const code = useRef<HTMLInputElement>(null)
  const fieldError = (path: string) => (refusal?.ok === false ? refusal.fields.find((one) => one.path === path)?.message : undefined)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setRefusal(null)
    if (made === null) {
      const outcome = await actions.add(name.current!.value)
      if (outcome.ok) setMade(outcome.value)
      else setRefusal(outcome)
    } else {
      const outcome = await proved(() => actions.confirm(made.id, code.current!.value))
      if (outcome.ok) return onDone(outcome.value)
      setRefusal(outcome)
      code.current?.select()
    }
    setBusy(false)
  }
  const hasField = fieldError('name') ?? fieldError('code')
  return (
    <form className="grid gap-4 p-4" onSubmit={submit} aria-busy={isBusy}>
      {refusal?.ok === false && !hasField && <Note tone="bad" isAlert title={refusal.message} />}
      {made === null ? (
        <Field label="Name" help="By which you know the device, such as “phone”." error={fieldError('name')}>
          {(ids) => <input {...ids} ref={name} className="input" maxLength={60} autoComplete="off" required />}
        </Field>
      ) : (
        <>
          <p>Scan this with your authenticator app, then type the code that it shows.</p>
          <svg
            viewBox={`0 0 ${made.size} ${made.size}`}
            className="qr"
            role="img"
            aria-label="QR code of the key below"
            shapeRendering="crispEdges"
          >
            <rect width={made.size} height={made.size} fill="#fff" />
            <path d={made.path} fill="#000" />
          </svg>
          <p>
            Or type this key: <code>{made.key}</code>
          </p>
          <CodeField reference={code} help="Six digits, another six every 30 seconds." error={fieldError('code')} />
        </>
      )}
      <div>
        <Button type="submit" variant="primary" disabled={isBusy}>
          {made === null ? 'Continue' : 'Confirm'}
        </Button>
      </div>
    </form>
  )
}
