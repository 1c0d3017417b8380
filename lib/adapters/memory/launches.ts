import { sampleOffers, sampleTypes } from '@/lib/domain/machines/sample'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { CallOptions, CloudDeed, MachineSpec, Tags } from '@/lib/ports'
import { type CloudLaunchesAct, type CloudLaunchesRead, dataDevice, rootDevice } from '@/lib/ports/launches'
import { type Calls, perform } from './world/calls'
import { type MemoryLaunchedMachine, unconfigured } from './world/launches'
import { makeHost } from './world/make-world'
import { flow } from './world/wal'
import { idOf, type MemoryHost, type World } from './world/world'

/** How long a machine stays in each intermediate state. */
const settleMs = 20_000

const refused = (code: 'cloud.refused' | 'cloud.no-capacity' | 'cloud.unfit' | 'cloud.wrong-state', because: string) =>
  new Fault(code, { because, isOver: true })

const carries = (own: Tags, wanted: Tags): boolean =>
  Object.entries(wanted).every(([key, value]) => (value === '*' ? own[key] !== undefined : own[key] === value))

/** Machines move on by the clock; the host goes off and comes up with its machine. */
const settled = (world: World): World['launches'] => {
  for (const machine of world.launches.machines.values()) {
    if (machine.next === null || machine.next.atMs > world.clock.now().getTime()) continue
    machine.state = machine.next.state
    machine.next = null
    const host = machine.hostname === null ? undefined : world.hosts.get(machine.hostname)
    if (host !== undefined && machine.state === 'running') boot(world, host)
    if (machine.state === 'terminated') leave(world, machine)
  }
  return world.launches
}

/** Debian starts with a host what has its configuration there. */
const boot = (world: World, host: MemoryHost): void => {
  host.power = 'on'
  host.boots += 1
  for (const one of world.instances.values()) {
    if (one.host !== host || one.state !== 'stopped' || one.startProblem !== null || !one.isRegistered) continue
    one.state = 'running'
    one.pid += 1
  }
  flow(world)
}

/** What goes with a machine that is gone. A host that is registered stays so, and answers nobody. */
const leave = (world: World, { id, hostname }: MemoryLaunchedMachine): void => {
  const { volumes, mounted } = world.launches
  for (const volume of volumes.values()) {
    if (volume.machineId !== id) continue
    if (volume.goesWithMachine) volumes.delete(volume.id)
    else Object.assign(volume, { machineId: null, device: null, state: 'available' })
  }
  if (hostname === null) return
  mounted.delete(hostname)
  for (const one of world.instances.values()) if (one.host.server.title === hostname && one.isRegistered) one.startProblem = unconfigured
  world.stacks.hosts.delete(hostname)
  for (const [key, one] of world.instances) if (one.host.server.title === hostname && !one.isRegistered) world.instances.delete(key)
  if (world.hosts.get(hostname)?.isUnregistered) world.hosts.delete(hostname)
}

const judge = ({ launches }: World, { type, zone, imageId, groupIds }: MachineSpec): void => {
  const row = sampleTypes[type]
  if (row === undefined) throw refused('cloud.unfit', `InvalidParameterValue: Invalid value '${type}' for InstanceType.`)
  if (!row.architectures.includes(imageId.split(' ')[0]!))
    throw refused('cloud.unfit', 'InvalidParameterValue: the architecture does not match.')
  for (const id of groupIds)
    if (!launches.groups.has(id)) throw refused('cloud.refused', `InvalidGroup.NotFound: The security group '${id}' does not exist`)
  if (zone !== null && sampleOffers[zone.slice(0, -1)]?.missing[zone]?.includes(type))
    throw refused('cloud.no-capacity', `Unsupported: ${type} is not supported in ${zone}.`)
}

/** In the next network where somebody has the one that its name gives. */
const freeAddress = (world: World, { server }: MemoryHost): string => {
  const taken = new Set([...world.hosts.values()].map((one) => one.server.address.address))
  let { address } = server.address
  for (let network = 1; taken.has(address); network += 1) address = address.replace(/^10\.\d+/, `10.${network}`)
  return address
}

/** The host that comes up with a machine: the registered one where its machine is gone; beside one that has its machine still, a second one of that name. */
const hostFor = (world: World, environment: string, hostname: string, id: string): MemoryHost => {
  const known = world.hosts.get(hostname)
  const isHeld = [...world.launches.machines.values()].some((one) => one.hostname === hostname && one.state !== 'terminated')
  if (known !== undefined && !isHeld) return known
  const host = makeHost(environment, known === undefined ? hostname : `${hostname}.${id}`)
  host.isUnregistered = true
  if (known !== undefined) host.server.address = { ...host.server.address, hostname, address: freeAddress(world, host) }
  return host
}

