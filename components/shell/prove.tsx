'use client'

import { type FormEvent, useEffect, useRef, useState } from 'react'
import { Button } from '@/components/ui/button'
import { CodeField } from '@/components/ui/code-field'
import { Dialog } from '@/components/ui/dialog'
import { Field } from '@/components/ui/field'
import { Note } from '@/components/ui/note'
import type { Outcome } from '@/lib/shapes/outcome'
import { type PasskeyQuestion, signWithPasskey } from './passkey'
import { signInAgain } from './sign-in-again'

interface Ways {
  userName: string
  /** Where the person signs in, and proves again who they are; null: by a password here. */
  provider: string | null
  prove: (password: string | null, code?: string, passkey?: unknown) => Promise<Outcome<null>>
  /** null: the person has no passkey. */
  askPasskey: () => Promise<Outcome<PasskeyQuestion | null>>
}

/** Asks the person in the dialog of this page; true: they proved who they are. Whoever asks while it is open waits for the same answer. */
let ask: (() => Promise<boolean>) | null = null

/** Does what may need a fresh proof: where it does, asks for the proof in place and does it again. Given up, the refusal is what came of it. */
export const proved = async <T,>(act: () => Promise<Outcome<T>>): Promise<Outcome<T>> => {
  const outcome = await act()
  if (outcome.ok || outcome.code !== 'auth.proof' || ask === null) return outcome
  return (await ask()) ? act() : outcome
}

/** Over whatever page is open, so nothing that was typed there is lost. */
export const ProveDialog = (ways: Ways) => {
  const [isOpen, setOpen] = useState(false)
  const waiting = useRef<((isProved: boolean) => void)[]>([])
  useEffect(() => {
    ask = () =>
      new Promise((resolve) => {
        waiting.current.push(resolve)
        setOpen(true)
      })
    return () => {
      ask = null
    }
  }, [])
  const end = (isProved: boolean) => {
    setOpen(false)
    for (const tell of waiting.current.splice(0)) tell(isProved)
  }
  return (
    <Dialog
      isOpen={isOpen}
      onClose={() => end(false)}
      title="Confirm that it is you"
      description="This needs a proof that is at most 10 minutes old. It is done as soon as you confirm; nothing you typed is lost."
    >
      {isOpen && <ProveForm {...ways} onEnd={end} />}
    </Dialog>
  )
}

const wrongCodes: Readonly<Record<string, string>> = {
  'is wrong, or was used before': 'This code is wrong, or was used before.',
  'is needed: the passkey did not answer for you': 'The passkey did not answer for you. Try again, or give a code.',
}

const ProveForm = ({ userName, provider, prove, askPasskey, onEnd }: Ways & { onEnd: (isProved: boolean) => void }) => {
  const password = useRef<HTMLInputElement>(null)
  const [isBusy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState<Outcome<null> | null>(null)
  const code = useRef<HTMLInputElement>(null)
  // Who has a second factor is asked for it once the password is right.
  const [asksCode, setAsksCode] = useState(false)
  const of = (field: string) => (refusal?.ok === false ? refusal.fields.find(({ path }) => path === field) : undefined)
  const wrong = of('password')
  const missing = of('code')
  const [hasPasskey, setHasPasskey] = useState(false)
  const refuse = (message: string) => setRefusal({ ok: false, code: 'auth.rejected', message, fields: [] })
  const work = async (step: () => Promise<Outcome<null> | null>) => {
    setBusy(true)
    try {
      const outcome = await step()
      if (outcome?.ok) return onEnd(true)
      if (outcome !== null) setRefusal(outcome)
      if (outcome?.fields.some(({ path }) => path === 'code')) {
        if (!asksCode) setHasPasskey(await askPasskey().then((asked) => asked.ok && asked.value !== null))
        setAsksCode(true)
      } else password.current?.select()
    } catch {
      refuse('The console did not answer. Try again.')
    }
    setBusy(false)
  }
  const left = useRef(new AbortController())
  useEffect(() => {
    left.current = new AbortController()
    return () => left.current.abort()
  }, [])
  const given = () => password.current?.value ?? null
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void work(() => prove(given(), code.current?.value))
  }
  const goThere = () =>
    work(async () => {
      const refused = await signInAgain(left.current.signal)
      if (left.current.signal.aborted) return null
      if (refused === null) return prove(null)
      refuse(refused)
      return null
    })
  const givePasskey = () =>
    work(async () => {
      const asked = await askPasskey()
      if (!asked.ok) return asked
      const signed = asked.value && (await signWithPasskey(asked.value))
      if (signed && 'answer' in signed) return prove(given(), undefined, signed.answer)
      refuse(signed?.problem ?? 'You have no passkey any more. Give a code.')
      return null
    })
  return (
    <form className="grid gap-4 p-4" onSubmit={submit} aria-busy={isBusy}>
      {refusal?.ok === false && !wrong && !missing && <Note tone="bad" isAlert title={refusal.message} />}
      <input type="text" name="username" autoComplete="username" value={userName} readOnly hidden />
      {provider === null ? (
        <Field label={`Password of ${userName}`} error={wrong ? 'This password is wrong.' : undefined}>
          {(ids) => (
            <input
              {...ids}
              ref={password}
              type="password"
              className="input"
              autoComplete="current-password"
              // biome-ignore lint/a11y/noAutofocus: the dialog has one purpose, and it starts here
              autoFocus
              required
            />
          )}
        </Field>
      ) : (
        !asksCode && (
          <Button variant="primary" onClick={goThere} disabled={isBusy}>
            {isBusy ? `Waiting for ${provider}…` : `Sign in with ${provider} again`}
          </Button>
        )
      )}
      {hasPasskey && (
        <Button variant="primary" onClick={givePasskey} disabled={isBusy}>
          Use your passkey
        </Button>
      )}
      {asksCode && <CodeField reference={code} error={missing && wrongCodes[missing.message]} />}
      <div className="flex flex-wrap gap-2">
        {(provider === null || asksCode) && (
          <Button type="submit" variant={hasPasskey ? 'plain' : 'primary'} disabled={isBusy}>
            {isBusy ? 'Confirming…' : 'Confirm'}
          </Button>
        )}
        <Button onClick={() => onEnd(false)}>Cancel</Button>
      </div>
    </form>
  )
}
