import { isFault } from '@/lib/kernel/ground/errors'
import type { GatherContext } from '@/lib/kernel/operation/operation'
import type { CanaryDoor, CanaryEndpoint, CanaryPooler, InventoryPooler, PooledDatabase, ReadPorts } from '@/lib/ports'
import { type Place, type Plain, probeTimeoutMs } from './instance'
import { lookTimeoutMs } from './poolers'

/** One canary of one job: made when its facts are gathered, so that every driver knows it. */
export type CanaryFacts = {
  run: string
  /** The members’ own doors, the present primary first: there its schema is made, asked for and dropped. */
  members: Plain<CanaryEndpoint>[]
  /** Through which it writes as a client does; null: through the members’ own doors. */
  door: Plain<CanaryDoor> | null
  /** Why not through a pooler; null: it is through one, or there is none. */
  noDoor: string | null
}

const usualDatabase = 'postgres'
const doorTimeoutMs = 15_000

/** Where a canary writes through the members' own sockets. */
export const canaryFor = (places: readonly Place[]): CanaryFacts => ({
  run: crypto.randomUUID(),
  members: places.map((place) => memberDoor(place, usualDatabase)),
  door: null,
  noDoor: null,
})

const memberDoor = ({ title, address: { host, socketDirectory, port } }: Place, database: string): Plain<CanaryEndpoint> => ({
  title,
  host,
  socketDirectory,
  port,
  database,
})

/** A pooler and those of its databases whose clients are paused while the primary moves: only there a client notices nothing. */
export type HeldPooler = { pooler: InventoryPooler; databases: readonly string[] }

/** The same through the first of these poolers that accepts it and points to the primary. Where none does, it stays as it was, and says why. */
export const throughPooler = async (
  ports: ReadPorts,
  canary: CanaryFacts,
  places: readonly Place[],
  poolers: readonly HeldPooler[],
  systemIdentifier: string | null,
  context: GatherContext,
): Promise<CanaryFacts> => {
  const reasons: string[] = []
  for (const pooler of poolers) {
    try {
      const door = await findDoor(ports, pooler, systemIdentifier, context)
      return { ...canary, members: places.map((place) => memberDoor(place, door.serverDatabase)), door }
    } catch (error) {
      if (context.signal.aborted || !isFault(error)) throw error
      reasons.push(String(error.facts.because ?? error.message))
    }
  }
  return { ...canary, noDoor: reasons.length === 0 ? null : reasons.join(' ') }
}

const refusals: Readonly<Record<string, string>> = {
  right: 'the console’s login may not make a schema there.',
  published: 'a publication of all tables there would carry its rows to subscribers that do not know them.',
}

const maySql = `select case when not has_database_privilege(current_database(), 'create') then 'right'
  when exists (select from pg_publication where puballtables) then 'published' else '' end`

/** Why the console should not make a table of its own where the canary's is to be; null: it may. One that does not say so now fails at the start, before anything is moved. */
export const whyNoCanary = async (
  ports: ReadPorts,
  place: Place,
  { members }: CanaryFacts,
  { signal }: GatherContext,
): Promise<string | null> => {
  const { title, database } = members[0]!
  const options = { database, statementTimeoutMs: probeTimeoutMs, rowsMax: 1, bytesMax: 1_000, signal }
  try {
    const said = (await ports.postgres.query(place.address, maySql, options)).rows[0]?.[0] ?? ''
    return refusals[said] === undefined ? null : `In the database ${database} of ${title} ${refusals[said]}`
  } catch {
    signal.throwIfAborted()
    return null
  }
}

const findDoor = async (
  ports: ReadPorts,
  { pooler: { title, address }, databases }: HeldPooler,
  systemIdentifier: string | null,
  { signal }: GatherContext,
): Promise<CanaryDoor> => {
  const options = { timeoutMs: lookTimeoutMs, signal }
  const [seen, clients, settings] = await Promise.all([
    ports.poolers.look(address, options),
    ports.poolers.clients(address, options),
    ports.poolers.settings(address, options),
  ])
  const users = [...new Set(clients.map(({ user }) => user))]
  const pooler: CanaryPooler = {
    title,
    host: address.host,
    socketDirectory: address.socketDirectory,
    port: address.port,
    authFile: settings.auth_file || null,
    databases: seen.databases.filter((one) => databases.includes(one.name) && isUsable(one)).sort(byUse),
    users: users.sort((a, b) => countOf(clients, b) - countOf(clients, a)),
    systemIdentifier,
  }
  return ports.canary.door(pooler, { timeoutMs: doorTimeoutMs, signal })
}

/** In session mode a canary would hold its server, and with it the pause that it is to watch. */
const isUsable = ({ poolMode, isPaused, isDisabled }: PooledDatabase): boolean => poolMode !== 'session' && !isPaused && !isDisabled

const byUse = (a: PooledDatabase, b: PooledDatabase): number =>
  Number(b.database === usualDatabase) - Number(a.database === usualDatabase) || b.clientsActive - a.clientsActive

const countOf = (clients: readonly { user: string }[], wanted: string): number => clients.filter(({ user }) => user === wanted).length

/** Through what it writes, for the certificate. */
export const sayThrough = ({ door, noDoor, members }: CanaryFacts): string =>
  door === null
    ? `the members’ own sockets, database ${members[0]?.database}${noDoor === null ? '' : ` (not through a pooler: ${noDoor.replace(/\.$/, '')})`}`
    : `${door.title} as ${door.user}, database ${door.database}`