const launchOne = (world: World, spec: MachineSpec): void => {
  const { machines, volumes, tokens } = world.launches
  const print = JSON.stringify(spec)
  const held = tokens.get(spec.token)
  if (held !== undefined && held.print !== print)
    throw refused('cloud.refused', 'IdempotentParameterMismatch: another request had that token.')
  if (held !== undefined) return
  judge(world, spec)
  if (world.exhausted.has(`${spec.type} ${spec.market}`) || world.exhausted.has(spec.type))
    throw refused('cloud.no-capacity', `InsufficientInstanceCapacity: no ${spec.type}.`)
  const id = `i-${idOf(spec.token).replaceAll('-', '').slice(0, 17)}`
  const { Name: hostname = null, 'matriarch:blueprint': blueprintId = '' } = spec.tags
  const environment = world.launches.blueprints.get(blueprintId)?.environmentName
  const host = hostname === null || environment === undefined ? null : hostFor(world, environment, hostname, id)
  if (host !== null) {
    Object.assign(host, { power: 'off', majors: [], passwords: new Set(), packages: new Map() })
    world.hosts.set(host.server.title, host)
  }
  const address = host?.server.address.address ?? '10.9.9.9'
  const zone = spec.zone ?? 'us-east-1a'
  machines.set(id, {
    ...{ id, type: spec.type, zone, market: spec.market, tags: { ...spec.tags }, state: 'pending', groupIds: spec.groupIds },
    privateAddress: address,
    publicAddress: spec.hasPublicAddress ? address : null,
    hostname: host?.server.title ?? null,
    next: { state: 'running', atMs: world.clock.now().getTime() + settleMs },
  })
  const wanted = [
    { device: rootDevice, sizeGb: spec.rootGb, kind: 'gp3', goesWithMachine: true },
    ...(spec.volume === null ? [] : [{ device: dataDevice, sizeGb: spec.volume.sizeGb, kind: spec.volume.kind, goesWithMachine: false }]),
  ]
  for (const one of wanted) {
    const volumeId = `vol-${idOf(`${id} ${one.device}`).replaceAll('-', '').slice(0, 17)}`
    volumes.set(volumeId, { id: volumeId, state: 'in-use', zone, machineId: id, tags: { ...spec.tags }, ...one })
  }
  tokens.set(spec.token, { id, print })
}

export const memoryLaunchesRead = (world: World): CloudLaunchesRead => ({
  launched: async (_place, tags, { signal }) => {
    signal?.throwIfAborted()
    const { machines, volumes, groups } = settled(world)
    return {
      machines: [...machines.values()]
        .filter((one) => carries(one.tags, tags))
        .map(({ next: _next, hostname: _hostname, groupIds: _groupIds, ...one }) => ({ ...one, tags: { ...one.tags } })),
      volumes: [...volumes.values()].filter((one) => carries(one.tags, tags)).map(({ from: _from, ...one }) => ({ ...one })),
      groups: [...groups.values()].filter((one) => carries(one.tags, tags)).map((one) => ({ ...one, rules: [...one.rules] })),
    }
  },
  image: async (_place, architecture) => ({ id: `${architecture} image`, name: `debian-13-${architecture}-20260901-2587` }),
  console: async (_place, instanceId) => {
    const machine = settled(world).machines.get(instanceId)
    if (machine === undefined) throw refused('cloud.refused', `InvalidInstanceID.NotFound: The instance ID '${instanceId}' does not exist`)
    const host = machine.hostname === null ? undefined : world.hosts.get(machine.hostname)
    if (machine.state !== 'running' || host === undefined) return null
    const key = host.server.address.hostKey
    return `ci-info: up\n-----BEGIN SSH HOST KEY FINGERPRINTS-----\n256 ${key} root@${machine.hostname} (ED25519)\n-----END SSH HOST KEY FINGERPRINTS-----\n`
  },
  mayLaunch: async (_place, spec, { signal }) => {
    signal?.throwIfAborted()
    if (world.denied.has('ec2:RunInstances'))
      throw refused('cloud.refused', 'The credentials may not do ec2:RunInstances. Allow it in their policy.')
    judge(world, spec)
    return true
  },
})

/** Of a launched herd; undefined: it is none. */
export const launchedAt = (world: World, instanceId: string): MemoryLaunchedMachine | undefined => settled(world).machines.get(instanceId)

/** A public address is another one after each start. */
export const powerLaunched = (world: World, machine: MemoryLaunchedMachine, deed: CloudDeed['does']): void => {
  const host = machine.hostname === null ? undefined : world.hosts.get(machine.hostname)
  const atMs = world.clock.now().getTime() + settleMs
  if (machine.market === 'spot') throw refused('cloud.refused', `UnsupportedOperation: ${machine.id} is of a one-time Spot request.`)
  if (deed === 'start' && machine.state === 'stopped') {
    if (world.exhausted.has(machine.type)) throw refused('cloud.no-capacity', `InsufficientInstanceCapacity: no ${machine.type}.`)
    const next = machine.publicAddress === null ? null : `198.51.100.${(Number(machine.publicAddress.split('.').at(-1)) % 250) + 1}`
    Object.assign(machine, {
      state: 'pending',
      next: { state: 'running', atMs },
      publicAddress: next,
      privateAddress: machine.privateAddress,
    })
  } else if (deed === 'stop' && machine.state === 'running') {
    Object.assign(machine, { state: 'stopping', next: { state: 'stopped', atMs } })
    if (host === undefined) return
    host.power = 'off'
    for (const one of world.instances.values()) {
      if (one.host !== host || one.state !== 'running') continue
      if (!one.hasStandbySignal) world.violations.push(`the machine of ${one.inventory.title} was stopped while it took writes`)
      one.state = 'stopped'
    }
  } else if (!['pending', 'running', 'stopping', 'stopped'].includes(machine.state))
    throw refused('cloud.wrong-state', `${machine.id} is ${machine.state}.`)
}

