'use client'

import Link from 'next/link'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { Button, LinkButton } from '@/components/ui/button'
import { EnvironmentBadge } from '@/components/ui/environment'
import { Note } from '@/components/ui/note'
import { Age, Moment, useNow } from '@/components/ui/zone'
import type { Plan } from '@/lib/kernel/operation/plan'
import type { Tone } from '@/lib/kernel/resource/field'
import type { BadgedEnvironment } from '@/lib/shapes/environment'
import type { Outcome } from '@/lib/shapes/outcome'
import { type MoveAction, MoveScheduled } from './move-scheduled'

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

export interface ScheduledShown {
  id: string
  state: string
  because: string | null
  /** ISO time. */
  at: string
  revision: number
  startWithinMinutes: number
  /** Moved since it was approved, and nobody has approved the new time. */
  lacksApproval: boolean
  runId: string | null
  /** As far as a time is judged by it, with the maintenance windows as they are now; null: this person may not move it. */
  plan: Pick<Plan, 'environments' | 'isDisruptive'> | null
  /** What would have run by the plan that was read, as far as this person may see it. */
  targets: readonly { id: string; title: string; href: string }[]
  environments: readonly BadgedEnvironment[]
  /** The plan as it was read. */
  planHref: string
  /** The same, planned again. */
  againHref: string
}

const styles: Readonly<Record<string, [Tone, string]>> = {
  waiting: ['info', 'Starts at'],
  started: ['good', 'Started at'],
  skipped: ['bad', 'Skipped at'],
  cancelled: ['neutral', 'Cancelled; it was scheduled for'],
}

const afterwards = ({ state, because, startWithinMinutes, lacksApproval }: ScheduledShown): string => {
  if (state !== 'waiting') return [...(state === 'skipped' ? ['Nothing has run.'] : []), ...(because === null ? [] : [because])].join(' ')
  const approval = lacksApproval ? 'A second person must approve its plan for this time, or it is skipped. ' : ''
  return `${approval}A worker then makes its plan again. The run is skipped, with the reason, if something has changed or no worker starts it within ${startWithinMinutes} min.`
}

/** When a scheduled run starts or what became of it, on what, and the ways on from here. */
export const ScheduledSummary = ({
  scheduled,
  mayNot,
  cancel,
  move,
}: {
  scheduled: ScheduledShown
  /** Why this person may not cancel it; null: they may. */
  mayNot: string | null
  cancel: (id: string) => Promise<Outcome<null>>
  move: MoveAction
}) => {
  const { id, state, at, runId, targets, environments, planHref, againHref, plan } = scheduled
  const [isMoving, setMoving] = useState(false)
  const isWaiting = state === 'waiting'
  const [tone, words] = styles[state] ?? ['neutral', 'At']
  const now = useNow(1_000)
  const isDue = isWaiting && now !== null && Date.parse(at) <= now
  return (
    <Note
      tone={tone}
      title={
        <>
          {isDue ? 'It has been due since' : words} <Moment at={at} />, <Age at={at} />
        </>
      }
      actions={
        <>
          {runId !== null && <LinkButton href={`/runs/${runId}`}>Its run</LinkButton>}
          <LinkButton href={planHref}>The plan that was read</LinkButton>
          {!isWaiting && state !== 'started' && <LinkButton href={againHref}>Plan it again</LinkButton>}
          {isWaiting && (
            <Button
              disabled={plan === null}
              title={plan === null ? 'You do not have the permission to run it in every environment it touches.' : undefined}
              aria-expanded={isMoving}
              onClick={() => setMoving(!isMoving)}
            >
              Move
            </Button>
          )}
          <CancelScheduled id={id} state={state} because={mayNot} cancel={cancel} />
        </>
      }
    >
      <p className="flex flex-wrap items-center gap-x-2">
        {environments.map((environment) => (
          <EnvironmentBadge key={environment.name} environment={environment} />
        ))}
        {targets.slice(0, targetsMax).map((target) => (
          <Link key={target.id} href={target.href}>
            {target.title}
          </Link>
        ))}
        {targets.length > targetsMax && <span>and {targets.length - targetsMax} more</span>}
      </p>
      <p>{afterwards(scheduled)}</p>
      {isWaiting && isMoving && plan !== null && (
        <MoveScheduled scheduled={{ ...scheduled, plan }} move={move} onDone={() => setMoving(false)} />
      )}
    </Note>
  )
}

const targetsMax = 10

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
          <Moment at={one.at} />, <Age at={one.at} />
        </>
      }
      actions={<CancelScheduled id={one.id} state={one.state} because={one.mayNot} cancel={cancel} />}
    >
      {one.state === 'waiting'
        ? `By ${one.actorName}. The plan is made again then, and the run is skipped if something has changed.`
        : one.because}
    </Note>
  ))
