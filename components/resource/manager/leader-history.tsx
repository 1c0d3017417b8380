import { Moment } from '@/components/ui/zone'
import type { LeaderChange } from '@/lib/domain/managers/manager'

/** Changes of the leader as Patroni keeps them, the newest first. */
export const LeaderHistory = ({ history }: { history: readonly LeaderChange[] }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard.
  <section className="overflow-x-auto" tabIndex={0} aria-label="Table: Changes of the leader">
    <table className="sheet" data-density="dense">
      <caption className="p-2 text-left text-ink-2">Changes of the leader</caption>
      <thead>
        <tr>
          <th scope="col">When</th>
          <th scope="col">New leader</th>
          <th scope="col">Why</th>
          <th scope="col" className="n">
            Timeline that ended
          </th>
        </tr>
      </thead>
      <tbody>
        {history.toReversed().map((one) => (
          <tr key={one.timeline}>
            <td>{one.at === null || Number.isNaN(Date.parse(one.at)) ? '' : <Moment at={new Date(one.at).toISOString()} />}</td>
            <td>{one.leader ?? ''}</td>
            <td>{one.reason}</td>
            <td className="n">{one.timeline}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </section>
)
