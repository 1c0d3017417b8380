'use client'

import { getCsrfToken } from 'next-auth/react'
import { type FormEvent, type Ref, useEffect, useRef, useState } from 'react'
import { type PasskeyQuestion, signWithPasskey } from '@/components/shell/passkey'
import { Button } from '@/components/ui/button'
import { CodeField } from '@/components/ui/code-field'
import { Field } from '@/components/ui/field'
import { Note } from '@/components/ui/note'
import type { PlaygroundPerson } from '@/lib/auth/playground-people'
import { explainLogin } from './explain'

/** What next-auth answers to a right password whose owner has a second factor. */
const factorAsked = 'second-factor'

/** One form post to next-auth. Resolves to null, or to why not. */
const signIn = async (provider: 'credentials' | 'second-factor', given: Record<string, string>): Promise<string | null> => {
  const csrfToken = await getCsrfToken()
  const response = await fetch(`/api/auth/callback/${provider}`, {
    method: 'POST',
    body: new URLSearchParams({ ...given, csrfToken: csrfToken ?? '', json: 'true' }),
  })
  if (response.ok) return null
  const { url } = (await response.json()) as { url: string }
  return new URL(url).searchParams.get('error') ?? 'unknown'
}

/** null: whose password was given has no passkey. */
const askPasskey = async (): Promise<PasskeyQuestion | null> => {
  const response = await fetch('/api/auth/passkey', { method: 'POST' })
  return response.ok ? ((await response.json()) as { question: PasskeyQuestion | null }).question : null
}

interface Props {
  path: string
  /** Why a login elsewhere was refused; null: none was. */
  error: string | null
  /** The first half is proved at the identity provider. */
  isHalf: boolean
  /** Name of the identity provider; null: there is none. */
  provider: string | null
  people: PlaygroundPerson[] | null
}

export const LoginForm = ({ path, error, isHalf, provider, people }: Props) => {
  const [problem, setProblem] = useState(error === null ? null : explainLogin(error))
  const [isBusy, setBusy] = useState(false)
  // Until this script runs, the browser would send the form by itself, to nowhere.
  const [isReady, setReady] = useState(false)
  useEffect(() => setReady(true), [])
  const userName = useRef<HTMLInputElement>(null)
  const password = useRef<HTMLInputElement>(null)
  const code = useRef<HTMLInputElement>(null)
  const [asksCode, setAsksCode] = useState(isHalf)
  const [hasPasskey, setHasPasskey] = useState(false)
  useEffect(() => {
    if (isHalf)
      askPasskey().then(
        (question) => setHasPasskey(question !== null),
        () => {},
      )
  }, [isHalf])

  /** `step` answers with why not, or null: signed in. */
  const work = async (step: () => Promise<string | null>) => {
    setBusy(true)
    setProblem(null)
    try {
      const refused = await step()
      // A full load, so that nothing of the signed-out page stays in memory.
      if (refused === null) return window.location.assign(path)
      if (refused === factorAsked) {
        setHasPasskey((await askPasskey()) !== null)
        setAsksCode(true)
      } else setProblem(explainLogin(refused))
      ;(asksCode ? code : password).current?.select()
    } catch {
      setProblem('The console does not answer. Check the network and try again.')
    }
    setBusy(false)
  }

  const submit = (event: FormEvent) => {
    event.preventDefault()
    void work(() =>
      asksCode
        ? signIn('second-factor', { code: code.current!.value })
        : signIn('credentials', { userName: userName.current!.value, password: password.current!.value }),
    )
  }

  const givePasskey = () =>
    work(async () => {
      const question = await askPasskey()
      if (question === null) return 'auth.rejected: That took too long. Sign in again.'
      const given = await signWithPasskey(question)
      if ('problem' in given) return `auth.rejected: ${given.problem}`
      return signIn('second-factor', { passkey: JSON.stringify(given.answer) })
    })

  const startAgain = () => {
    setAsksCode(false)
    setProblem(null)
  }

  const choose = (person: PlaygroundPerson) => {
    userName.current!.value = person.user
    password.current!.value = person.password
    userName.current!.form!.requestSubmit()
  }

  return (
    <>
      <form className="login-form" onSubmit={submit} method="post" aria-busy={isBusy}>
        {problem && (
          <Note tone="bad" isAlert>
            {problem}
          </Note>
        )}
        {asksCode && hasPasskey && (
          <Button variant="primary" onClick={givePasskey} disabled={isBusy}>
            Use your passkey
          </Button>
        )}
        {asksCode ? <CodeField reference={code} /> : <NameAndPassword userName={userName} password={password} />}
        <Button type="submit" variant={asksCode && hasPasskey ? 'plain' : 'primary'} disabled={isBusy || !isReady}>
          {isBusy ? 'Signing in…' : 'Sign in'}
        </Button>
        {asksCode && (
          <Button onClick={startAgain} disabled={isBusy}>
            Sign in as somebody else
          </Button>
        )}
      </form>
      {provider && !asksCode && (
        <p className="login-provider">
          <a className="btn w-full" href={`/api/auth/oidc/start?path=${encodeURIComponent(path)}`}>
            Sign in with {provider}
          </a>
        </p>
      )}
      {people && !asksCode && <TryPeople people={people} isBusy={isBusy || !isReady} onChoose={choose} />}
    </>
  )
}

const NameAndPassword = ({ userName, password }: { userName: Ref<HTMLInputElement>; password: Ref<HTMLInputElement> }) => (
  <>
    <Field label="User name">
      {(ids) => (
        <input
          {...ids}
          ref={userName}
          name="userName"
          className="input"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          // biome-ignore lint/a11y/noAutofocus: the page has one purpose, and it starts here
          autoFocus
          required
        />
      )}
    </Field>
    <Field label="Password">
      {(ids) => (
        <input {...ids} ref={password} name="password" type="password" className="input" autoComplete="current-password" required />
      )}
    </Field>
  </>
)

const TryPeople = ({
  people,
  isBusy,
  onChoose,
}: {
  people: PlaygroundPerson[]
  isBusy: boolean
  onChoose: (person: PlaygroundPerson) => void
}) => (
  <section className="login-people" aria-labelledby="try-people">
    <h2 id="try-people">This is a playground: try one of its people</h2>
    <ul>
      {people.map((person) => (
        <li key={person.user}>
          <button type="button" onClick={() => onChoose(person)} disabled={isBusy}>
            <span className="login-who">
              <b>{person.fullName || person.user}</b>
              <span>{person.note || person.groups.join(', ') || 'in no group'}</span>
            </span>
            <code>
              {person.user} · {person.password}
            </code>
          </button>
        </li>
      ))}
    </ul>
  </section>
)
