import type { ClusterMember, FoundCluster, FoundProxy } from '@/lib/domain/managers/found-cluster'
import { isFault } from '@/lib/kernel/ground/errors'
import { sayWhy } from '@/lib/kernel/ground/fault-text'
import type { GatherContext } from '@/lib/kernel/operation/operation'
import type { ClusterStanding, InventoryServer, NewCluster, ReadPorts } from '@/lib/ports'
import type { Plain } from '../facts/instance'

export type AdoptInput = { cluster: string; herd: string }

type Seen = { name: string; role: string; state: string; isLeader: boolean; address: string }
/** A member and what becomes of it; `problem`: why it cannot be registered. */
export type Seat = Seen & { server: string; isNewServer: boolean; isRegistered: boolean; problem: string | null }

export type AdoptFacts = {
  input: AdoptInput
  server: Plain<InventoryServer>
  cluster: Plain<Omit<FoundCluster, 'members'>> | null
  /** Why there is no cluster to adopt; null: there is. */
  why: string | null
  herd: { name: string; isNew: boolean; problem: string | null } | null
  seats: Seat[]
  /** HAProxies on this host that lead to its members. */
  proxies: Plain<FoundProxy>[]
  /** null: nothing is left to register, or it cannot be. */
  plan: Plain<Omit<NewCluster, 'jobId'>> | null
}

const lookTimeoutMs = 30_000
const hostnamePattern = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i
const isLoopback = (host: string): boolean => /^(localhost|127\.|::1$|0\.0\.0\.0$)/i.test(host)
const isSame = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

export const gatherAdopt = async (ports: ReadPorts, input: AdoptInput, { targetId, signal }: GatherContext): Promise<AdoptFacts> => {
  const server = (await ports.inventory.server(targetId)) as Plain<InventoryServer>
  const none = { input, server, cluster: null, herd: null, seats: [], proxies: [], plan: null }
  const seen = await ports.hosts.patroniClusters(server.address, { timeoutMs: lookTimeoutMs, signal }).catch((error: unknown) => {
    if (signal.aborted || !isFault(error)) throw error
    return sayWhy(error)
  })
  if (typeof seen === 'string') return { ...none, why: seen }
  const cluster = chosen(seen.clusters, input.cluster, seen.unreadable)
  if (typeof cluster === 'string') return { ...none, why: cluster }

  const { members, ...rest } = cluster
  const hosts = members.flatMap(({ host, name }) => (host === null ? [name] : [host, name]))
  const standing = await ports.inventory.clusterStanding(server.environmentId, cluster.systemIdentifier, hosts)
  const herd = await herdFor(ports, input, server, cluster, standing)
  const placed = members.map((member) => placeOf(member, cluster, server, standing))
  const seats = placed.map((one) => one.seat)
  for (const seat of seats)
    if (seat.problem === null && seats.some((other) => other !== seat && isSame(other.server, seat.server)))
      seat.problem = 'another member of it runs on the same server, and a herd has one member a server'
  return {
    input,
    server,
    cluster: rest as Plain<Omit<FoundCluster, 'members'>>,
    why: members.length === 0 ? 'Neither its DCS nor its REST API names a member.' : null,
    herd,
    seats,
    proxies: seen.proxies.filter(({ servers }) => servers.some((one) => hosts.includes(one.replace(/:\d+$/, '')))) as Plain<FoundProxy>[],
    plan: planOf(server, cluster, standing, herd, placed),
  }
}

const chosen = (clusters: readonly FoundCluster[], wanted: string, unreadable: readonly string[]): FoundCluster | string => {
  const hidden = unreadable.length === 0 ? '' : ` The SSH user may not read ${unreadable.join(', ')}.`
  if (clusters.length === 0) return `No Patroni runs or is configured on this host.${hidden}`
  const named = wanted === '' ? clusters : clusters.filter(({ scope, namespace }) => wanted === scope || wanted === `${namespace}${scope}`)
  const [one, ...more] = named
  const scopes = clusters.map(({ namespace, scope }) => `${namespace}${scope}`).join(', ')
  if (one === undefined) return `There is no cluster ${wanted} here, but ${scopes}.${hidden}`
  return more.length === 0 ? one : `There are several: ${scopes}. Name the one to adopt.`
}

