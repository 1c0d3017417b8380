import type { Metadata } from 'next'
import { Note } from '@/components/ui/note'
import { openTold } from '@/lib/auth/told'
import { explainLogin } from '../login/explain'
import { TellProved } from './tell-proved'

export const metadata: Metadata = { title: 'Confirm that it is you' }

/** Where a window of the fresh proof ends that was at the identity provider; the page that opened it goes on. */
export default async function ProvedPage({ searchParams }: { searchParams: Promise<Record<string, string | string[] | undefined>> }) {
  const { error } = await searchParams
  const refused = error === undefined ? null : explainLogin((await openTold(error)) ?? '')
  return (
    <main className="grid gap-3 p-4">
      <h1>Confirm that it is you</h1>
      {refused ? (
        <Note tone="bad" isAlert title={refused}>
          Nothing is confirmed. Close this window and try again.
        </Note>
      ) : (
        <Note tone="good" title="The identity provider has confirmed it">
          This window may be closed.
        </Note>
      )}
      <TellProved refused={refused} />
    </main>
  )
}
