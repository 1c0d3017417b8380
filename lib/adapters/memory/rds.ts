import { samplePrices } from '@/lib/domain/machines/sample'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { DbDeed, DbInstanceSeen, MachinePlace } from '@/lib/ports'
import type { CloudRdsAct, CloudRdsRead } from '@/lib/ports/rds'
import { type Calls, perform } from './world/calls'
import type { MemoryDbInstance } from './world/db-instance'
import { makeHost } from './world/make-world'
import { flow, startTimeline } from './world/wal'
import type { MemoryHost, MemoryInstance, World } from './world/world'

const region = 'us-east-1'
/** How long a DB instance stays in each intermediate status. */
const settleMs = 20_000
const dataDirectory = '/rdsdbdata/db'

/** Makes DB instances of RDS of these hosts, whose servers nobody logs in to: the first one is the source of the others. */
export const asRds = (world: World, hostnames: readonly string[]): void => {
  for (const [index, hostname] of hostnames.entries()) {
    const host = world.hosts.get(hostname)!
    host.machine = null
    host.server.profile = 'rds'
    host.server.address.endpoint = { usesIamToken: false }
    for (const one of onHost(world, host)) one.inventory.address.dataDirectory = dataDirectory
    host.managers = [
      {
        ...{ kind: 'rds', state: 'running', dataDirectory, configPath: null, isReadable: true, cluster: null, member: hostname },
        ...{ dcs: null, api: null, version: null, isPaused: null, members: [], history: [] },
      },
    ]
    host.db = {
      inventory: {
        ...{ id: `machine ${host.server.id}`, title: hostname, accountId: 'account', region, instanceId: hostname },
        kind: 'rds',
      },
      ...{ zone: `${region}a`, class: 'db.m5.large', pendingClass: null, engineVersion: '15.8', status: 'available', steps: [] },
      source: index === 0 ? null : hostnames[0]!,
      clusterId: null,
      applied: [],
    }
  }
}

const onHost = (world: World, host: MemoryHost): MemoryInstance[] => [...world.instances.values()].filter((one) => one.host === host)

const found = (world: World, { instanceId }: MachinePlace): [MemoryHost, MemoryDbInstance] => {
  for (const host of world.hosts.values())
    if (host.db?.inventory.instanceId === instanceId) {
      settle(world, host, host.db)
      return [host, host.db]
    }
  throw refused('cloud.refused', `DBInstanceNotFound: DBInstance ${instanceId} not found.`)
}

const refused = (code: 'cloud.refused' | 'cloud.no-capacity' | 'cloud.unfit' | 'cloud.wrong-state', because: string) =>
  new Fault(code, { because, isOver: true })

const settle = (world: World, host: MemoryHost, db: MemoryDbInstance): void => {
  const now = world.clock.now().getTime()
  for (let next = db.steps[0]; next !== undefined && next.atMs <= now; next = db.steps[0]) {
    db.status = next.status
    if (next.class !== undefined) Object.assign(db, { class: next.class, pendingClass: null })
    if (next.status === 'available') for (const one of onHost(world, host)) comeUp(world, one)
    if (next.status === 'modifying') for (const one of onHost(world, host)) one.state = 'starting'
    db.steps.shift()
  }
}

const comeUp = (world: World, one: MemoryInstance): void => {
  if (one.state === 'running') return
  one.state = 'running'
  one.pid += 1
  one.startedAt = world.clock.stamp()
  flow(world)
}

