import type { MaintainedIndex, MaintainedTable } from '@/lib/domain/maintenance/work'
import type { Following, HostAddress, InstanceAddress, InventoryHerd, SqlGrid } from '@/lib/ports'
import type { MemoryClock } from './clock'
import { noLaunches } from './launches'
import { noStacks } from './stacks'
import { type HerdShape, idOf, type MemoryHost, type MemoryInstance, type World } from './world'

export const buildWorld = (clock: MemoryClock, herds: readonly HerdShape[]): World => {
  const world: World = {
    clock,
    stacks: noStacks(),
    launches: noLaunches(),
    hosts: new Map(),
    herds: new Map(),
    instances: new Map(),
    stanzas: new Map(),
    zones: new Map(),
    names: new Map(),
    canaries: new Map(),
    drills: new Map(),
    allowsDrills: true,
    drillDatabases: new Map(),
    dcs: new Map(),
    etcd: new Map(),
    snapshots: new Map(),
    canaryTables: new Set(),
    readers: new Map(),
    poolers: new Map(),
    scripts: new Map(),
    scripted: [],
    hooks: [],
    dnsEntries: [],
    denied: new Set(),
    priceLists: new Map(),
    describedTypes: {},
    exhausted: new Set(),
    work: () => ({}),
    sql: oneRow,
    consoleOn: null,
    consoleThrough: null,
    violations: [],
  }
  for (const herd of herds) {
    const registered = herdOf(herd)
    world.herds.set(registered.id, registered)
    for (const [index, hostname] of herd.hosts.entries()) {
      const host = world.hosts.get(hostname) ?? makeHost(herd.environment, hostname)
      world.hosts.set(hostname, host)
      const instance = makeInstance(clock, herd, host, index)
      world.instances.set(instance.inventory.id, instance)
    }
  }
  return world
}

const oneRow = (): SqlGrid => ({ columns: ['?column?'], rows: [['1']], rowCount: 1, isCut: false, command: 'SELECT', tookMs: 1 })

export const makeHost = (environment: string, hostname: string): MemoryHost => ({
  server: {
    id: idOf(hostname),
    title: hostname,
    environmentId: idOf(environment),
    environmentName: environment,
    profile: 'debian',
    address: addressOf(environment, hostname),
  },
  power: 'on',
  majors: ['15'],
  passwords: new Set(['replicator']),
  directories: new Set(),
  work: new Map(),
  machine: null,
  managers: [],
  areHidden: false,
  isUnregistered: false,
  boots: 1,
  packages: new Map([['postgresql-15', { installed: '15.18-1', candidate: '15.18-1', isHeld: false }]]),
  aptSays: '',
})

const herdOf = ({ environment, name, port }: HerdShape): InventoryHerd => ({
  id: idOf(`${environment}/${name}`),
  name,
  environmentId: idOf(environment),
  environmentName: environment,
  baseName: name,
  port: port ?? 5432,
  dataDirectory: `/var/lib/postgresql/15/${name}`,
  systemIdentifier: null,
})

const slotOf = (hostname: string) => hostname.replaceAll(/[^a-z0-9_]/g, '_')

const followingOf = (environment: string, upstream: string, port: number, hostname: string): Following => ({
  conninfo: { host: addressOf(environment, upstream).address, port: String(port), user: 'replicator', application_name: slotOf(hostname) },
  slotName: slotOf(hostname),
})

