import { type ClustersSeen, isLeading } from '@/lib/domain/managers/found-cluster'
import type { FoundManager } from '@/lib/domain/managers/manager'
import { isObject, type JsonObject } from '@/lib/kernel/ground/json'
import type { PatroniAnswer, PatroniLeader, PatroniRequest } from '@/lib/ports'
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

export const seatsOf = (world: World, cluster: string | null): Map<string, MemoryInstance> =>
  new Map(
    [...world.instances.values()].flatMap((instance) => {
      const { dataDirectory } = instance.inventory.address
      const own = instance.host.managers.find((one) => one.cluster === cluster && one.dataDirectory === dataDirectory)
      return own?.member ? [[own.member, instance] as const] : []
    }),
  )

/** Patroni keeps a slot for each member on whoever leads. */
const follow = (one: MemoryInstance, leader: MemoryInstance, change: Partial<MemoryInstance>): void => {
  Object.assign(one, { ...change, upstreamId: leader.inventory.id })
  if (one.slotName !== null && !leader.slots.includes(one.slotName)) leader.slots.push(one.slotName)
}

/** The old leader shuts down, the candidate has everything, and all of them follow it. */
export const handOver = (world: World, from: MemoryInstance, to: MemoryInstance): void => {
  writeShutdown(world, from)
  from.applied.push('patroni demotes')
  Object.assign(from, { hasStandbySignal: true, ranAsStandby: true, upstreamId: to.inventory.id, clients: 0, activeTransactions: 0 })
  to.walBytes = from.walBytes
  startTimeline(to)
  to.applied.push('patroni promotes')
  Object.assign(to, { upstreamId: null })
  for (const one of world.instances.values())
    if (one.inventory.herdId === to.inventory.herdId && one !== to) follow(one, to, { timeline: to.timeline })
}

export const ledBy = ({ members }: FoundManager, leader: string): FoundManager['members'] =>
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
  const now = world.dcs.get(own.cluster ?? '') ?? {}
  const next = merged(now, body as JsonObject)
  const isChange = JSON.stringify(now) !== JSON.stringify(next)
  // What only wakes a loop is answered before that loop has run; what changes something all of them read at once.
  const isWoken = woken.get(world)?.delete(own.cluster) === true
  if (!isChange) {
    if (isWoken) runLoops(world, own.cluster, now.pause === true)
    woken.set(world, (woken.get(world) ?? new Set()).add(own.cluster))
    return { status: 200, text: configText(world, own) }
  }
  world.dcs.set(own.cluster ?? '', next)
  const isPaused = next.pause === true
  for (const host of world.hosts.values())
    host.managers = host.managers.map((one) => (one.cluster === own.cluster ? { ...one, isPaused } : one))
  runLoops(world, own.cluster, isPaused)
  return { status: 200, text: configText(world, own) }
}

const woken = new WeakMap<World, Set<string | null>>()

const takesWrites = ({ state, hasStandbySignal }: MemoryInstance): boolean => state === 'running' && !hasStandbySignal
const isUp = ({ state, host }: MemoryInstance): boolean => state === 'running' && host.power === 'on'

/**
 * One round of every member's loop, which each change of the configuration wakes. In a pause the leader key leaves a member that is no primary, and a primary takes
 * one that is free. Without a pause whoever holds it is made primary, whatever else takes writes.
 */
const runLoops = (world: World, cluster: string | null, isPaused: boolean): void => {
  const seats = [...seatsOf(world, cluster)].filter(([, { host }]) => host.power === 'on')
  const known = holderIn(world, cluster)
  const held = seats.find(([name]) => name === known)
  const holder = held === undefined ? null : isPaused && !takesWrites(held[1]) ? null : held
  const taker = holder ?? seats.find(([, one]) => takesWrites(one)) ?? (isPaused ? null : mostOf(seats))
  if (taker?.[0] !== known) setHolder(world, cluster, taker?.[0] ?? null)
  if (isPaused || taker === null || taker === undefined) return
  if (!takesWrites(taker[1])) lead(world, taker[1])
  for (const [, one] of seats) if (one !== taker[1]) followTo(one, taker[1])
}

/** The standby that has received most. */
export const mostOf = (seats: readonly (readonly [string, MemoryInstance])[]) =>
  seats.filter(([, one]) => isUp(one)).toSorted((a, b) => b[1].walBytes - a[1].walBytes)[0]

const holderIn = (world: World, cluster: string | null): string | null =>
  [...world.hosts.values()]
    .flatMap(({ managers }) => managers)
    .find((one) => one.cluster === cluster)
    ?.members.find(({ role }) => leads(role))?.name ?? null

const setHolder = (world: World, cluster: string | null, name: string | null): void => {
  for (const host of world.hosts.values())
    host.managers = host.managers.map((one) =>
      one.cluster !== cluster
        ? one
        : { ...one, members: one.members.map((member) => ({ ...member, role: member.name === name ? 'leader' : 'replica' })) },
    )
}

const lead = (world: World, one: MemoryInstance): void => {
  Object.assign(one, { state: 'running', upstreamId: null })
  startTimeline(one)
  one.applied.push('patroni promotes')
  const others = [...world.instances.values()].filter((other) => other !== one && other.systemIdentifier === one.systemIdentifier)
  if (others.some(takesWrites)) world.violations.push(`Patroni has made ${one.inventory.title} a second primary`)
}

export const followTo = (one: MemoryInstance, leader: MemoryInstance): void => {
  if (takesWrites(one)) one.applied.push('patroni demotes')
  follow(one, leader, { state: 'running', hasStandbySignal: true, ranAsStandby: true })
}

export const leaderOf = (world: World, { cluster, isPaused }: FoundManager): PatroniLeader => {
  const name = holderIn(world, cluster)
  const seat = name === null ? undefined : seatsOf(world, cluster).get(name)
  return {
    leader: name,
    holder: name === null ? 'none' : seat !== undefined && takesWrites(seat) ? 'primary' : 'other',
    isPaused: isPaused === true,
  }
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
