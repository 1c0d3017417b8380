import { type ClustersSeen, isLeading } from '@/lib/domain/managers/found-cluster'
import type { FoundManager } from '@/lib/domain/managers/manager'
import { isObject, type JsonObject } from '@/lib/kernel/ground/json'
import type { PatroniAnswer, PatroniRequest } from '@/lib/ports'
import { startTimeline, writeShutdown } from './world/wal'
import type { MemoryHost, MemoryInstance, World } from './world/world'

const leads = (role: string): boolean => role === 'leader'

/** Patroni's REST API, as unforgiving as the real one. */
export const answerPatroni = (world: World, own: FoundManager, request: PatroniRequest): PatroniAnswer => {
  if (request.path === '/restart') {
    const member = seatsOf(world, own.cluster).get(own.member ?? '')
    if (member === undefined || member.state !== 'running') return { status: 503, text: 'restart failed' }
    Object.assign(member, {
      pid: member.pid + 1000,
      startedAt: world.clock.stamp(),
      clients: 0,
      activeTransactions: 0,
      active: { ...member.files },
    })
    member.applied.push('patroni restarts')
    return { status: 200, text: 'restarted successfully' }
  }
  if (request.path === '/reload') {
    seatsOf(world, own.cluster)
      .get(own.member ?? '')
      ?.applied.push('patroni reloads')
    return { status: 202, text: 'reload scheduled' }
  }
  if (request.path === '/reinitialize') return reinitialize(world, own)
  if (request.path === '/config') return configure(world, own, request)
  if (request.path !== '/switchover') return { status: 501, text: 'the twin does not know this' }
  const { leader, candidate } = request.body
  const now = own.members.find(({ role }) => leads(role))?.name
  if (now !== leader) return { status: 412, text: 'leader name does not match' }
  if (!own.members.some(({ name }) => name === candidate)) return { status: 412, text: 'candidate does not exists' }
  const seats = seatsOf(world, own.cluster)
  const [from, to] = [seats.get(String(leader)), seats.get(String(candidate))]
  if (from === undefined || to === undefined || to.state !== 'running') return { status: 412, text: 'no good candidates have been found' }
  handOver(world, from, to)
  for (const host of world.hosts.values())
    host.managers = host.managers.map((one) => (one.cluster === own.cluster ? { ...one, members: ledBy(one, String(candidate)) } : one))
  return { status: 200, text: `Successfully switched over to "${candidate}"` }
}

const seatsOf = (world: World, cluster: string | null): Map<string, MemoryInstance> =>
  new Map(
    [...world.instances.values()].flatMap((instance) => {
      const { dataDirectory } = instance.inventory.address
      const own = instance.host.managers.find((one) => one.cluster === cluster && one.dataDirectory === dataDirectory)
      return own?.member ? [[own.member, instance] as const] : []
    }),
  )

/** The old leader shuts down, the candidate has everything, and all of them follow it. */
const handOver = (world: World, from: MemoryInstance, to: MemoryInstance): void => {
  writeShutdown(world, from)
  from.applied.push('patroni demotes')
  Object.assign(from, { hasStandbySignal: true, ranAsStandby: true, upstreamId: to.inventory.id, clients: 0, activeTransactions: 0 })
  to.walBytes = from.walBytes
  startTimeline(to)
  to.applied.push('patroni promotes')
  Object.assign(to, { upstreamId: null })
  for (const one of world.instances.values())
    if (one.inventory.herdId === to.inventory.herdId && one !== to)
      Object.assign(one, { upstreamId: to.inventory.id, timeline: to.timeline })
}

const ledBy = ({ members }: FoundManager, leader: string): FoundManager['members'] =>
  members.map((one) => ({ ...one, role: one.name === leader ? 'leader' : 'replica', timeline: (one.timeline ?? 1) + 1 }))

/** Taken by the leader's copy at once. */
const reinitialize = (world: World, own: FoundManager): PatroniAnswer => {
  const leader = own.members.find(({ role }) => leads(role))?.name
  if (leader === undefined) return { status: 503, text: 'Cluster has no leader, can not reinitialize' }
  if (leader === own.member) return { status: 503, text: 'I am the leader, can not reinitialize' }
  const seats = seatsOf(world, own.cluster)
  const [from, member] = [seats.get(leader), seats.get(own.member ?? '')]
  if (from === undefined || member === undefined) return { status: 503, text: 'failed to acquire the copy' }
  Object.assign(member, {
    pid: member.pid + 1000,
    startedAt: world.clock.stamp(),
    state: 'running',
    clients: 0,
    activeTransactions: 0,
    hasStandbySignal: true,
    ranAsStandby: true,
    upstreamId: from.inventory.id,
    timeline: from.timeline,
    walBytes: from.walBytes,
  })
  member.applied.push('patroni reinitializes')
  return { status: 200, text: 'reinitialize started' }
}

/** As Python writes it. */
export const configText = (world: World, { cluster }: FoundManager): string =>
  JSON.stringify(world.dcs.get(cluster ?? '') ?? {}).replaceAll('":', '": ')

const configure = (world: World, own: FoundManager, { body, whileConfigIs }: PatroniRequest): PatroniAnswer => {
  if (whileConfigIs !== undefined && whileConfigIs !== configText(world, own))
    return { status: 409, text: 'the configuration was changed by somebody else meanwhile' }
  const next = merged(world.dcs.get(own.cluster ?? '') ?? {}, body as JsonObject)
  world.dcs.set(own.cluster ?? '', next)
  for (const host of world.hosts.values())
    host.managers = host.managers.map((one) => (one.cluster === own.cluster ? { ...one, isPaused: next.pause === true } : one))
  return { status: 200, text: JSON.stringify(next) }
}

/** null deletes, an object is merged, and all else replaces. */
const merged = (now: JsonObject, patch: JsonObject): JsonObject => {
  const next = { ...now }
  for (const [key, value] of Object.entries(patch)) {
    const there = next[key]
    if (value === null || value === undefined) delete next[key]
    else next[key] = isObject(value) ? merged(isObject(there) ? there : {}, value) : value
  }
  return next
}

/** As the host's own Patroni and one etcd say. */
export const clustersOn = (world: World, { managers, server }: MemoryHost): ClustersSeen => ({
  clusters: managers.flatMap(({ kind, state, cluster, configPath, version, member, dataDirectory, members, dcs }) => {
    if (kind !== 'patroni' || state === 'trace' || cluster === null) return []
    const own = [...world.instances.values()].find(({ inventory: { serverId, address } }) => {
      return serverId === server.id && address.dataDirectory === dataDirectory
    })
    return [
      {
        scope: cluster,
        namespace: '/service/',
        configPath,
        isRunning: state === 'running',
        version,
        member,
        dataDirectory,
        port: own?.inventory.address.port ?? 5432,
        socketDirectory: null,
        systemIdentifier: own?.systemIdentifier ?? null,
        members: members.map(({ name, role, state, port }) => ({
          name,
          role,
          state,
          port,
          isLeader: isLeading(role),
          host: world.hosts.get(name)?.server.address.address ?? null,
          version,
        })),
        dcs: {
          kind: dcs ?? 'etcd3',
          endpoints: ['https://10.0.0.9:2379'],
          members: [{ name: 'etcd1', urls: ['https://10.0.0.9:2379'], isLeader: true, version: '3.4.23', databaseBytes: 20_480 }],
          alarms: [],
        },
        dcsProblem: null,
        neighbours: [],
      },
    ]
  }),
  proxies: [],
  unreadable: [],
})
