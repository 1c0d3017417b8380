import { Fault } from '@/lib/kernel/ground/errors'
import type { PoolerClient, PoolerSeen, ReadPorts } from '@/lib/ports'
import { lookTimeoutMs, type PoolerPlace } from '../../facts/poolers'

/** Milliseconds for one command that PgBouncer answers at once. */
export const commandTimeoutMs = 5_000

/** Throws `step.unknown` when the pooler cannot be seen. */
export const lookAtPooler = async (ports: ReadPorts, { title, address }: PoolerPlace, signal: AbortSignal): Promise<PoolerSeen> => {
  const seen = await ports.poolers.look(address, { timeoutMs: lookTimeoutMs, signal })
  if (seen.state === 'unreachable' || seen.state === 'unknown' || seen.state === 'refused')
    throw new Fault('step.unknown', { because: `${title} is ${seen.state}${seen.because === null ? '' : `: ${seen.because}`}` })
  return seen
}

/** As `lookAtPooler`; one that is stopped takes no command either. */
export const lookAtRunning = async (ports: ReadPorts, pooler: PoolerPlace, signal: AbortSignal): Promise<PoolerSeen> => {
  const seen = await lookAtPooler(ports, pooler, signal)
  if (seen.state === 'stopped') throw new Fault('step.unknown', { because: `${pooler.title} is stopped` })
  return seen
}

/** Who holds a pause up, so that a person can go to them. */
export const sayClients = (clients: readonly PoolerClient[]): string =>
  clients
    .map(
      ({ database, user, address, applicationName, remotePid }) =>
        `${user} from ${address} in ${database}${applicationName === null ? '' : ` (${applicationName})`}${remotePid === null ? '' : `, process ${remotePid} of the server`}`,
    )
    .join('; ')

/** Clients that hold a server connection of a database. Nothing when they cannot be asked for: it only names what is known otherwise. */
export const blockersOf = async (
  ports: ReadPorts,
  { address }: PoolerPlace,
  databases: readonly string[],
  signal: AbortSignal,
): Promise<PoolerClient[]> => {
  try {
    const clients = await ports.poolers.clients(address, { timeoutMs: commandTimeoutMs, signal })
    return clients.filter(({ database, remotePid }) => remotePid !== null && databases.includes(database))
  } catch {
    return []
  }
}
