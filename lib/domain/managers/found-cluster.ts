import { isRecord, list, whole, word } from './found'

/** A member of a Patroni cluster, as its key in the DCS says, or as the REST API does where the DCS could not be asked. */
export interface ClusterMember {
  name: string
  isLeader: boolean
  /** As Patroni writes it: `master` up to Patroni 3, `primary` since 4, `replica`, `sync_standby` … */
  role: string
  state: string
  /** Where its PostgreSQL is reached. */
  host: string | null
  port: number | null
  version: string | null
}

export interface EtcdMember {
  name: string
  urls: readonly string[]
  isLeader: boolean
  version: string | null
  databaseBytes: number | null
}

/** A Patroni cluster as one host can tell of it: its configuration there, its REST API and its DCS. Observed; no password or key is ever part of it. */
export interface FoundCluster {
  /** Its name. */
  scope: string
  /** Of its keys: `/service/`. */
  namespace: string
  configPath: string | null
  /** false: Patroni does not run on that host. */
  isRunning: boolean
  /** Patroni’s own version there; null: it did not say. */
  version: string | null
  /** Name of the member on that host. */
  member: string | null
  dataDirectory: string | null
  port: number | null
  /** Of the member on that host; null: where packages put it. */
  socketDirectory: string | null
  systemIdentifier: string | null
  members: readonly ClusterMember[]
  dcs: { kind: string; endpoints: readonly string[]; members: readonly EtcdMember[]; alarms: readonly string[] } | null
  /** Why the DCS was not read; null: it was. */
  dcsProblem: string | null
  /** Scopes of other Patroni clusters in the same namespace. */
  neighbours: readonly string[]
}

/** A listening part of an HAProxy on the host, as its file says. */
export interface FoundProxy {
  configPath: string
  name: string
  binds: readonly string[]
  /** `address:port`. */
  servers: readonly string[]
}

export interface ClustersSeen {
  clusters: readonly FoundCluster[]
  proxies: readonly FoundProxy[]
  /** Configurations that the SSH user may not read. */
  unreadable: readonly string[]
}

const leading: ReadonlySet<string> = new Set(['leader', 'standby_leader', 'master', 'primary'])
/** By the role as Patroni writes it, in the DCS or in its REST API. */
export const isLeading = (role: string): boolean => leading.has(role)
const words = (value: unknown): string[] => (Array.isArray(value) ? value.flatMap((one) => word(one) ?? []).slice(0, 100) : [])
const path = (value: unknown): string | null => (word(value)?.startsWith('/') ? word(value) : null)
const portOf = (value: unknown): number | null => {
  const port = whole(value)
  return port !== null && port >= 1 && port <= 65_535 ? port : null
}

/** Observed, never trusted: an object as the host sent it; null where it names no cluster. */
export const foundCluster = (found: unknown): FoundCluster | null => {
  if (!isRecord(found)) return null
  const scope = word(found.scope)
  if (scope === null) return null
  const dcs = isRecord(found.dcs) ? found.dcs : null
  const identifier = word(found.systemIdentifier)
  return {
    scope,
    namespace: path(found.namespace) ?? '/service/',
    configPath: path(found.configPath),
    isRunning: found.isRunning === true,
    version: word(found.version),
    member: word(found.member),
    dataDirectory: path(found.dataDirectory)?.replace(/(?<=.)\/+$/, '') ?? null,
    port: portOf(found.port),
    socketDirectory: path(found.socketDirectory),
    systemIdentifier: identifier !== null && /^\d{10,20}$/.test(identifier) ? identifier : null,
    members: list(found.members).flatMap((one) => memberOf(one)),
    dcs:
      dcs === null
        ? null
        : {
            kind: word(dcs.kind) ?? '',
            endpoints: words(dcs.endpoints),
            members: list(dcs.members).map((one) => ({
              name: word(one.name) ?? '',
              urls: words(one.urls),
              isLeader: one.isLeader === true,
              version: word(one.version),
              databaseBytes: whole(one.databaseBytes),
            })),
            alarms: words(dcs.alarms),
          },
    dcsProblem: word(found.dcsProblem),
    neighbours: words(found.neighbours),
  }
}

const memberOf = (one: Record<string, unknown>): ClusterMember[] => {
  const name = word(one.name)
  const role = word(one.role) ?? ''
  if (name === null) return []
  return [
    {
      name,
      isLeader: one.isLeader === true || isLeading(role),
      role,
      state: word(one.state) ?? '',
      host: word(one.host),
      port: portOf(one.port),
      version: word(one.version),
    },
  ]
}

export const foundProxy = (found: unknown): FoundProxy | null => {
  if (!isRecord(found)) return null
  const [name, configPath] = [word(found.name), path(found.configPath)]
  return name === null || configPath === null ? null : { name, configPath, binds: words(found.binds), servers: words(found.servers) }
}
