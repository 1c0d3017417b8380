import '../table.css'
import Link from 'next/link'
import { State } from '@/components/ui/state'
import { Age } from '@/components/ui/zone'
import { formatDuration } from '@/lib/domain/values/duration'
import type { PoolerHerd } from '@/lib/shapes/pooler'

/** One database of a pooler as its last look left it. */
export interface PooledShown {
  name: string
  /** The herd that it belongs to; null: it points to no known herd. */
  herdId: string | null
  host: string | null
  port: number
  database: string
  poolMode: string
  isPaused: boolean
  isDisabled: boolean
  clientsActive: number
  clientsWaiting: number
  serversBusy: number
  serversIdle: number
  longestWaitSeconds: number
  /** null: it could not be asked. */
  pace: PaceShown | null
}

interface PaceShown {
  transactionsPerSecond: number
  queriesPerSecond: number
  transactionMicroseconds: number
  queryMicroseconds: number
  waitMicroseconds: number
}

/** What was kept of the last look, if it is one. */
export const pooledIn = (seen: unknown): PooledShown[] =>
  Array.isArray(seen) ? seen.filter((one): one is PooledShown => typeof one === 'object' && one !== null && 'clientsActive' in one) : []

const DatabaseState = ({ one, isPausedWhole }: { one: PooledShown; isPausedWhole: boolean }) =>
  one.isPaused || isPausedWhole ? (
    <State tone="bad">Paused</State>
  ) : one.isDisabled ? (
    <State tone="warn">Closed to new clients</State>
  ) : (
    <State tone="good">Open</State>
  )

const count = new Intl.NumberFormat('en')
const sayMicroseconds = (microseconds: number): string =>
  microseconds < 1e6 ? `${Number((microseconds / 1e3).toPrecision(2))} ms` : formatDuration(microseconds / 1e6)

const texts = ['Database', 'Points to', 'Pool mode', 'State']
const numbers = ['Clients active', 'Waiting', 'Longest wait', 'Servers busy', 'Idle']

const DatabaseRow = ({ one, isPausedWhole }: { one: PooledShown; isPausedWhole: boolean }) => (
  <tr>
    <th scope="row">{one.name}</th>
    <td>
      <code>
        {one.host ?? 'its own host'}:{one.port}
        {one.database === one.name ? '' : `/${one.database}`}
      </code>
    </td>
    <td>{one.poolMode}</td>
    <td>
      <DatabaseState one={one} isPausedWhole={isPausedWhole} />
    </td>
    <td className="n">{one.clientsActive}</td>
    <td className="n">{one.clientsWaiting > 0 ? <State tone="warn">{one.clientsWaiting}</State> : 0}</td>
    <td className="n">{one.longestWaitSeconds > 0 ? formatDuration(Math.ceil(one.longestWaitSeconds)) : '–'}</td>
    <td className="n">{one.serversBusy}</td>
    <td className="n">{one.serversIdle}</td>
  </tr>
)

/** Above the databases of a herd, where there are several herds. */
const HerdRow = ({ herd }: { herd: PoolerHerd | null }) => (
  <tr>
    <th scope="rowgroup" colSpan={texts.length + numbers.length}>
      {herd === null ? (
        'Not a registered herd'
      ) : (
        <>
          <Link href={`/herds/${herd.herdId}`}>{herd.name}</Link>{' '}
          {herd.follows === 'right' ? (
            <State tone="good">Points to the primary</State>
          ) : herd.follows === 'stale' ? (
            <State tone="bad">Points elsewhere</State>
          ) : (
            <State tone="warn">Unknown</State>
          )}{' '}
          {herd.follows === 'stale' && (
            <>
              <code>{herd.target ?? 'nothing'}</code> instead of <code>{herd.wanted ?? 'the primary'}</code>
              {herd.staleSince && (
                <>
                  , first seen so <Age at={herd.staleSince} />
                </>
              )}
              .{' '}
            </>
          )}
          {herd.because}
        </>
      )}
    </th>
  </tr>
)

const groupsOf = (databases: readonly PooledShown[], herds: readonly PoolerHerd[]) =>
  [...herds, null]
    .map((herd) => ({ herd, databases: databases.filter(({ herdId }) => (herdId ?? null) === (herd?.herdId ?? null)) }))
    .filter((group) => group.herd !== null || group.databases.length > 0)

/** `isPausedWhole`: a PAUSE of the whole pooler, which marks none of its databases. Grouped where it serves several herds. */
export const PoolerDatabases = ({
  databases,
  herds,
  isPausedWhole,
}: {
  databases: readonly PooledShown[]
  herds: readonly PoolerHerd[]
  isPausedWhole: boolean
}) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard.
  <section className="overflow-x-auto" tabIndex={0} aria-label="Table: Databases">
    <table className="sheet" data-density="dense">
      <thead>
        <tr>
          {texts.map((text) => (
            <th key={text} scope="col">
              {text}
            </th>
          ))}
          {numbers.map((text) => (
            <th key={text} scope="col" className="n">
              {text}
            </th>
          ))}
        </tr>
      </thead>
      {(herds.length > 1 ? groupsOf(databases, herds) : [{ herd: herds[0] ?? null, databases }]).map((group) => (
        <tbody key={group.herd?.herdId ?? 'none'}>
          {herds.length > 1 && <HerdRow herd={group.herd} />}
          {group.databases.map((one) => (
            <DatabaseRow key={one.name} one={one} isPausedWhole={isPausedWhole} />
          ))}
        </tbody>
      ))}
    </table>
  </section>
)

const paces = ['Transactions', 'Queries', 'Average transaction', 'Average query', 'Client wait']

/** How busy each database was, by PgBouncer's own averages. Nothing while it could not be asked. */
export const PoolerPace = ({ databases }: { databases: readonly PooledShown[] }) => {
  const known = databases.flatMap(({ name, pace }) => (pace ? [{ name, pace }] : []))
  if (known.length === 0) return null
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard.
    <section className="overflow-x-auto" tabIndex={0} aria-label="Table: Averages">
      <table className="sheet" data-density="dense">
        <caption className="p-2 text-left text-ink-2">
          Averages of PgBouncer’s last stats period, a minute unless its file says otherwise. Client wait: time waited for a server
          connection, all of them together.
        </caption>
        <thead>
          <tr>
            <th scope="col">Database</th>
            {paces.map((text) => (
              <th key={text} scope="col" className="n">
                {text}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {known.map(({ name, pace }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td className="n">{count.format(pace.transactionsPerSecond)}/s</td>
              <td className="n">{count.format(pace.queriesPerSecond)}/s</td>
              <td className="n">{sayMicroseconds(pace.transactionMicroseconds)}</td>
              <td className="n">{sayMicroseconds(pace.queryMicroseconds)}</td>
              <td className="n">{sayMicroseconds(pace.waitMicroseconds)} per s</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
