import Link from 'next/link'
import { runLook } from '@/components/run/shared'
import { EnvironmentBadge, type EnvironmentLook } from '@/components/ui/environment'
import { State } from '@/components/ui/state'
import { Age } from '@/components/ui/zone'
import type { FleetRun } from '@/lib/domain/fleet'
import type { RunState } from '@/lib/kernel/journal'

/** Work that is under way, newest first. */
export const RunningWork = ({
  runs,
  environments,
}: {
  runs: readonly FleetRun[]
  environments: Readonly<Record<string, EnvironmentLook>>
}) => (
  <ul className="fleet-items p-2">
    {runs.map((run) => {
      const [tone, word] = runLook[run.state as RunState]
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
  </ul>
)
