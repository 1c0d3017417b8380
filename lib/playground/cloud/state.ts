import { randomBytes } from 'node:crypto'
import { sampleOffers, sampleTypes } from '@/lib/domain/machines/sample'
import { CloudFault } from './fault'
import type { KeyPair, SecurityGroup } from './launch/kept'
import { spotUsd } from './market'
import { type DbDeed, type DbInstance, DbInstances } from './rds/instances'

export type MachineState = 'pending' | 'running' | 'shutting-down' | 'terminated' | 'stopping' | 'stopped'
export const stateCodes: Readonly<Record<MachineState, number>> = {
  pending: 0,
  running: 16,
  'shutting-down': 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
}

export interface Machine {
  id: string
  region: string
  zone: string
  type: string
  architecture: 'x86_64' | 'arm64'
  /** Whether its image has the driver that newer types demand. */
  hasEna: boolean
  market: 'on-demand' | 'spot'
  imageId: string
  state: MachineState
  stateReason: string
  /** What the state becomes, and when. */
  next: { state: MachineState; atMs: number } | null
  privateIp: string
  publicIp: string | null
  launchedAtMs: number
  clientToken: string | null
  keyName: string | null
  groupIds: string[]
  /** As its programs read it; null: none. */
  userData: string | null
  /** What it wrote on its console; null: nothing is to be had yet. */
  console: string | null
  /** Whether its metadata is given to who has a session alone (IMDSv2). */
  httpTokens: 'optional' | 'required'
  /** AWS takes it back at that time, and has said so; null: it does not. */
  interruption: { noticedAtMs: number; atMs: number } | null
  /** When AWS said that its risk has risen (a rebalance recommendation); null: it has not. */
  rebalanceAtMs: number | null
  tags: Record<string, string>
}

export interface Volume {
  id: string
  region: string
  zone: string
  sizeGb: number
  type: string
  iops: number
  /** MiB/s; null: its type has none of its own. */
  throughput: number | null
  isEncrypted: boolean
  createdAtMs: number
  attachment: { machineId: string; device: string; isRoot: boolean; deletesWithMachine: boolean; atMs: number } | null
  tags: Record<string, string>
}

export interface CloudOptions {
  /** Milliseconds since 1970. */
  now: () => number
  /** How long a machine stays in each intermediate state. */
  settleMs: number
  /** How long a change is not yet seen by who describes. */
  consistencyMs: number
  /** Requests that a region answers at once, and again each second: reading, and changing. */
  limits: { read: RateLimit; change: RateLimit }
  /** Whether there is a host left for a machine that is launched; left out: none is needed. */
  hasHost?: () => boolean
  /** The host behind a machine; nothing happens where there is none. */
  power: (machine: Machine, to: 'on' | 'off') => void
  /** The server behind a DB instance; left out: there is none. */
  powerDatabase?: (one: DbInstance, deed: DbDeed) => void
}

export interface RateLimit {
  burst: number
  perSecond: number
}

/** What DescribeInstances says of a machine that AWS took back. Source: EC2, state reason codes. */
export const spotReason = 'Server.SpotInstanceTermination'

export const newId = (kind: string): string => `${kind}-0${randomBytes(8).toString('hex')}`

/** What one account has, in all regions. Its machines move from state to state by the clock of `options.now`. */
export class CloudState {
  readonly machines = new Map<string, Machine>()
  readonly volumes = new Map<string, Volume>()
  readonly databases = new DbInstances(this)
  readonly groups = new Map<string, SecurityGroup>()
  readonly keyPairs = new Map<string, KeyPair>()
  /** What requests with a client token made. */
  readonly tokens = new Map<string, { print: string; ids: string[] }>()
  /** `m5.large us-east-1a`: no capacity. */
  readonly exhausted = new Set<string>()
  /** `m5.large us-east-1a` → by how much its spot price was moved, from now on. */
  readonly moved = new Map<string, number>()
  private readonly shown = new Map<string, { from: number; machine: Machine }[]>()

  constructor(
    readonly accountId: string,
    readonly options: CloudOptions,
  ) {}

  zones(region: string): string[] {
    return Object.keys(sampleOffers[region]?.missing ?? {})
  }

  isOffered(type: string, zone: string): boolean {
    const offers = sampleOffers[zone.slice(0, -1)]
    return offers?.offered.includes(type) === true && !(offers.missing[zone] ?? []).includes(type)
  }

  /** USD per hour; null: not offered there. */
  spotNow(zone: string, type: string): number | null {
    return this.isOffered(type, zone) ? spotUsd(zone, type, this.options.now(), this.moved.get(`${type} ${zone}`)) : null
  }

  mustHaveType(type: string): void {
    if (sampleTypes[type] === undefined) throw new CloudFault('InvalidParameterValue', `Invalid value '${type}' for InstanceType.`)
  }

  mustHaveCapacity({ type, zone }: Pick<Machine, 'type' | 'zone'>): void {
    if (!this.isOffered(type, zone))
      throw new CloudFault(
        'Unsupported',
        `Your requested instance type (${type}) is not supported in your requested Availability Zone (${zone}).`,
      )
    if (this.exhausted.has(`${type} ${zone}`))
      throw new CloudFault(
        'InsufficientInstanceCapacity',
        `We currently do not have sufficient ${type} capacity in the Availability Zone you requested (${zone}). Our system will be working on provisioning additional capacity.`,
        500,
      )
  }