export const memoryRdsRead = (world: World): CloudRdsRead => ({
  dbInstance: async (place, { signal }): Promise<DbInstanceSeen> => {
    signal?.throwIfAborted()
    const [host, db] = found(world, place)
    const { zone, status, engineVersion, pendingClass, source, clusterId } = db
    return {
      ...{ zone, status, engineVersion, pendingClass, source, clusterId, class: db.class },
      instanceId: place.instanceId,
      region,
      address: host.server.address.address,
      port: 5432,
      storageGib: 100,
      storageType: 'gp3',
      isMultiAz: false,
      allowsIam: true,
      replicas: [...world.hosts.values()].flatMap((one) => (one.db?.source === place.instanceId ? [one.db.inventory.instanceId] : [])),
      tags: {},
      createdAt: null,
    }
  },
  dbClasses: async (_place, _of, names) =>
    names.flatMap((name) => (samplePrices.rdsPostgresSingleAz[name] === undefined ? [] : [{ class: name, isOffered: true }])),
})

/** The API answers whatever becomes of the instance. */
const api = makeHost('aws', 'rds')

/** An answer that is lost leaves open what happened; a refusal does not. */
const asCloud = (error: unknown): unknown => {
  if (isFault(error, 'shell.timeout')) return new Fault('cloud.unreachable', { ...error.facts, because: 'RDS did not answer in time.' })
  if (isFault(error, 'shell.failed')) return refused('cloud.refused', 'RDS refused the request.')
  return error
}

export const memoryRdsAct = (world: World, calls: Calls): CloudRdsAct => ({
  actOnDb: async (place, deed, options) => {
    const [host, db] = found(world, place)
    try {
      await perform(calls, world.clock, api, { act: `rds ${deed.does}`, target: db.inventory.title }, options, () => {
        settle(world, host, db)
        apply(world, host, db, deed)
      })
    } catch (error) {
      throw asCloud(error)
    }
  },
})

const apply = (world: World, host: MemoryHost, db: MemoryDbInstance, deed: DbDeed): void => {
  const mustBe = (status: string) => {
    if (db.status !== status) throw refused('cloud.wrong-state', `InvalidDBInstanceState: ${db.inventory.instanceId} is ${db.status}.`)
  }
  const now = world.clock.now().getTime()
  const through = (status: string, to: string, more: { class?: string } = {}) => {
    db.status = status
    db.steps = [{ atMs: now + settleMs, status: to, ...more }]
  }
  const down = (state: 'starting' | 'stopped') => {
    for (const one of onHost(world, host)) one.state = state
  }
  switch (deed.does) {
    case 'start':
      mustBe('stopped')
      db.applied.push('start')
      through('starting', 'available')
      return
    case 'stop':
      mustBe('available')
      if (db.source !== null || [...world.hosts.values()].some((one) => one.db?.source === db.inventory.instanceId))
        throw refused('cloud.wrong-state', 'InvalidDBInstanceState: it is a read replica, or has one.')
      db.applied.push('stop')
      down('stopped')
      through('stopping', 'stopped')
      return
    case 'reboot':
      mustBe('available')
      db.applied.push('reboot')
      down('starting')
      through('rebooting', 'available')
      return
    case 'promote':
      mustBe('available')
      if (db.source === null) throw refused('cloud.wrong-state', 'InvalidDBInstanceState: it is not a read replica.')
      db.applied.push('promote')
      db.source = null
      for (const one of onHost(world, host)) {
        startTimeline(one)
        one.state = 'starting'
      }
      through('modifying', 'available')
      return
    case 'set-class':
      mustBe('available')
      if (samplePrices.rdsPostgresSingleAz[deed.class] === undefined)
        throw refused('cloud.unfit', `InvalidParameterCombination: RDS does not support ${deed.class}.`)
      if (world.exhausted.has(deed.class)) throw refused('cloud.no-capacity', `InsufficientDBInstanceCapacity: no ${deed.class}.`)
      if (deed.class === db.class && db.pendingClass === null) return
      db.applied.push(`set ${deed.class}`)
      db.pendingClass = deed.class
      // For a while it is still available, with its new class pending.
      db.steps = [
        { atMs: now + settleMs / 2, status: 'modifying' },
        { atMs: now + settleMs * 1.5, status: 'available', class: deed.class },
      ]
  }
}
