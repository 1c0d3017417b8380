'use client'

import Link from 'next/link'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { Note } from '@/components/ui/note'
import { Age } from '@/components/ui/zone'
import type { Outcome } from '@/lib/shapes/outcome'

export interface LeaseShown {
  name: string
  holder: string
  reason: string
  /** A person who holds it around work outside the console; null: a worker. */
  owner: string | null
  runId: string | null
  acquiredAt: string
}

/** Who holds which lock. Taking one away is safe for the data: its holder collides before its next act, and another worker goes on after a check. */
export const Leases = ({ leases, release }: { leases: readonly LeaseShown[]; release: (name: string) => Promise<Outcome<null>> }) => {
  const router = useRouter()
  const [busy, setBusy] = useState<string | null>(null)
  const [refusal, setRefusal] = useState<string | null>(null)
  const take = async (name: string) => {
    setBusy(name)
    const outcome = await release(name).catch(() => null)
    setRefusal(outcome === null ? 'The console did not answer.' : outcome.ok ? null : outcome.message)
    setBusy(null)
    router.refresh()
  }
  if (leases.length === 0) return <p className="p-3.5 text-ink-2">Nothing is locked.</p>
  return (
    <>
      {refusal && <Note tone="bad" isAlert title={refusal} />}
      <ul>
        {leases.map((lease) => (
          <li key={lease.name} className="flex flex-wrap items-center gap-x-4 gap-y-1 border-t border-line px-3.5 py-2 first:border-t-0">
            <code>{lease.name}</code>
            <span>{lease.reason}</span>
            <span className="text-ink-2">
              held by {lease.owner === null ? lease.holder : `${lease.owner} from ${lease.holder}`}, acquired <Age at={lease.acquiredAt} />
            </span>
            {lease.runId && (
              <Link href={`/runs/${lease.runId}`} prefetch={false}>
                the run
              </Link>
            )}
            <Button isSmall className="ml-auto" disabled={busy !== null} onClick={() => take(lease.name)}>
              Release it
            </Button>
          </li>
        ))}
      </ul>
    </>
  )
}