/** The API answers whatever host is off. */
const api = makeHost('aws', 'ec2')

/** An answer that is lost leaves open what happened; a refusal does not. */
const asCloud = (error: unknown): unknown => {
  if (isFault(error, 'shell.timeout')) return new Fault('cloud.unreachable', { ...error.facts, because: 'EC2 did not answer in time.' })
  return isFault(error, 'shell.failed') ? refused('cloud.refused', 'EC2 refused the request.') : error
}

export const memoryLaunchesAct = (world: World, calls: Calls): CloudLaunchesAct => {
  const act = async (name: string, target: string, options: CallOptions, action: (launches: World['launches']) => void): Promise<void> => {
    try {
      await perform(calls, world.clock, api, { act: name, target }, options, () => action(settled(world)))
    } catch (error) {
      throw asCloud(error)
    }
  }
  return {
    makeGroup: (_place, { name, tags }, options) =>
      act('make group', name, options, ({ groups }) => {
        if ([...groups.values()].some((one) => one.name === name)) return
        const id = `sg-${idOf(name).replaceAll('-', '').slice(0, 17)}`
        groups.set(id, { id, name, rules: [], tags: { ...tags } })
      }),
    allow: (_place, groupId, rules, options) =>
      act('allow', groupId, options, ({ groups }) => {
        const group = groups.get(groupId)
        if (group === undefined) throw refused('cloud.refused', `InvalidGroup.NotFound: The security group '${groupId}' does not exist`)
        const fresh = rules.filter((one) => !group.rules.some(({ port, network }) => port === one.port && network === one.network))
        group.rules = [...group.rules, ...fresh]
      }),
    dropGroup: (_place, groupId, options) =>
      act('drop group', groupId, options, ({ groups, machines }) => {
        if ([...machines.values()].some((one) => one.state !== 'terminated' && one.groupIds.includes(groupId)))
          throw refused('cloud.wrong-state', `DependencyViolation: resource ${groupId} has a dependent object`)
        groups.delete(groupId)
      }),
    launch: (_place, spec, options) => act('launch', `${spec.type} ${spec.market}`, options, () => launchOne(world, spec)),
    tag: (_place, ids, tags, options) =>
      act('tag', ids.join(' '), options, ({ machines, volumes, groups }) => {
        for (const id of ids) {
          const one = machines.get(id) ?? volumes.get(id) ?? groups.get(id)
          if (one === undefined) throw refused('cloud.refused', `InvalidID: ${id}`)
          one.tags = { ...one.tags, ...tags }
        }
      }),
    terminate: (_place, ids, options) =>
      act('terminate', ids.join(' '), options, ({ machines }) => {
        for (const id of ids) {
          const machine = machines.get(id)
          if (machine === undefined || machine.state === 'terminated' || machine.state === 'shutting-down') continue
          Object.assign(machine, { state: 'shutting-down', next: { state: 'terminated', atMs: world.clock.now().getTime() + settleMs } })
          const host = machine.hostname === null ? undefined : world.hosts.get(machine.hostname)
          if (host === undefined) continue
          host.power = 'off'
          for (const one of world.instances.values()) if (one.host === host && one.state === 'running') one.state = 'stopped'
        }
      }),
    attach: (_place, volumeId, { instanceId, device }, options) =>
      act('attach volume', volumeId, options, ({ volumes, machines }) => {
        const [volume, machine] = [volumes.get(volumeId), machines.get(instanceId)]
        if (volume === undefined || machine === undefined) throw refused('cloud.refused', `InvalidVolume.NotFound: ${volumeId}`)
        if (volume.machineId === instanceId) return
        if (volume.machineId !== null) throw refused('cloud.wrong-state', `VolumeInUse: ${volumeId} is attached to ${volume.machineId}`)
        if (machine.state !== 'running') throw refused('cloud.wrong-state', `IncorrectInstanceState: ${instanceId} is ${machine.state}`)
        if (volume.zone !== machine.zone) throw refused('cloud.refused', `InvalidVolume.ZoneMismatch: ${volumeId} is in ${volume.zone}`)
        Object.assign(volume, { machineId: instanceId, device, state: 'in-use' })
      }),
    dropVolume: (_place, volumeId, options) =>
      act('drop volume', volumeId, options, ({ volumes }) => {
        const volume = volumes.get(volumeId)
        if (volume?.machineId != null) throw refused('cloud.wrong-state', `VolumeInUse: ${volumeId} is attached to ${volume.machineId}`)
        volumes.delete(volumeId)
      }),
  }
}