const makeInstance = (clock: MemoryClock, herd: HerdShape, host: MemoryHost, index: number): MemoryInstance => {
  const title = `${herd.name} on ${host.server.title}`
  const herdId = idOf(`${herd.environment}/${herd.name}`)
  const port = herd.port ?? 5432
  const settings = { work_mem: '4MB', shared_buffers: '128MB', max_connections: '100' }
  const startedAt = clock.stamp()
  return {
    inventory: {
      id: idOf(title),
      title,
      environmentId: idOf(herd.environment),
      environmentName: herd.environment,
      herdId,
      herdName: herd.name,
      serverId: host.server.id,
      systemIdentifier: `7${BigInt(`0x${herdId.slice(0, 8)}`)}`,
      address: {
        instanceId: idOf(title),
        herdId,
        host: host.server.address,
        clusterName: herd.name,
        major: '15',
        port,
        dataDirectory: `/var/lib/postgresql/15/${herd.name}`,
        socketDirectory: '/var/run/postgresql',
        profile: 'debian',
        binDirectory: null,
      },
    },
    host,
    state: 'running',
    hasStandbySignal: index > 0,
    ranAsStandby: index > 0,
    refusesLogin: false,
    startProblem: null,
    version: '15.18',
    systemIdentifier: `7${BigInt(`0x${herdId.slice(0, 8)}`)}`,
    timeline: 1,
    pid: 1000 + index,
    startedAt,
    confLoadedAt: startedAt,
    active: { ...settings },
    files: { ...settings },
    altered: {},
    fileProblems: [],
    walBytes: 0x3000148,
    checkpointBytes: 0x3000060,
    forks: [],
    upstreamId: index > 0 ? idOf(`${herd.name} on ${herd.hosts[0]}`) : null,
    slotName: index > 0 ? slotOf(host.server.title) : null,
    following: index > 0 ? followingOf(herd.environment, herd.hosts[0]!, port, host.server.title) : null,
    holdsPassword: false,
    copy: null,
    refusesRewind: null,
    tails: new Map(),
    isRewinding: false,
    inPlaceKey: null,
    isAtTarget: false,
    refusesInPlace: null,
    freeBytes: 2 ** 40,
    slots: index > 0 ? [] : herd.hosts.slice(1).map(slotOf),
    isCut: false,
    receiver: 'reads',
    failoverPriority: 100,
    wasSeen: true,
    replaced: null,
    isRegistered: true,
    made: null,
    roles: new Set(),
    readerLines: null,
    activeReaderLines: null,
    clients: 0,
    activeTransactions: 0,
    sessions: [],
    tables: [orders()],
    indexes: [someIndex(16_410, 'orders_pkey', { isConstraint: true }), someIndex(16_411, 'orders_total_idx', { isValid: false })],
    applied: [],
    transactions: new Map(),
    databaseBytes: 30_000_000,
  }
}

const orders = (): MaintainedTable => ({
  ...{ oid: 16_400, schema: 'public', name: 'orders', bytes: 400_000_000, liveRows: 900_000, deadRows: 100_000, age: 50_000_000 },
  ...{ vacuumedAt: null, analyzedAt: null, autovacuumedAt: null, autoanalyzedAt: null },
})

const someIndex = (oid: number, name: string, otherwise: Partial<MaintainedIndex> = {}): MaintainedIndex => ({
  ...{ oid, schema: 'public', name, table: 'public.orders', bytes: 60_000_000, neededBytes: 20_000_000, isValid: true },
  ...{ isLeftover: false, isBuilding: false, isConstraint: false, isExclusion: false },
  ...otherwise,
})

/** Nothing yet, where a member of the herd may come to be. */
export const blankInstance = (world: World, host: MemoryHost, address: InstanceAddress): MemoryInstance => {
  // Of a herd that is not registered yet, its host tells where it is.
  const herd = world.herds.get(address.herdId) ?? { name: address.clusterName, environmentName: host.server.environmentName }
  const shape = { environment: herd.environmentName, name: herd.name, hosts: [host.server.title], port: address.port }
  const made = makeInstance(world.clock, shape, host, 0)
  const { title } = made.inventory
  const inventory = { ...made.inventory, id: address.instanceId, title, systemIdentifier: null, address }
  return { ...made, inventory, state: 'absent', wasSeen: false, isRegistered: false }
}

const addressOf = (environment: string, hostname: string): HostAddress => ({
  serverId: idOf(hostname),
  environmentId: idOf(environment),
  hostname,
  address: `10.0.0.${(Number.parseInt(idOf(hostname).slice(0, 2), 16) % 250) + 1}`,
  port: 22,
  user: 'postgres',
  hostKey: `SHA256:${hostname}`,
})
