import '../table.css'
import { State } from '@/components/ui/state'
import { formatDuration } from '@/lib/domain/duration'

/** One database of a pooler as its last look left it. */
export interface PooledShown {
  name: string
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

const texts = ['Database', 'Leads to', 'Pool mode', 'State']
const numbers = ['Clients active', 'Waiting', 'Longest wait', 'Servers busy', 'Idle']

/** `isPausedWhole`: a PAUSE of the whole pooler, which marks none of its databases. */
export const PoolerDatabases = ({ databases, isPausedWhole }: { databases: readonly PooledShown[]; isPausedWhole: boolean }) => (
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
      <tbody>
        {databases.map((one) => (
          <tr key={one.name}>
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
        ))}
      </tbody>
    </table>
  </section>
)
