'use client'

import { useRouter } from 'next/navigation'
import { useMemo, useState } from 'react'
import { Button } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { Field } from '@/components/ui/field'
import { Note } from '@/components/ui/note'
import { Moment } from '@/components/ui/zone'
import { counted } from '@/lib/domain/values/counted'
import type { MemberActivity } from '@/lib/shapes/activity'
import type { ReadAddress } from '@/lib/shapes/reads'
import { Blocking } from './blocking'
import { SessionsTable, type SessionTicks } from './sessions-table'
import { filtered, type Grouping, groupings, type KindShown, kindsShown, sessionsOf, signalQuery } from './shown'
import { Prepared, UnderWay } from './under-way'
import { useWatch } from './use-watch'

const sum = (members: readonly MemberActivity[], of: (activity: NonNullable<MemberActivity['activity']>) => number): number =>
  members.reduce((total, { activity }) => total + (activity === null ? 0 : of(activity)), 0)

const everyMs = 2_000

const clientsBy = (members: readonly MemberActivity[], state: RegExp): number =>
  sum(members, ({ sessions }) => sessions.filter((one) => one.kind === 'client backend' && state.test(one.state ?? '')).length)

const Unseen = ({ members }: { members: readonly MemberActivity[] }) =>
  members
    .filter(({ because }) => because !== null)
    .map(({ instanceId, title, because, seenAt }) => (
      <Note key={instanceId} tone="warn" title={`${title} cannot be seen now`}>
        {because}{' '}
        {seenAt !== null && (
          <>
            What is shown of it was seen <Moment at={seenAt} />.
          </>
        )}
      </Note>
    ))

/** What sessions do now, and what can be done about it. `hasMany`: of several instances. `maySignal`: who looks may cancel and terminate. */
export const Activity = ({
  address,
  hasMany,
  maySignal,
}: {
  address: ReadAddress<{ members: MemberActivity[] }>
  hasMany: boolean
  maySignal: boolean
}) => {
  const router = useRouter()
  const [isPaused, setPaused] = useState(false)
  const [kind, setKind] = useState<KindShown>('clients')
  const [by, setBy] = useState<Grouping>('none')
  const [search, setSearch] = useState('')
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set())
  const { answer, because } = useWatch(address, everyMs, isPaused)
  const answered = answer?.members ?? null
  const members = answered ?? []
  const all = useMemo(() => sessionsOf(answer?.members ?? []), [answer])
  const shown = useMemo(() => filtered(all, kind, search), [all, kind, search])
  // One that has ended while the page was open is not acted on.
  const chosen = all.filter(({ key }) => ticked.has(key))
  const ticks: SessionTicks | null = maySignal
    ? {
        ticked,
        onTick: (key, isOn) => setTicked((now) => new Set(isOn ? [...now, key] : [...now].filter((one) => one !== key))),
      }
    : null
  const go = (operation: string) => router.push(`/instances/run/${operation}?${signalQuery(chosen)}`)
  const progress = sum(members, (activity) => activity.progress.length)
  const prepared = sum(members, (activity) => activity.prepared.length)
  const leftOut = sum(members, (activity) => activity.leftOut)
  return (
    <div className="page-body">
      {because !== null && <Note tone="bad" title={because} isAlert />}
      <Unseen members={members} />
      <p className="flex flex-wrap items-center gap-x-4 gap-y-2">
        {answered === null ? (
          <span role="status">A worker looks…</span>
        ) : (
          <span>
            {counted(clientsBy(members, /./), 'client')}: {clientsBy(members, /^active$/)} active, {clientsBy(members, /^idle in/)} idle in
            transaction, {clientsBy(members, /^idle$/)} idle
          </span>
        )}
        <Button isSmall aria-pressed={isPaused} onClick={() => setPaused(!isPaused)}>
          {isPaused ? 'Go on' : 'Pause'}
        </Button>
      </p>
      <Card title="Who blocks whom">
        <Blocking members={members} ticks={ticks} />
      </Card>
      {progress > 0 && (
        <Card title="Under way">
          <UnderWay members={members} />
        </Card>
      )}
      {prepared > 0 && (
        <Card title="Prepared transactions">
          <Prepared members={members} />
        </Card>
      )}
      <Card title="Sessions" isFlush>
        <div className="activity-bar">
          <Field label="Search">
            {(ids) => <input {...ids} className="input" type="search" value={search} onChange={(event) => setSearch(event.target.value)} />}
          </Field>
          <Field label="Show">
            {(ids) => (
              <select {...ids} className="input w-auto" value={kind} onChange={(event) => setKind(event.target.value as KindShown)}>
                {kindsShown.map((one) => (
                  <option key={one}>{one}</option>
                ))}
              </select>
            )}
          </Field>
          <Field label="Group by">
            {(ids) => (
              <select {...ids} className="input w-auto" value={by} onChange={(event) => setBy(event.target.value as Grouping)}>
                {groupings
                  .filter((one) => one !== 'instance' || hasMany)
                  .map((one) => (
                    <option key={one}>{one}</option>
                  ))}
              </select>
            )}
          </Field>
          {maySignal && (
            <div className="activity-acts">
              <span role="status">{chosen.length === 0 ? 'Tick sessions to act on them.' : `${chosen.length} ticked`}</span>
              <Button isSmall disabled={chosen.length === 0} onClick={() => go('cancel-statements')}>
                Cancel statements
              </Button>
              <Button isSmall disabled={chosen.length === 0} onClick={() => go('terminate-sessions')}>
                Terminate sessions
              </Button>
            </div>
          )}
        </div>
        {shown.length === 0 ? (
          <p className="px-4 pb-3 text-ink-2">{answered === null ? 'Nothing has been seen yet.' : 'No session like that.'}</p>
        ) : (
          <SessionsTable sessions={shown} by={by} hasInstance={hasMany} ticks={ticks} />
        )}
        {leftOut > 0 && <p className="px-4 py-2 text-ink-2">{counted(leftOut, 'further session')} of those that are idle are left out.</p>}
      </Card>
    </div>
  )
}
