import type { Metadata } from 'next'
import { redirect } from 'next/navigation'
import { Suspense } from 'react'
import { Note } from '@/components/ui/note'
import { currentActor } from '@/lib/auth/actor'
import { directoryState } from '@/lib/auth/directory-state'
import { playgroundPeople } from '@/lib/auth/playground-people'
import { safePath } from '@/lib/auth/safe-path'
import { openTold } from '@/lib/auth/told'
import { webPorts } from '@/lib/web-ports'
import { Herd } from './herd'
import { LoginForm } from './login-form'
import './login.css'

export const metadata: Metadata = { title: 'Sign in' }

const DirectoryNote = async () => {
  if ((await directoryState(webPorts().directory)) !== 'down') return null
  return (
    <Note tone="warn" title="The directory does not answer">
      Local accounts still work. Why it does not answer is in the console’s log.
    </Note>
  )
}

export default async function LoginPage({ searchParams }: { searchParams: Promise<Record<string, string | string[] | undefined>> }) {
  const { callbackUrl, error, step, out } = await searchParams
  const path = safePath(callbackUrl)
  if (await currentActor()) redirect(path)
  const { directory, provider } = webPorts()
  return (
    <div className="login">
      <aside className="login-side" aria-hidden="true">
        <Herd />
      </aside>
      <main className="login-main">
        <div className="login-box">
          <p className="login-mark">Matriarch</p>
          <h1>Sign in to your herds</h1>
          <p className="login-lead">
            {directory !== null
              ? 'With your directory account, or with a local account of this console.'
              : 'With a local account of this console.'}
          </p>
          {out !== undefined && provider !== null && (
            <Note tone="info" title="You are signed out here">
              If you signed in with {provider.name}, you may still be signed in there. <a href="/api/auth/oidc/end">Sign out there, too</a>.
            </Note>
          )}
          <Suspense>
            <DirectoryNote />
          </Suspense>
          <LoginForm
            path={path}
            error={error === undefined ? null : ((await openTold(error)) ?? '')}
            isHalf={step === 'code'}
            provider={provider?.name ?? null}
            people={playgroundPeople()}
          />
        </div>
      </main>
    </div>
  )
}
