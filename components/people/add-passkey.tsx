'use client'

import { type FormEvent, useRef, useState } from 'react'
import { makePasskey, type NewPasskeyQuestion } from '@/components/shell/passkey'
import { proved } from '@/components/shell/prove'
import { Button } from '@/components/ui/button'
import { Field } from '@/components/ui/field'
import { Note } from '@/components/ui/note'
import type { Outcome } from '@/lib/shapes/outcome'

interface Props {
  add: (name: string) => Promise<Outcome<NewPasskeyQuestion>>
  confirm: (name: string, answer: unknown) => Promise<Outcome<string[] | null>>
  /** With recovery codes where it is the first factor. */
  onDone: (codes: string[] | null) => void
}

/** Asks for a name, then the browser asks for the device. */
export const AddPasskey = ({ add, confirm, onDone }: Props) => {
  const name = useRef<HTMLInputElement>(null)
  const [isBusy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState<{ message: string; isOfName: boolean } | null>(null)
  const make = async (called: string): Promise<void> => {
    const asked = await proved(() => add(called))
    const refuse = ({ message, fields }: Extract<Outcome<unknown>, { ok: false }>) =>
      setRefusal({ message: fields[0]?.message ?? message, isOfName: fields.length > 0 })
    if (!asked.ok) return refuse(asked)
    const given = await makePasskey(asked.value)
    if ('problem' in given) return setRefusal({ message: given.problem, isOfName: false })
    const outcome = await confirm(called, given.answer)
    return outcome.ok ? onDone(outcome.value) : refuse(outcome)
  }
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setRefusal(null)
    await make(name.current!.value).catch(() => setRefusal({ message: 'The console did not answer. Try again.', isOfName: false }))
    setBusy(false)
  }
  return (
    <form className="grid gap-4 p-4" onSubmit={submit} aria-busy={isBusy}>
      {refusal && !refusal.isOfName && <Note tone="bad" isAlert title={refusal.message} />}
      <p>A security key, a phone or this computer signs you in after the password. It works under this address of the console alone.</p>
      <Field label="Name" help="By which you know the device, such as “blue key”." error={refusal?.isOfName ? refusal.message : undefined}>
        {(ids) => <input {...ids} ref={name} className="input" maxLength={60} autoComplete="off" required />}
      </Field>
      <div>
        <Button type="submit" variant="primary" disabled={isBusy}>
          {isBusy ? 'Waiting for the device…' : 'Continue'}
        </Button>
      </div>
    </form>
  )
}
