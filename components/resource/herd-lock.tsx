'use client'

import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { Note } from '@/components/ui/note'
import { Age } from '@/components/ui/zone'
import type { Outcome } from '@/lib/shapes/outcome'

export interface HerdLockShown {
  owner: string
  holder: string
  reason: string
  acquiredAt: string
}

/** Somebody works on the herd outside the console: every job that needs it waits. Nothing while nobody does. */
export const HerdLockNote = ({
  herdId,
  lock,
  because,
  breakLock,
}: {
  herdId: string
  lock: HerdLockShown | null
  /** Why this person may not take it away; null: they may. */
  because: string | null
  breakLock: (herdId: string) => Promise<Outcome<null>>
}) => {
  const router = useRouter()
  const [busy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState<string | null>(null)
  if (lock === null) return null
  const take = async () => {
    setBusy(true)
    const outcome = await breakLock(herdId).catch(() => null)
    setRefusal(outcome === null ? 'The console did not answer.' : outcome.ok ? null : outcome.message)
    setBusy(false)
    router.refresh()
  }
  return (
    <Note
      tone="warn"
      title={`Locked by ${lock.owner}: ${lock.reason}`}
      actions={
        <Button variant="danger" disabled={busy || because !== null} title={because ?? undefined} onClick={() => void take()}>
          Break the lock
        </Button>
      }
    >
      <p>
        Held by <code>{lock.holder}</code>, acquired <Age at={lock.acquiredAt} />. Every job that needs this herd waits until the lock is
        released, or expires because its holder has stopped renewing it.
      </p>
      {refusal && <p className="st bad">{refusal}</p>}
    </Note>
  )
}
