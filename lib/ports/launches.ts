import type { CloudCallOptions, CloudSettings, MachineMarket } from './cloud-call'

/** Where a herd is launched. */
export interface LaunchPlace {
  accountId: string
  region: string
}

export type Tags = Readonly<Record<string, string>>

/** Who may connect where: a TCP port, and a network as AWS writes it (`203.0.113.7/32`). */
export interface LaunchRule {
  port: number
  network: string
  description: string
}

export interface LaunchedMachine {
  id: string
  /** EC2's own: `pending`, `running`, `shutting-down`, `terminated` … */
  state: string
  type: string
  zone: string
  market: MachineMarket
  privateAddress: string | null
  publicAddress: string | null
  tags: Tags
}

export interface LaunchedVolume {
  id: string
  /** `in-use`, `available` … */
  state: string
  zone: string
  sizeGb: number
  /** `gp3` … */
  kind: string
  /** What it is attached to, and as which device; null: to nothing. */
  machineId: string | null
  device: string | null
  /** It goes with the machine that it is attached to. */
  goesWithMachine: boolean
  tags: Tags
}

export interface LaunchedGroup {
  id: string
  name: string
  rules: readonly LaunchRule[]
  tags: Tags
}

/** What carries all of some tags. A machine that is terminated stays in sight for about an hour. */
export interface Launched {
  machines: LaunchedMachine[]
  volumes: LaunchedVolume[]
  groups: LaunchedGroup[]
}

export interface LaunchImage {
  id: string
  /** `debian-13-amd64-20260901-2587` */
  name: string
}

export interface GroupSpec {
  /** Unique in its network. */
  name: string
  description: string
  /** null: the default network of the region. */
  vpcId: string | null
  tags: Tags
}

export interface MachineSpec {
  /** The same request with the same token launches once; at most 64 letters, digits and dashes. */
  token: string
  imageId: string
  type: string
  market: MachineMarket
  /** USD per hour, for spot; null: up to the on-demand price. */
  priceMaxUsd: string | null
  /** null: that of the subnet. */
  zone: string | null
  /** null: the default of the zone. */
  subnetId: string | null
  groupIds: readonly string[]
  /** A key pair of EC2; null: none. */
  keyName: string | null
  hasPublicAddress: boolean
  userData: string
  rootGb: number
  /** A volume that stays when the machine goes; null: none. */
  volume: { sizeGb: number; kind: string; iops: number | null; mibs: number | null } | null
  /** Of the machine and its volumes. */
  tags: Tags
}

/** The device name of the system disk of Debian's images. */
export const rootDevice = '/dev/xvda'
/** Of system disks in general, by image and kernel. */
export const rootDevices: readonly string[] = [rootDevice, '/dev/sda1', '/dev/nvme0n1']
/** The device name of the volume that stays; the kernel calls it otherwise. */
export const dataDevice = '/dev/sdf'

type OfAccount<Rest extends unknown[], Answer> = (account: CloudSettings, region: string, ...rest: Rest) => Promise<Answer>
type AtPlace<Rest extends unknown[], Answer> = (place: LaunchPlace, ...rest: Rest) => Promise<Answer>

/** All throw `cloud.refused` and `cloud.unreachable`; never part of a list. What was just made may not be in sight yet. */
interface Reading {
  /** Everything that has all of these tags. */
  launched: [[tags: Tags, options: CloudCallOptions], Launched]
  /** The newest image of Debian of that architecture; null: the region has none. */
  image: [[architecture: string, options: CloudCallOptions], LaunchImage | null]
  /** What the machine wrote on its console so far; null: nothing is to be had yet. */
  console: [[instanceId: string, options: CloudCallOptions], string | null]
  /** Whether EC2 would launch it, by its own dry run: capacity is not judged. Throws why not, also `cloud.unfit`. */
  mayLaunch: [[spec: MachineSpec, options: CloudCallOptions], true]
}

/** Throw as `MachinesAct.act`: only with `isOver` was nothing done. Each may be repeated. */
interface Acting {
  /** A group that lets nobody in. One of that name that is there already is no error. */
  makeGroup: [spec: GroupSpec, options: CloudCallOptions]
  /** Lets in besides. What is let in already is no error. */
  allow: [groupId: string, rules: readonly LaunchRule[], options: CloudCallOptions]
  /** None is no error, but to a policy that is bound to tags, which what is not there has not: `cloud.refused`. Throws `cloud.wrong-state` while something uses it. */
  dropGroup: [groupId: string, options: CloudCallOptions]
  /** Accepted, or refused: `cloud.no-capacity`, `cloud.unfit`, `cloud.refused`. */
  launch: [spec: MachineSpec, options: CloudCallOptions]
  /** Sets tags; others stay. */
  tag: [ids: readonly string[], tags: Tags, options: CloudCallOptions]
  /** What of it becomes of its state. None is no error. */
  terminate: [instanceIds: readonly string[], options: CloudCallOptions]
  /** Attached to it already is no error. Throws `cloud.wrong-state` while it is attached elsewhere, or the machine does not run yet. */
  attach: [volumeId: string, to: { instanceId: string; device: string }, options: CloudCallOptions]
  /** As `dropGroup`. Throws `cloud.wrong-state` while it is attached. */
  dropVolume: [volumeId: string, options: CloudCallOptions]
}

type Answers<Calls, How extends 'account' | 'place'> = {
  [Name in keyof Calls]: Calls[Name] extends [infer Rest extends unknown[], infer Answer]
    ? How extends 'account'
      ? OfAccount<Rest, Answer>
      : AtPlace<Rest, Answer>
    : never
}
type Acts<Calls, How extends 'account' | 'place'> = {
  [Name in keyof Calls]: Calls[Name] extends infer Rest extends unknown[]
    ? How extends 'account'
      ? OfAccount<Rest, void>
      : AtPlace<Rest, void>
    : never
}

export type LaunchesRead = Answers<Reading, 'account'>
export type LaunchesAct = Acts<Acting, 'account'>
/** The same for operations, by the id of the account. */
export type CloudLaunchesRead = Answers<Reading, 'place'>
export type CloudLaunchesAct = Acts<Acting, 'place'>
