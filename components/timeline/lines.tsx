import Link from 'next/link'
import { EmptyState } from '@/components/ui/note'
import { State } from '@/components/ui/state'
import { Moment } from '@/components/ui/zone'
import { formatDuration } from '@/lib/domain/values/duration'
import type { TimelineLine } from '@/lib/shapes/timeline'

const words: Readonly<Record<TimelineLine['kind'], string>> = {
  role: 'role',
  outage: 'state',
  restart: 'restart',
  timeline: 'PostgreSQL timeline',
  run: 'run',
  failover: 'failover',
  certificate: 'certificate',
  change: 'edit',
  setting: 'setting',
  acknowledgement: 'acknowledgement',
  alarm: 'alarm',
}

export const TimelineLines = ({ lines }: { lines: readonly TimelineLine[] }) =>
  lines.length === 0 ? (
    <EmptyState title="Nothing happened like that">Choose other kinds, or a longer time.</EmptyState>
  ) : (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard.
    <section className="relative overflow-x-auto" tabIndex={0} aria-label="Table: timeline">
      <table className="sheet timeline-lines" data-density="dense">
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">Kind</th>
            <th scope="col">Of</th>
            <th scope="col">What</th>
            <th scope="col">Who</th>
            <th scope="col">Duration</th>
          </tr>
        </thead>
        <tbody>
          {lines.map((one) => (
            <tr key={`${one.id} ${one.what}`}>
              <td>
                <Moment at={one.at} />
              </td>
              <td>
                <State tone={one.state}>{words[one.kind]}</State>
              </td>
              <td>{one.title}</td>
              <th scope="row" className="timeline-what">
                {one.href === null ? (
                  one.what
                ) : (
                  <Link href={one.href} prefetch={false}>
                    {one.what}
                  </Link>
                )}
                {one.because !== null && one.because !== '' && <span className="timeline-because">{one.because}</span>}
              </th>
              <td>{one.person}</td>
              <td>{one.seconds !== null ? formatDuration(one.seconds) : one.isOpen ? 'not ended' : ''}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
