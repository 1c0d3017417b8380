import { type DescribedType, knownType } from '@/lib/domain/machines/described'
import { sampleOffers, sampleTypes } from '@/lib/domain/machines/sample'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { CloudAct, CloudDeed, CloudRead, InventoryMachine, MachinePlace } from '@/lib/ports'
import { launchedAt, memoryLaunchesAct, memoryLaunchesRead, powerLaunched } from './launches'
import { memoryRdsAct, memoryRdsRead } from './rds'
import { type Calls, perform } from './world/calls'
import { makeHost } from './world/make-world'
import { flow } from './world/wal'
import type { MemoryHost, MemoryMachine, World } from './world/world'

const region = 'us-east-1'
/** How long a machine stays in each intermediate state. */
const settleMs = 5_000

/** Each host as a machine of one account. */
export const machineFor = (host: MemoryHost): MemoryMachine => ({
  inventory: {
    id: `machine ${host.server.id}`,
    title: host.server.title,
    accountId: 'account',
    region,
    instanceId: `i-${host.server.id.replaceAll('-', '').slice(0, 17)}`,
  },
  state: 'running',
  next: null,
  type: 'm5.large',
  architecture: 'x86_64',
  hasEna: true,
  publicAddress: null,
  startsPostgres: true,
  applied: [],
})

const machineAt = (world: World, { instanceId }: MachinePlace): [MemoryHost, MemoryMachine] => {
  for (const host of world.hosts.values())
    if (host.machine?.inventory.instanceId === instanceId) return [host, settled(world, host, host.machine)]
  throw new Fault('cloud.refused', { because: `There is no machine ${instanceId}.`, isOver: true })
}

/** EC2's own states by its own clock; the host goes off and comes up with them. */
const settled = (world: World, host: MemoryHost, machine: MemoryMachine): MemoryMachine => {
  if (machine.next === null || machine.next.atMs > world.clock.now().getTime()) return machine
  machine.state = machine.next.state
  machine.next = null
  if (machine.state === 'running') comeUp(world, host, machine)
  return machine
}

const onHost = (world: World, host: MemoryHost) => [...world.instances.values()].filter((one) => one.host === host)

const comeUp = (world: World, host: MemoryHost, { startsPostgres }: Pick<MemoryMachine, 'startsPostgres'>): void => {
  host.power = 'on'
  host.boots += 1
  for (const one of startsPostgres ? onHost(world, host) : [])
    if (one.state === 'stopped') {
      one.state = 'running'
      one.pid += 1
      one.startedAt = world.clock.stamp()
    }
  flow(world)
}

const goDown = (world: World, host: MemoryHost): void => {
  host.power = 'off'
  for (const one of onHost(world, host)) {
    if (one.state !== 'running') continue
    if (!one.hasStandbySignal) world.violations.push(`the machine of ${one.inventory.title} was stopped while it took writes`)
    one.state = 'stopped'
  }
}

const refused = (code: 'cloud.refused' | 'cloud.no-capacity' | 'cloud.unfit' | 'cloud.wrong-state', because: string) =>
  new Fault(code, { because, isOver: true })

export const memoryCloudRead = (world: World): CloudRead => ({
  ...memoryRdsRead(world),
  ...memoryLaunchesRead(world),
  machine: async (place, { signal }) => {
    signal?.throwIfAborted()
    const launched = launchedAt(world, place.instanceId)
    if (launched !== undefined) {
      const { type, state, zone, market, privateAddress, publicAddress } = launched
      return {
        ...{ type, state, zone, market, privateAddress, publicAddress },
        architecture: 'x86_64',
        hasEna: true,
        keepsPublicAddress: false,
      }
    }
    const [host, machine] = machineAt(world, place)
    const { type, state, architecture, hasEna, publicAddress } = machine
    const address = host.server.address.address
    return {
      ...{ type, state, architecture, hasEna, publicAddress },
      zone: `${region}a`,
      market: 'on-demand',
      privateAddress: address,
      keepsPublicAddress: false,
    }
  },
  mayDo: async (_account, action, _on, { signal }) => {
    signal?.throwIfAborted()
    if (world.denied.has(action)) throw refused('cloud.refused', `The credentials may not do ${action}. Allow it in their policy.`)
  },
  types: async (_place, zone, names) =>
    names.flatMap((type) => {
      const described = world.describedTypes[type]
      if (described !== undefined) return [asOffered(type, described)]
      const row = sampleTypes[type]
      if (row === undefined) return []
      const { offered, missing } = sampleOffers[region]!
      return {
        type,
        vcpus: row.vcpus,
        memoryMib: row.memoryMib,
        architectures: row.architectures,
        needsEna: row.ena === 'required',
        instanceStorageGb: row.instanceStorageGb ?? null,
        ebsBaselineMbps: row.ebsBaselineMbps ?? null,
        isOffered: offered.includes(type) && !missing[zone]?.includes(type),
      }
    }),
})