  mustFit({ architecture, hasEna }: Pick<Machine, 'architecture' | 'hasEna'>, type: string): void {
    this.mustHaveType(type)
    const row = sampleTypes[type]!
    if (!row.architectures.includes(architecture))
      throw new CloudFault(
        'InvalidParameterValue',
        `The architecture '${row.architectures.join(',')}' of the specified instance type does not match the architecture '${architecture}' of the specified AMI.`,
      )
    if (row.ena === 'required' && !hasEna)
      throw new CloudFault(
        'InvalidParameterCombination',
        `Enhanced networking with the Elastic Network Adapter (ENA) is required for the '${type}' instance type. Ensure that your instance is enabled for ENA.`,
      )
  }

  /** The machine as it is now; throws as EC2 does where there is none. */
  machine(region: string, id: string): Machine {
    if (!/^i-[0-9a-f]{8}([0-9a-f]{9})?$/.test(id)) throw new CloudFault('InvalidInstanceID.Malformed', `Invalid id: "${id}"`)
    const machine = this.machines.get(id)
    if (machine === undefined || machine.region !== region)
      throw new CloudFault('InvalidInstanceID.NotFound', `The instance ID '${id}' does not exist`)
    this.settle(machine)
    return machine
  }

  volume(region: string, id: string): Volume {
    const volume = this.volumes.get(id)
    if (volume === undefined || volume.region !== region)
      throw new CloudFault('InvalidVolume.NotFound', `The volume '${id}' does not exist.`)
    return volume
  }

  /** Its volumes that are kept are free; the host behind it goes off. */
  terminate(machine: Machine, because: string): void {
    for (const volume of this.attached(machine.id)) if (!volume.attachment!.deletesWithMachine) volume.attachment = null
    machine.stateReason = because
    this.move(machine, 'shutting-down', 'terminated')
    this.options.power(machine, 'off')
  }

  private settle(machine: Machine): void {
    if (machine.interruption !== null && machine.interruption.atMs <= this.options.now()) this.reclaim(machine)
    if (machine.next === null || machine.next.atMs > this.options.now()) return
    const { state, atMs } = machine.next
    Object.assign(machine, { state, next: null })
    if (state === 'terminated') for (const volume of this.attached(machine.id)) this.volumes.delete(volume.id)
    this.remember(machine, atMs)
  }

  attached(machineId: string): Volume[] {
    return [...this.volumes.values()].filter(({ attachment }) => attachment?.machineId === machineId)
  }

  /** Keeps the machine as it is now for who describes it later than the consistency allows. */
  remember(machine: Machine, atMs = this.options.now(), consistencyMs = this.options.consistencyMs): void {
    const from = atMs + consistencyMs
    const kept = this.shown.get(machine.id) ?? []
    this.shown.set(machine.id, [...kept.slice(-8), { from, machine: { ...machine, tags: { ...machine.tags } } }])
  }

  /** Nobody has described the machine yet: nothing is shown of it until the consistency allows. */
  forget(machine: Machine): void {
    this.shown.delete(machine.id)
  }

  /** Machines of the region as they are shown at the moment: what was just changed may still be its old self. */
  seen(region: string): Machine[] {
    return [...this.machines.values()].flatMap((machine) => {
      if (machine.region !== region) return []
      this.settle(machine)
      const now = this.options.now()
      return this.shown.get(machine.id)?.findLast(({ from }) => from <= now)?.machine ?? []
    })
  }

  move(machine: Machine, through: MachineState, to: MachineState): void {
    Object.assign(machine, { state: through, next: { state: to, atMs: this.options.now() + this.options.settleMs } })
    this.remember(machine)
  }

  /** AWS takes a spot machine back, at once. */
  reclaim(machine: Machine): void {
    if (machine.state === 'pending' || machine.state === 'running') this.terminate(machine, spotReason)
  }

  /** A machine that is there already, as somebody made it before. `volumeGb`: of its root; 0: without one. */
  add(region: string, given: Partial<Machine> & { volumeGb?: number } = {}): Machine {
    const { volumeGb = 20, ...rest } = given
    const number = this.machines.size
    const machine: Machine = {
      id: newId('i'),
      region,
      zone: `${region}a`,
      type: 'm5.large',
      architecture: 'x86_64',
      hasEna: true,
      market: 'on-demand',
      imageId: 'ami-0a1b2c3d4e5f60718',
      state: 'running',
      stateReason: '',
      next: null,
      privateIp: `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`,
      publicIp: null,
      launchedAtMs: this.options.now(),
      clientToken: null,
      keyName: null,
      groupIds: [],
      userData: null,
      console: null,
      httpTokens: 'optional',
      interruption: null,
      rebalanceAtMs: null,
      tags: {},
      ...rest,
    }
    this.machines.set(machine.id, machine)
    this.remember(machine, machine.launchedAtMs, 0)
    if (volumeGb > 0) this.addVolume(machine, { sizeGb: volumeGb, device: '/dev/xvda', isRoot: true })
    return machine
  }

  addVolume(
    machine: Machine,
    {
      device,
      isRoot,
      deletesWithMachine = isRoot,
      ...given
    }: { device: string; isRoot: boolean; deletesWithMachine?: boolean; sizeGb: number } & Partial<Volume>,
  ): Volume {
    const atMs = this.options.now()
    const volume: Volume = {
      id: newId('vol'),
      region: machine.region,
      zone: machine.zone,
      type: 'gp3',
      iops: 3000,
      throughput: 125,
      isEncrypted: true,
      createdAtMs: atMs,
      attachment: { machineId: machine.id, device, isRoot, deletesWithMachine, atMs },
      tags: {},
      ...given,
    }
    this.volumes.set(volume.id, volume)
    return volume
  }
}
