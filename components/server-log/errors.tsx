import { Card } from '@/components/ui/card'
import type { ErrorCount } from '@/lib/domain/server-log/entry'

interface Counted extends ErrorCount {
  /** Of a herd: who had how many of them. */
  members?: readonly { title: string; count: number }[]
}

/** Nothing where there are none. */
export const LogErrors = ({ errors }: { errors: readonly Counted[] }) =>
  errors.length === 0 ? null : (
    <Card title="Errors among them" isFlush>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard. */}
      <section className="relative overflow-x-auto" tabIndex={0} aria-label="Table: errors">
        <table className="sheet" data-density="dense">
          <thead>
            <tr>
              <th scope="col">Code</th>
              <th scope="col">Message</th>
              <th scope="col" className="n">
                Times
              </th>
              {errors[0]!.members && <th scope="col">Members</th>}
              <th scope="col">Last</th>
            </tr>
          </thead>
          <tbody>
            {errors.map((one) => (
              <tr key={`${one.level} ${one.code} ${one.text}`}>
                <td>{one.code ?? one.level}</td>
                <td className="log-shape">{one.text}</td>
                <td className="n">{one.count}</td>
                {one.members && <td>{one.members.map(({ title, count }) => `${title}: ${count}`).join(', ')}</td>}
                <td>{one.lastAt}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </Card>
  )
