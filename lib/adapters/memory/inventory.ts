import type { OwnCluster } from '@/lib/domain/replication/own-cluster'
import { formatLsn } from '@/lib/domain/values/lsn'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { CallOptions, InventoryAct, InventoryPooler, InventoryRead, MemberStanding, NewMember, Replacement } from '@/lib/ports'
import { inventoryMachine } from './cloud'
import { probeOf } from './postgres/probe'
import { type Calls, perform } from './world/calls'
import { blankInstance, makeHost } from './world/make-world'
import type { MemoryInstance, World } from './world/world'

export const memoryInventory = (world: World): InventoryRead => ({
  instance: async (id) => {
    const instance = world.instances.get(id)
    if (instance?.isRegistered !== true) throw new Fault('record.missing')
    return instance.inventory
  },
  herdInstances: async (herdId) =>
    [...world.instances.values()]
      .filter((one) => one.isRegistered)
      .map((one) => one.inventory)
      .filter((one) => one.herdId === herdId)
      .sort((a, b) => (a.title < b.title ? -1 : 1)),
  herdIn: async (environmentId, idOrName) => {
    const there = [...world.herds.values()].filter((one) => one.environmentId === environmentId)
    const named = idOrName.toLowerCase()
    return there.find(({ id }) => id === idOrName) ?? there.find(({ name }) => name.toLowerCase() === named) ?? null
  },
  server: async (id) => {
    const host = [...world.hosts.values()].find((one) => one.server.id === id)
    if (host === undefined) throw new Fault('record.missing')
    return host.server
  },
  serverMachine: async (serverId) => inventoryMachine(world, serverId),
  serverInstances: async (serverId) =>
    [...world.instances.values()].flatMap(({ inventory: { title, serverId: on } }) => (on === serverId ? [title] : [])).sort(),
  name: async (id) => {
    const name = world.names.get(id)
    if (name === undefined) throw new Fault('record.missing')
    return name
  },
  herdNames: async (herdId) =>
    [...world.names.values()]
      .filter((one) => one.herdId === herdId)
      .sort((a, b) => (a.title < b.title || (a.title === b.title && a.type < b.type) ? -1 : 1)),
  zone: async (id) => {
    const zone = world.zones.get(id)
    if (zone === undefined) throw new Fault('record.missing')
    return zone.inventory
  },
  pooler: async (id) => {
    const pooler = world.poolers.get(id)
    if (pooler === undefined) throw new Fault('record.missing')
    return pooler.inventory
  },
  herdPoolers: async (herdId) =>
    [...world.poolers.values()]
      .map((one) => one.inventory)
      .filter(({ herds }) => herds.some(({ id }) => id === herdId))
      .sort((a, b) => (a.title < b.title ? -1 : 1)),
  herdStanding: async (herdId) => {
    const members = [...world.instances.values()]
      .filter((one) => one.isRegistered && one.inventory.herdId === herdId)
      .sort((a, b) => (a.inventory.title < b.inventory.title ? -1 : 1))
    const herd = world.herds.get(herdId)
    if (herd === undefined) throw new Fault('record.missing')
    return {
      herdId,
      name: herd.name,
      environmentId: herd.environmentId,
      environmentName: herd.environmentName,
      preferredSite: '',
      systemIdentifier: members[0]?.systemIdentifier ?? null,
      members: members.map((one) => ({
        id: one.inventory.id,
        site: '',
        failoverPriority: one.failoverPriority,
        ...lastSeen(world, one),
        isReported: false,
        isUnreachable: false,
        replaced: one.replaced,
      })),
    }
  },
  ownCluster: async () => ownCluster(world),
})

const elsewhere: OwnCluster = {
  systemIdentifier: '6',
  startedAt: null,
  doors: [],
  from: null,
  herds: [],
  synchronousNames: '',
  standbys: [],
}

/** As its own server sees it, whatever the console can reach of its host. */
const ownCluster = (world: World): OwnCluster => {
  const on = world.consoleOn === null ? undefined : world.instances.get(world.consoleOn)
  if (on === undefined) return elsewhere
  const { host, port } = on.inventory.address
  return {
    systemIdentifier: on.systemIdentifier,
    startedAt: on.startedAt,
    doors: [world.consoleThrough ?? { host: host.address, port }, { host: host.address, port }],
    from: null,
    herds: [on.inventory.herdId],
    synchronousNames: on.active.synchronous_standby_names ?? '',
    standbys: probeOf(world, on).standbys.map(({ applicationName, clientAddress }) => ({ name: applicationName, address: clientAddress })),
  }
}

