import Link from 'next/link'
import { runStyle } from '@/components/run/shared'
import { EnvironmentBadge } from '@/components/ui/environment'
import { State } from '@/components/ui/state'
import { Age, Moment } from '@/components/ui/zone'
import type { FleetLock, FleetRun, FleetScheduled } from '@/lib/domain/problems/fleet'
import type { RunState } from '@/lib/kernel/ground/journal'
import type { BadgedEnvironment } from '@/lib/shapes/environment'

/** Work that is under way: what people do outside the console under a herd's lock, then the runs, newest first, then what waits for its time. */
export const RunningWork = ({
  runs,
  locks,
  scheduled,
  environments,
}: {
  runs: readonly FleetRun[]
  locks: readonly FleetLock[]
  /** Those that wait. */
  scheduled: readonly FleetScheduled[]
  environments: Readonly<Record<string, BadgedEnvironment>>
}) => (
  <ul className="fleet-items p-2">
    {locks.map((lock) => (
      <li key={lock.herdId}>
        <State tone="warn">locked</State>
        <Link href={`/herds/${lock.herdId}`} prefetch={false}>
          {lock.title}
        </Link>
        {environments[lock.environmentId] && <EnvironmentBadge environment={environments[lock.environmentId]!} />}
        <span className="text-ink-2">
          by {lock.owner} from {lock.holder}: {lock.reason}
        </span>
        <span className="ml-auto text-ink-2">
          <Age at={lock.since} />
        </span>
      </li>
    ))}
    {runs.map((run) => {
      const [tone, word] = runStyle[run.state as RunState]
      return (
        <li key={run.id}>
          <State tone={tone}>{word}</State>
          <Link href={`/runs/${run.id}`} prefetch={false}>
            {run.title}
          </Link>
          {run.environmentIds.map((id) => environments[id] && <EnvironmentBadge key={id} environment={environments[id]} />)}
          <span className="text-ink-2">
            {run.jobsDone + run.jobsFailed} of {run.jobs} ended{run.jobsFailed > 0 && `, ${run.jobsFailed} failed`}, {run.actorName}
          </span>
          <span className="ml-auto text-ink-2">
            <Age at={run.createdAt} />
          </span>
        </li>
      )
    })}
    {scheduled.map((one) => (
      <li key={one.id}>
        <State tone="info">scheduled</State>
        <Link href={`/scheduled-runs/${one.id}`} prefetch={false}>
          {one.title}
        </Link>
        {one.environmentIds.map((id) => environments[id] && <EnvironmentBadge key={id} environment={environments[id]} />)}
        <span className="text-ink-2">by {one.actorName}</span>
        <span className="ml-auto text-ink-2">
          <Moment at={one.at} />, <Age at={one.at} />
        </span>
      </li>
    ))}
  </ul>
)
