import { Card } from '@/components/ui/card'
import { Moment } from '@/components/ui/zone'

export interface ConfigRow {
  id: string
  firstSeenAt: string
  lastSeenAt: string
  runs: readonly { id: string; title: string; by: string }[]
  /** Names of settings that differ from the version before; null: it is the first one that was seen. */
  changed: readonly string[] | null
}

const shownMax = 4
const namesOf = (names: readonly string[]): string =>
  names.length <= shownMax ? names.join(', ') : `${names.slice(0, shownMax).join(', ')} and ${names.length - shownMax} more`

/** The versions of a Patroni cluster's dynamic configuration, the newest first. */
export const ConfigVersions = ({ here, rows }: { here: string; rows: readonly ConfigRow[] }) => (
  <Card title="Versions" isFlush>
    {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard. */}
    <section className="overflow-x-auto" tabIndex={0} aria-label="Table: Versions">
      <table className="sheet" data-density="dense">
        <thead>
          <tr>
            <th scope="col">First seen</th>
            <th scope="col">Last seen</th>
            <th scope="col">Changed</th>
            <th scope="col">Run at that time</th>
            <th scope="col">
              <span className="sr-only">Compare</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ id, firstSeenAt, lastSeenAt, changed, runs }, index) => (
            <tr key={id}>
              <td>
                <Moment at={firstSeenAt} />
              </td>
              <td>
                <Moment at={lastSeenAt} />
              </td>
              <td title={changed?.join(', ')}>{changed === null ? 'First version seen' : namesOf(changed)}</td>
              <td>
                {runs.length === 0
                  ? changed !== null && 'None of this console'
                  : runs.map((run) => (
                      <span key={run.id} className="block">
                        <a href={`/runs/${run.id}`}>{run.title}</a>, {run.by}
                      </span>
                    ))}
              </td>
              <td>{index > 0 && <a href={`${here}?from=${id}`}>Compare</a>}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  </Card>
)
