import type { ActPorts } from '@/lib/ports'
import { memoryCanaryAct, memoryCanaryRead } from './canary'
import { machineFor, memoryCloudAct, memoryCloudRead } from './cloud'
import { memoryClustersAct, memoryClustersRead } from './clusters'
import { memoryCopiesAct, memoryCopiesRead } from './copies/copies'
import { memoryDrillAct, memoryDrillRead } from './drill'
import { memoryEtcdAct, memoryEtcdRead } from './etcd'
import { memoryHostsAct, memoryHostsRead } from './hosts'
import { memoryInventory, memoryInventoryAct } from './inventory'
import { addNames, memoryNamesAct, memoryNamesRead } from './names'
import { addPoolers, memoryPoolersAct, memoryPoolersRead } from './poolers/poolers'
import { memoryActivityAct, memoryActivityRead } from './postgres/activity'
import { memoryHealth } from './postgres/health'
import { memoryMaintenanceAct, memoryMaintenanceRead } from './postgres/maintenance'
import { memoryParametersAct } from './postgres/parameters'
import { memoryPostgresAct, memoryPostgresRead } from './postgres/postgres'
import { memoryReadersAct, memoryReadersRead } from './postgres/readers'
import { memoryReplicationAct, memoryReplicationRead } from './postgres/replication'
import { memoryServerLog } from './postgres/server-log'
import { memoryServerSettings } from './postgres/server-settings'
import { memoryStatements } from './postgres/statements'
import { memoryScriptsAct, memoryScriptsRead } from './scripts'
import { memoryStacksAct, memoryStacksRead } from './stacks'
import { memoryWorkAct, memoryWorkRead } from './work'
import type { Calls } from './world/calls'
import { type MemoryClock, virtualClock } from './world/clock'
import { buildWorld, makeHost } from './world/make-world'
import type { HerdShape, MemoryHost, MemoryInstance, MemoryPooler, MemoryZone, World } from './world/world'

export { heldIn, putRecords } from './names'
export { settleDeadMen } from './poolers/dead-man'
export { asRds } from './rds'
export type { ActCall, Interfere, Interference } from './world/calls'
export { type MemoryClock, passingClock, virtualClock } from './world/clock'
export { MemoryJournal } from './world/journal'
export { thaw } from './world/wal'
export {
  type HerdShape,
  idOf,
  type MemoryHost,
  type MemoryInstance,
  type MemoryMachine,
  type MemoryPooled,
  type MemoryPooler,
  type MemoryScript,
  type MemoryZone,
} from './world/world'

/** A fleet in memory, as unforgiving as the real one: a running server cannot be started, a host that is off answers nobody. */
export interface MemoryFleet extends ActPorts {
  world: World
  clock: MemoryClock
  calls: Calls
  /** By host name. Throws when there is none. */
  host: (hostname: string) => MemoryHost
  /** By title: `demo on n1`. Throws when there is none. */
  instance: (title: string) => MemoryInstance
  /** By name: `prod.test`. Throws when there is none. */
  zone: (name: string) => MemoryZone
  /** By title: `demo pooler on n1`. Throws when there is none. */
  pooler: (title: string) => MemoryPooler
}

export const memoryFleet = (herds: readonly HerdShape[], clock: MemoryClock = virtualClock()): MemoryFleet => {
  const world = buildWorld(clock, herds)
  for (const host of world.hosts.values()) host.machine = machineFor(host)
  addNames(world, herds)
  addPoolers(world, herds, (environment, hostname) => {
    const host = world.hosts.get(hostname) ?? makeHost(environment, hostname)
    world.hosts.set(hostname, host)
    return host
  })
  const calls: Calls = { made: [], interfere: () => undefined, afterwards: () => {} }
  const read: ActPorts['read'] = {
    inventory: memoryInventory(world),
    hosts: memoryHostsRead(world),
    work: memoryWorkRead(world),
    clusters: memoryClustersRead(world),
    postgres: memoryPostgresRead(world),
    activity: memoryActivityRead(world),
    serverLog: memoryServerLog(world),
    serverSettings: memoryServerSettings(world),
    statements: memoryStatements(world),
    health: memoryHealth(world),
    maintenance: memoryMaintenanceRead(world),
    names: memoryNamesRead(world),
    readers: memoryReadersRead(world),
    replication: memoryReplicationRead(world),
    copies: memoryCopiesRead(world),
    canary: memoryCanaryRead(world),
    drill: memoryDrillRead(world),
    poolers: memoryPoolersRead(world),
    etcd: memoryEtcdRead(world),
    proxies: { look: async () => [] },
    stacks: memoryStacksRead(world),
    cloud: memoryCloudRead(world),
    scripts: memoryScriptsRead(world),
    now: () => clock.now(),
  }
  return {
    world,
    clock,
    calls,
    read,
    act: {
      hosts: memoryHostsAct(world, calls),
      work: memoryWorkAct(world, calls),
      clusters: memoryClustersAct(world, calls),
      postgres: memoryPostgresAct(world, calls),
      activity: memoryActivityAct(world, calls),
      maintenance: memoryMaintenanceAct(world, calls),
      names: memoryNamesAct(world, calls),
      readers: memoryReadersAct(world, calls),
      serverSettings: memoryParametersAct(world, calls),
      replication: memoryReplicationAct(world, calls),
      copies: memoryCopiesAct(world, calls),
      canary: memoryCanaryAct(world, calls),
      drill: memoryDrillAct(world, calls),
      poolers: memoryPoolersAct(world, calls),
      etcd: memoryEtcdAct(world, calls),
      stacks: memoryStacksAct(world, calls),
      cloud: memoryCloudAct(world, calls),
      scripts: memoryScriptsAct(world, calls),
      inventory: memoryInventoryAct(world, calls),
    },
    host: (hostname) => mustFind(world.hosts.get(hostname), hostname),
    instance: (title) =>
      mustFind(
        [...world.instances.values()].find((one) => one.inventory.title === title),
        title,
      ),
    zone: (name) =>
      mustFind(
        [...world.zones.values()].find((one) => one.inventory.title === name),
        name,
      ),
    pooler: (title) =>
      mustFind(
        [...world.poolers.values()].find((one) => one.inventory.title === title),
        title,
      ),
  }
}

const mustFind = <T>(found: T | undefined, name: string): T => {
  if (found === undefined) throw new Error(`this fleet has no ${name}`)
  return found
}
