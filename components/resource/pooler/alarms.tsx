import Link from 'next/link'
import { LinkButton } from '@/components/ui/button'
import { Note } from '@/components/ui/note'
import { Age } from '@/components/ui/zone'
import type { PoolerAlarm } from '@/lib/shapes/pooler'

const clientsWait = (count: number | null) => (count === 1 ? '1 client waits.' : `${count ?? 0} clients wait.`)

type MayRun = (operation: string) => boolean

const OneAlarm = ({ one, mayRun }: { one: PoolerAlarm; mayRun: MayRun }) => {
  const way = (operation: string, label: string) =>
    mayRun(operation) && <LinkButton href={`/poolers/run/${operation}?ids=${one.id}`}>{label}</LinkButton>
  const name = <Link href={`/poolers/${one.id}`}>{one.title}</Link>
  if (one.paused === 'all' || one.paused === 'some')
    return (
      <Note
        tone="bad"
        title={
          <>
            {name} is paused{one.paused === 'some' && ' in part'}
          </>
        }
        actions={way('resume-pooler', 'Resume')}
      >
        {one.pausedSince && (
          <>
            First observed <Age at={one.pausedSince} />.{' '}
          </>
        )}
        {clientsWait(one.waiting)} Clients wait without an error until the pooler is resumed.
      </Note>
    )
  if (one.follows === 'stale')
    return (
      <Note tone="bad" title={<>{name} does not point to the primary</>} actions={way('follow-primary', 'Point to the primary')}>
        {one.staleSince && (
          <>
            First observed <Age at={one.staleSince} />.{' '}
          </>
        )}
        It points to <code>{one.target ?? 'nothing'}</code> instead of <code>{one.wanted ?? 'the primary'}</code>.
        {one.because && ` ${one.because}`}
      </Note>
    )
  if (one.state !== 'stopped' && one.state !== 'refused' && one.state !== 'unreachable') return null
  return (
    <Note
      tone="warn"
      title={
        <>
          {name} {one.state === 'stopped' ? 'is stopped' : 'cannot be seen'}
        </>
      }
    >
      {one.because}
    </Note>
  )
}

/** What pauses clients or sends them elsewhere, with the way out of it. Nothing for a pooler that is well. */
export const PoolerAlarms = ({ poolers, mayRun }: { poolers: readonly PoolerAlarm[]; mayRun: MayRun }) =>
  poolers.map((one) => <OneAlarm key={one.id} one={one} mayRun={mayRun} />)