const herdFor = async (
  ports: ReadPorts,
  input: AdoptInput,
  { environmentId }: InventoryServer,
  { scope }: FoundCluster,
  standing: ClusterStanding,
): Promise<AdoptFacts['herd']> => {
  if (standing.herd !== null) return { name: standing.herd.name, isNew: false, problem: null }
  const name = input.herd || scope
  const other = await ports.inventory.herdIn(environmentId, name)
  const problem =
    other === null ? null : `The environment has a herd ${other.name} already, and it is another cluster: give the new one a name.`
  return { name, isNew: true, problem }
}

interface Placed {
  member: ClusterMember
  seat: Seat
  /** null: it is to be registered. */
  serverId: string | null
}

/** The server that a member runs on: the one that was looked at, one with its address or that goes by it, or a new one. */
const placeOf = (member: ClusterMember, cluster: FoundCluster, own: InventoryServer, { herd, servers }: ClusterStanding): Placed => {
  const { name, role, state, isLeader, host, port } = member
  const seen = { name, role, state, isLeader, address: host === null ? 'no address' : `${host}:${port ?? 5432}` }
  const isOwn = name === cluster.member
  const known = isOwn
    ? servers.find(({ id }) => id === own.id)
    : servers.find(({ address, hostname }) => host !== null && (isSame(address, host) || isSame(hostname, host)))
  const serverId = isOwn ? own.id : (known?.id ?? null)
  const isTaken = servers.some(({ hostname }) => isSame(hostname, name))
  const title = isOwn ? own.title : (known?.hostname ?? (hostnamePattern.test(name) && !isTaken ? name : (host ?? name)))
  const inHerd = known?.members.some((one) => one.herdId === herd?.id) ?? false
  const taken = known?.members.some((one) => one.herdId !== herd?.id && one.port === (port ?? 5432)) ?? false
  const problem = (): string | null => {
    if (!isOwn && host === null) return 'Patroni gives no address of it'
    if (!isOwn && isLoopback(host!)) return `its address is ${host}, which only its own host reaches: mend postgresql.connect_address there`
    if (known !== undefined && known.environmentId !== own.environmentId) return `${host} is registered as a server of another environment`
    return taken && !inHerd ? `port ${port ?? 5432} of ${title} is registered as a member of another herd` : null
  }
  return { member, serverId, seat: { ...seen, server: title, isNewServer: serverId === null, isRegistered: inHerd, problem: problem() } }
}

const planOf = (
  { environmentId, profile, address }: InventoryServer,
  cluster: FoundCluster,
  standing: ClusterStanding,
  herd: AdoptFacts['herd'],
  placed: readonly Placed[],
): AdoptFacts['plan'] => {
  const fresh = placed.filter(({ seat }) => !seat.isRegistered)
  const { dataDirectory, port, socketDirectory, scope, systemIdentifier } = cluster
  if (herd === null || herd.problem !== null || fresh.length === 0 || fresh.some(({ seat }) => seat.problem !== null)) return null
  if (dataDirectory === null) return null
  const clusterName =
    /\/\d+(?:\.\d+)?\/([^/]+)$/.exec(dataDirectory)?.[1] ?? scope.replaceAll(/[^A-Za-z0-9_.-]/g, '_').replace(/^[.-]/, '_')
  return {
    environmentId,
    herd:
      standing.herd === null
        ? { name: herd.name, clusterName: clusterName.slice(0, 63), port: port ?? 5432, dataDirectory, systemIdentifier }
        : { id: standing.herd.id },
    members: fresh.map(({ member, seat, serverId }) => ({
      server:
        serverId === null
          ? { hostname: seat.server, address: member.host!, port: address.port, user: address.user, profile }
          : { id: serverId },
      port: member.port ?? port ?? 5432,
      dataDirectory,
      socketDirectory,
    })),
  }
}