/** In every zone. */
const asOffered = (type: string, { vcpus, memoryMib, architectures, localStorageGb }: DescribedType) => ({
  ...{ type, vcpus, memoryMib, architectures: [...architectures], needsEna: true, instanceStorageGb: localStorageGb },
  ...{ ebsBaselineMbps: null, isOffered: true },
})

/** The API answers whatever host is off. */
const api = makeHost('aws', 'ec2')

/** An answer that is lost leaves open what happened; a refusal does not. */
const asCloud = (error: unknown): unknown => {
  if (isFault(error, 'shell.timeout')) return new Fault('cloud.unreachable', { ...error.facts, because: 'EC2 did not answer in time.' })
  if (isFault(error, 'shell.failed')) return refused('cloud.refused', 'EC2 refused the request.')
  return error
}

export const memoryCloudAct = (world: World, calls: Calls): CloudAct => ({
  ...memoryRdsAct(world, calls),
  ...memoryLaunchesAct(world, calls),
  act: async (place, deed, options) => {
    const launched = launchedAt(world, place.instanceId)
    const [host, machine] = launched === undefined ? machineAt(world, place) : []
    const target = machine?.inventory.title ?? place.instanceId
    try {
      await perform(calls, world.clock, api, { act: deed.does, target }, options, () => {
        if (host !== undefined && machine !== undefined) return apply(world, host, settled(world, host, machine), deed)
        powerLaunched(world, launchedAt(world, place.instanceId)!, deed.does)
      })
    } catch (error) {
      throw asCloud(error)
    }
  },
})

const apply = (world: World, host: MemoryHost, machine: MemoryMachine, deed: CloudDeed): void => {
  const { state, type } = machine
  const later = (through: string, to: string) =>
    Object.assign(machine, { state: through, next: { state: to, atMs: world.clock.now().getTime() + settleMs } })
  const wrong = () => refused('cloud.wrong-state', `IncorrectInstanceState: the machine is ${state}.`)
  switch (deed.does) {
    case 'start':
      if (state === 'running' || state === 'pending') return
      if (state !== 'stopped') throw wrong()
      if (world.exhausted.has(type)) throw refused('cloud.no-capacity', `InsufficientInstanceCapacity: no ${type}.`)
      machine.applied.push(`start ${type}`)
      return void later('pending', 'running')
    case 'stop':
      if (state === 'stopped' || state === 'stopping') return
      if (state !== 'running') throw wrong()
      machine.applied.push('stop')
      goDown(world, host)
      return void later('stopping', 'stopped')
    case 'set-type':
      if (state !== 'stopped') throw wrong()
      if (!knownType(deed.type, world.describedTypes)?.architectures.includes(machine.architecture))
        throw refused('cloud.unfit', `InvalidParameterValue: ${deed.type} does not fit.`)
      if (type !== deed.type) machine.applied.push(`set ${deed.type}`)
      machine.type = deed.type
      return
    case 'reboot':
      if (state !== 'running') throw wrong()
      machine.applied.push('reboot')
      rebootHost(world, host, machine.startsPostgres)
  }
}

/** As the host does by itself when it is told to: with what runs on it. */
export const rebootHost = (world: World, host: MemoryHost, startsPostgres: boolean): void => {
  goDown(world, host)
  comeUp(world, host, { startsPostgres })
}

export const inventoryMachine = (world: World, serverId: string): InventoryMachine | null => {
  const host = [...world.hosts.values()].find(({ server }) => server.id === serverId)
  return host?.db?.inventory ?? host?.machine?.inventory ?? null
}
