import Link from 'next/link'
import { State } from '@/components/ui/state'
import { formatAge, formatUtc } from '@/components/ui/time'
import type { TreeLayout, TreeMember } from '@/lib/domain/replication/tree'
import { formatBytes } from '@/lib/domain/values/bytes'
import { lagWords, roleWords } from './words'

const upstreamOf = (member: TreeMember, titles: ReadonlyMap<string, string>): string => {
  if (member.role === 'primary') return 'none: it is a primary'
  const known = member.upstreamId === null ? undefined : titles.get(member.upstreamId)
  if (known) return known
  if (member.upstreamHost === null) return 'not known'
  return member.upstreamPort === null ? member.upstreamHost : `${member.upstreamHost}:${member.upstreamPort}`
}

const slotWords = (member: TreeMember): string =>
  member.slots
    .map((slot) => {
      const retained = slot.retainedBytes === null ? '' : `, keeps ${formatBytes(slot.retainedBytes)}`
      return `${slot.name} (${slot.isActive ? 'active' : 'inactive'}${retained})`
    })
    .join(', ')

/** The tree as text: each member after its upstream, indented by its depth. */
export const TopologyTable = ({ layout, now }: { layout: TreeLayout; now: number | null }) => {
  const titles = new Map(layout.nodes.flatMap((node) => (node.member ? [[node.member.id, node.member.hostname] as const] : [])))
  return (
    <section
      className="topo-scroll"
      aria-label="Members"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard.
      tabIndex={0}
    >
      <table className="topo-table">
        <thead>
          <tr>
            {['Member', 'Role', 'State', 'Follows', 'Lag', 'Sync', 'Timeline', 'Position', 'Slots', 'Seen'].map((head) => (
              <th key={head} scope="col">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {layout.nodes.flatMap(({ key, member, depth }) =>
            member
              ? [
                  <tr key={key}>
                    <th scope="row" style={{ paddingLeft: `${0.6 + depth * 1.25}rem` }}>
                      <Link href={`/instances/${member.id}`} prefetch={false}>
                        {member.hostname}
                      </Link>
                    </th>
                    <td>{roleWords[member.role]}</td>
                    <td>
                      <State tone={member.state === 'online' ? 'good' : 'warn'}>{member.state}</State>
                    </td>
                    <td>{upstreamOf(member, titles)}</td>
                    <td>{member.role === 'standby' ? lagWords(member) : ''}</td>
                    <td>{member.syncState ?? ''}</td>
                    <td>{member.timeline ?? 'not known'}</td>
                    <td>
                      <code>{member.lsn ?? ''}</code>
                    </td>
                    <td>{slotWords(member)}</td>
                    <td title={member.observedAt === null ? undefined : formatUtc(member.observedAt)}>
                      {member.observedAt === null ? 'never' : now === null ? '' : formatAge(member.observedAt, now)}
                    </td>
                  </tr>,
                ]
              : [],
          )}
        </tbody>
      </table>
    </section>
  )
}
