import Link from 'next/link'
import '@/components/topology/topology.css'
import { stateTone } from '@/components/topology/words'
import { LinkButton } from '@/components/ui/button'
import { State } from '@/components/ui/state'
import { Age } from '@/components/ui/zone'
import type { ShownCandidate } from '@/lib/domain/replication/candidates'
import { formatBytes } from '@/lib/domain/values/bytes'
import { formatDuration } from '@/lib/domain/values/duration'

const heads = ['Rank', 'Standby', 'Site', 'State', 'Timeline', 'Received to', 'Lag', 'Priority', 'Why', 'Seen', '']

/** Every standby of the herd, in the order in which they would take over, each with the reason for its place. */
export const Candidates = ({
  herdId,
  candidates,
  mayFailOver,
}: {
  herdId: string
  candidates: readonly ShownCandidate[]
  mayFailOver: boolean
}) =>
  candidates.length === 0 ? (
    <p className="body text-ink-2">This herd has no standby.</p>
  ) : (
    <div className="topo-scroll">
      <table className="topo-table">
        <thead>
          <tr>
            {heads.map((head) => (
              <th key={head} scope="col">
                {head === '' ? <span className="sr-only">Action</span> : head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {candidates.map((one) => (
            <tr key={one.id}>
              <td>{one.rank ?? 'none'}</td>
              <th scope="row">
                <Link href={`/instances/${one.id}`} prefetch={false}>
                  {one.title}
                </Link>
              </th>
              <td>{one.site}</td>
              <td>
                <State tone={stateTone(one.state)}>{one.state}</State>
              </td>
              <td>{one.timeline ?? 'not known'}</td>
              <td>
                <code>{one.receivedLsn ?? ''}</code>
              </td>
              <td>{lagOf(one)}</td>
              <td>{one.priority === 0 ? '0: never' : one.priority}</td>
              <td className="min-w-64 whitespace-normal">{one.because}</td>
              <td>{one.observedAt === null ? 'never' : <Age at={one.observedAt} fades />}</td>
              <td>
                {mayFailOver && one.rank !== null && (
                  <LinkButton isSmall href={`/dr-pairs/run/failover?ids=${herdId}&candidate=${one.id}`}>
                    Fail over to this standby
                  </LinkButton>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )

const lagOf = ({ lagBytes, lagSeconds }: ShownCandidate): string =>
  [lagBytes === null ? null : formatBytes(lagBytes), lagSeconds === null ? null : formatDuration(lagSeconds)]
    .filter((part) => part !== null)
    .join(', ') || 'not known'
