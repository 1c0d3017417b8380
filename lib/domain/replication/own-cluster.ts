import { synchronousAmong, synchronousCount } from './synchronous-names'

/** The cluster that holds the console's own database, as the console's own connection sees it now. */
export interface OwnCluster {
  /** null: it does not disclose one. */
  systemIdentifier: string | null
  /** ISO time of its postmaster's start: tells it from a copy of it. null: it does not say. */
  startedAt: string | null
  /** Where it is reached, as DATABASE_URL says first, and then as the server itself does, where it does; hosts in lower case. */
  doors: { host: string; port: number }[]
  /** Where the server sees the console's connection come from; null: a socket, or not told. */
  from: string | null
  /** Ids of herds that a member of it was last seen in. */
  herds: string[]
  synchronousNames: string
  /** Its standbys, by application_name; `address` null: not told. null: it does not say who streams. */
  standbys: { name: string; address: string | null }[] | null
}

/** A server, as far as it matters whether the console's own database is on it. Hosts in lower case. */
export interface ServerBeside {
  hosts: readonly string[]
  port: number
  systemIdentifier: string | null
  isDown: boolean
  role: 'primary' | 'standby' | 'unknown'
  /** ISO time; null: not known. */
  startedAt: string | null
}

/**
 * itself: what the console writes to, or it cannot be told from it. door: it has that one's address, and one of them discloses no identifier. standby, down:
 * another member of that cluster. copy: has its identifier, takes writes, and is another server. unknown: one of them discloses no identifier.
 */
export type OwnRelation = 'itself' | 'door' | 'standby' | 'down' | 'copy' | 'elsewhere' | 'unknown'

export const relationToOwn = (own: OwnCluster, server: ServerBeside): OwnRelation => {
  if (own.systemIdentifier === null || server.systemIdentifier === null)
    return own.doors.some(({ host, port }) => port === server.port && server.hosts.includes(host)) ? 'door' : 'unknown'
  if (own.systemIdentifier !== server.systemIdentifier) return 'elsewhere'
  // The console's own server answers it at this moment.
  if (server.isDown) return 'down'
  if (server.role === 'standby') return 'standby'
  const isOther = own.startedAt !== null && server.startedAt !== null && own.startedAt !== server.startedAt
  return server.role === 'primary' && isOther ? 'copy' : 'itself'
}

/** How many standbys each commit of the console's own database waits for, and how many of those there surely are without this one. */
export const awaitedWithout = ({ synchronousNames, standbys }: OwnCluster, hosts: readonly string[]): { needed: number; left: number } => {
  const needed = synchronousCount(synchronousNames)
  if (standbys === null) return { needed, left: 0 }
  const counting = (some: typeof standbys) =>
    synchronousAmong(
      synchronousNames,
      some.map(({ name }) => name),
    ).length
  const others = standbys.filter(({ address }) => address === null || !hosts.includes(address.toLowerCase()))
  // Where it cannot be told which of them it is, it may be any.
  return { needed, left: others.length < standbys.length ? counting(others) : Math.max(0, counting(standbys) - 1) }
}

/** A pooler, as far as it matters whether the console's own connection goes through it. Hosts in lower case. */
export interface PoolerBeside {
  hosts: readonly string[]
  port: number
  /** Ids of the herds that it is in front of. */
  herds: readonly string[]
}

/**
 * named: DATABASE_URL names it. likely: it is in front of the console's own cluster and has the port of DATABASE_URL, by whatever name that says. unknown: it is in
 * front of that cluster, something else than the server is named, and it may be this or another pooler.
 */
export const wayToOwn = ({ doors, from, herds }: OwnCluster, pooler: PoolerBeside): 'named' | 'likely' | 'unknown' | 'elsewhere' => {
  const [named, server] = doors
  if (named === undefined) return 'elsewhere'
  if (named.port === pooler.port && pooler.hosts.includes(named.host)) return 'named'
  if (server?.port === named.port || !pooler.herds.some((herd) => herds.includes(herd))) return 'elsewhere'
  const mayComeFrom = from === null || isLoopback(from) || pooler.hosts.includes(from)
  return named.port === pooler.port && mayComeFrom ? 'likely' : 'unknown'
}

const isLoopback = (address: string): boolean => address === '::1' || address.startsWith('127.')
