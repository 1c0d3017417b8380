import { typePrice } from '@/lib/domain/machines/prices'
import type { OwnCluster } from '@/lib/domain/replication/own-cluster'
import { formatLsn } from '@/lib/domain/values/lsn'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type {
  CallOptions,
  InventoryAct,
  InventoryPooler,
  InventoryRead,
  MemberStanding,
  NewCluster,
  NewMember,
  Replacement,
} from '@/lib/ports'
import { addLaunch, addStandby, dropLaunch, memoryBlueprints, moveMembers, noteRest } from './blueprints'
import { inventoryMachine } from './cloud'
import { probeOf } from './postgres/probe'
import { type Calls, perform } from './world/calls'
import { blankInstance, makeHost } from './world/make-world'
import { idOf, type MemoryInstance, type World } from './world/world'

export const memoryInventory = (world: World): InventoryRead => ({
  ...memoryBlueprints(world),
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
  clusterStanding: async (environmentId, systemIdentifier, wanted) => {
    const members = [...world.instances.values()].filter(({ isRegistered }) => isRegistered)
    const known = [...world.herds.values()].find(
      (herd) =>
        herd.environmentId === environmentId &&
        systemIdentifier !== null &&
        (herd.systemIdentifier === systemIdentifier ||
          members.some((one) => one.inventory.herdId === herd.id && one.systemIdentifier === systemIdentifier)),
    )
    const names = new Set(wanted.map((one) => one.toLowerCase()))
    return {
      herd: known === undefined ? null : { id: known.id, name: known.name, port: known.port, dataDirectory: known.dataDirectory },
      servers: [...world.hosts.values()]
        .filter(({ isUnregistered, server: { address } }) => {
          return !isUnregistered && [address.address, address.hostname].some((one) => names.has(one.toLowerCase()))
        })
        .map(({ server: { id, title, address, environmentId: of } }) => ({
          ...{ id, hostname: title, address: address.address, environmentId: of },
          members: members.flatMap(
            ({
              inventory: {
                serverId,
                herdId,
                address: { port },
              },
            }) => (serverId === id ? [{ herdId, port }] : []),
          ),
        })),
    }
  },
  server: async (id) => {
    const host = [...world.hosts.values()].find((one) => one.server.id === id)
    if (host === undefined) throw new Fault('record.missing')
    return host.server
  },
  serverMachine: async (serverId) => inventoryMachine(world, serverId),
  describedTypes: async () => world.describedTypes,
  typePrices: async ({ region }, types) => types.map((type) => typePrice(region, type, world.priceLists.get(region) ?? null, null)),
  instanceHooks: async () => ({ hooks: world.hooks, entries: world.dnsEntries }),
  serverInstances: async (serverId) =>
    [...world.instances.values()].flatMap(({ inventory: { title, serverId: on } }) => (on === serverId ? [title] : [])).sort(),
  wholeMachine: async (id) => {
    const host = [...world.hosts.values()].find(({ machine }) => machine?.inventory.id === id)
    if (host?.machine == null) throw new Fault('record.missing')
    const { id: serverId, title, environmentId } = host.server
    return {
      ...host.machine.inventory,
      environmentId,
      server: { id: serverId, title },
      instances: [...world.instances.values()].filter((one) => one.isRegistered && one.host === host).map(({ inventory }) => inventory),
      poolers: [...world.poolers.values()]
        .filter(({ inventory }) => inventory.serverId === serverId)
        .map(({ inventory }) => inventory.title),
    }
  },
  cloudAccount: async (id) => {
    const machines = [...world.hosts.values()].flatMap((host) => (host.machine === null ? [] : [{ host, ...host.machine.inventory }]))
    const [first] = machines.filter(({ accountId }) => accountId === id)
    if (first === undefined) throw new Fault('record.missing')
    return {
      ...{
        id,
        title: 'cloud',
        environmentId: first.host.server.environmentId,
        awsAccount: '123456789012',
        machineTags: ['Role=PostgreSQL'],
        looksForRds: true,
        launches: world.launches.blueprints.size > 0,
      },
      regions: [{ region: first.region, instanceId: first.instanceId }],
    }
  },
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
      allowsDrills: world.allowsDrills,
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
    registerCluster: (cluster, options) => act('registerCluster', clusterName(cluster), options, () => addCluster(world, cluster)),
    registerLaunch: (launch, options) => act('registerLaunch', launch.herd.name, options, () => addLaunch(world, launch)),
    registerStandby: (standby, options) => act('registerStandby', standby.member.hostname, options, () => addStandby(world, standby)),
    moveMembers: (moved, options) => act('moveMembers', moved.herdId, options, () => moveMembers(world, moved)),
    noteRest: (rest, options) => act('noteRest', rest.blueprintId, options, () => noteRest(world, rest)),
    forgetLaunch: (launch, options) => act('forgetLaunch', launch.herdId, options, () => dropLaunch(world, launch)),
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

const clusterName = ({ herd }: NewCluster): string => ('id' in herd ? herd.id : herd.name)

/** All of it or nothing, as one transaction. What runs there already becomes registered. */
const addCluster = (world: World, { environmentId, herd, members }: NewCluster): void => {
  const hostOf = ({ server }: NewCluster['members'][number]) =>
    [...world.hosts.values()].find((one) => ('id' in server ? one.server.id === server.id : one.server.address.address === server.address))
  const isTaken = 'name' in herd && [...world.herds.values()].some((one) => one.environmentId === environmentId && one.name === herd.name)
  if (isTaken || members.some((one) => 'address' in one.server && hostOf(one)?.isUnregistered === false))
    throw new Fault('record.duplicate', { because: 'It was registered meanwhile.', isOver: true })
  const hosts = members.map(hostOf)
  if (hosts.includes(undefined)) throw new Fault('record.missing', { isOver: true })
  const id = 'id' in herd ? herd.id : idOf(`${environmentId}/${herd.name}`)
  if ('name' in herd) {
    const { environmentName } = hosts[0]!.server
    const { name, clusterName: baseName, port, dataDirectory, systemIdentifier } = herd
    world.herds.set(id, { id, name, environmentId, environmentName, baseName, port, dataDirectory, systemIdentifier })
  }
  for (const [index, { port, dataDirectory }] of members.entries()) {
    const host = hosts[index]!
    host.isUnregistered = false
    const there = [...world.instances.values()].find(
      ({ host: of, inventory: { address } }) => of === host && address.dataDirectory === dataDirectory,
    )
    const serverId = host.server.id
    const own = there ?? placeOf(world, { id: idOf(`${id} on ${serverId}`), herdId: id, serverId, port, dataDirectory, jobId: '' })
    Object.assign(own.inventory, { herdId: id, herdName: world.herds.get(id)!.name })
    world.instances.set(own.inventory.id, own)
    own.isRegistered = true
    own.applied.push('registered')
  }
}