/** The twin's observer has always looked just now. */
const lastSeen = (world: World, one: MemoryInstance): Pick<MemberStanding, 'lastRole' | 'lastTimeline' | 'lastLsn' | 'seenAt'> =>
  one.wasSeen
    ? {
        lastRole: one.hasStandbySignal ? 'standby' : 'primary',
        lastTimeline: one.timeline,
        lastLsn: formatLsn(BigInt(one.walBytes)),
        seenAt: world.clock.now().toISOString(),
      }
    : { lastRole: 'unknown', lastTimeline: null, lastLsn: null, seenAt: null }

/** The metadata database is no host of the fleet: it answers whatever is off. */
const metadata = makeHost('console', 'metadata')

/** It fails in its own words; a lost connection and silence leave open what happened. */
const asDatabase = (error: unknown): unknown =>
  isFault(error, 'shell.timeout')
    ? new Fault('database.down', { because: 'The metadata database did not answer.', ...(error.facts.isOver ? { isOver: true } : {}) })
    : error

export const memoryInventoryAct = (world: World, calls: Calls): InventoryAct => {
  const act = async <T>(name: string, id: string, options: CallOptions, action: () => T): Promise<T> => {
    const target = world.instances.get(id)?.inventory.title ?? world.poolers.get(id)?.inventory.title ?? id
    try {
      return await perform(calls, world.clock, metadata, { act: name, target }, options, action)
    } catch (error) {
      throw asDatabase(error)
    }
  }
  const registered = (id: string) => {
    const instance = world.instances.get(id)
    if (instance?.isRegistered !== true) throw new Fault('record.missing')
    return instance
  }
  const findPooler = (id: string) => {
    const pooler = world.poolers.get(id)
    if (pooler === undefined) throw new Fault('record.missing')
    return pooler
  }
  const set = (name: string, id: string, replaced: Replacement | null, options: CallOptions) =>
    act(name, id, options, () => {
      registered(id).replaced = replaced
    })
  return {
    replace: (id, by, options) => set('replace', id, by, options),
    restore: (id, options) => set('restore', id, null, options),
    register: (member, options) =>
      act('register', member.id, options, () => {
        const place = placeOf(world, member)
        const isTaken = [...world.instances.values()].some(
          (one) =>
            one !== place && one.isRegistered && one.inventory.herdId === member.herdId && one.inventory.serverId === member.serverId,
        )
        if (isTaken) throw new Fault('record.duplicate', { because: 'The herd already has another member on that server.', isOver: true })
        world.instances.set(member.id, place)
        place.isRegistered = true
      }),
    unregister: (id, options) =>
      act('unregister', id, options, () => {
        const instance = world.instances.get(id)
        if (instance !== undefined) instance.isRegistered = false
      }),
    claimPooler: (id, options) =>
      act('claim', id, options, () => {
        const pooler = findPooler(id)
        pooler.claimed += 1
        return pooler.claimed
      }),
    managePooler: (id, template, options) =>
      act('manage', id, options, () => {
        const { inventory } = findPooler(id)
        Object.assign(inventory, {
          template,
          isManaged: template !== null,
          herds: [...inventory.herds, ...namedIn(world, inventory, template)],
        })
      }),
  }
}

/** Herds that a template names and the pooler did not serve yet: `{{host:orders}}`. */
const namedIn = (world: World, { environmentId, herds }: InventoryPooler, template: string | null): InventoryPooler['herds'] =>
  [...world.herds.values()]
    .filter((herd) => herd.environmentId === environmentId && !herds.some(({ id }) => id === herd.id))
    .filter(({ name }) => template?.includes(`:${name}}}`))
    .map(({ id, name }) => ({ id, name }))

/** What is made there already, or a place in which nothing lies yet. */
const placeOf = (world: World, { id, herdId, serverId, port, dataDirectory }: NewMember): MemoryInstance => {
  const herd = world.herds.get(herdId)
  const host = [...world.hosts.values()].find(({ server }) => server.id === serverId)
  if (herd === undefined || host === undefined) throw new Fault('record.missing')
  const found = world.instances.get(id)
  if (found !== undefined) return found
  return blankInstance(world, host, {
    instanceId: id,
    herdId,
    host: host.server.address,
    clusterName: herd.baseName,
    major: '15',
    port,
    dataDirectory,
    socketDirectory: '/var/run/postgresql',
    profile: 'debian',
    binDirectory: null,
  })
}
