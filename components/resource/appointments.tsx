'use client'

import Link from 'next/link'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import type { Outcome } from '@/components/run/shared'
import { Button } from '@/components/ui/button'
import { Note } from '@/components/ui/note'
import { Moment } from '@/components/ui/zone'

export interface AppointmentShown {
  id: string
  title: string
  state: string
  because: string | null
  /** ISO time. */
  at: string
  actorName: string
}

/** Lets a scheduled run not start. Nothing while it does not wait. */
export const CancelScheduled = ({
  id,
  state,
  because,
  cancel,
}: {
  id: string
  state: string
  /** Why this person may not; null: they may. */
  because: string | null
  cancel: (id: string) => Promise<Outcome<null>>
}) => {
  const router = useRouter()
  const [busy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState<string | null>(null)
  if (state !== 'waiting') return null
  const act = async () => {
    setBusy(true)
    const outcome = await cancel(id).catch(() => null)
    setRefusal(outcome === null ? 'The console did not answer.' : outcome.ok ? null : outcome.message)
    setBusy(false)
    router.refresh()
  }
  return (
    <>
      <Button disabled={busy || because !== null} title={because ?? undefined} onClick={() => void act()}>
        Cancel it
      </Button>
      {refusal && (
        <span className="st bad" role="alert">
          {refusal}
        </span>
      )}
    </>
  )
}

/** What waits for its time on an object, and what was skipped on it in the last days. */
export const Appointments = ({
  appointments,
  cancel,
}: {
  appointments: readonly (AppointmentShown & { mayNot: string | null })[]
  cancel: (id: string) => Promise<Outcome<null>>
}) =>
  appointments.map((one) => (
    <Note
      key={one.id}
      tone={one.state === 'waiting' ? 'info' : 'warn'}
      title={
        <>
          <Link href={`/scheduled-runs/${one.id}`}>{one.title}</Link> {one.state === 'waiting' ? 'is scheduled for' : 'was skipped at'}{' '}
          <Moment at={one.at} />
        </>
      }
      actions={<CancelScheduled id={one.id} state={one.state} because={one.mayNot} cancel={cancel} />}
    >
      {one.state === 'waiting' ? `By ${one.actorName}. It is looked at again then, and skipped if it is not as it was.` : one.because}
    </Note>
  ))
