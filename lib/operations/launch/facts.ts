import { clusterNameOf, dataDirectoryOf, launchPort, settingsOn } from '@/lib/domain/blueprints/launch/launched'
import { blueprintTag, hostKeyTag, hostnameOf } from '@/lib/domain/blueprints/launch/tags'
import type { TunedSetting } from '@/lib/domain/blueprints/tuning'
import type {
  HostAddress,
  InstanceAddress,
  InventoryBlueprint,
  Launched,
  LaunchedMachine,
  LaunchedVolume,
  LaunchImage,
  LaunchPlace,
  ReadPorts,
} from '@/lib/ports'
import { packagedSockets } from '@/lib/ports/addresses'
import type { Plain } from '../facts/instance'
import type { LaunchInput } from './input'

export const lookTimeoutMs = 20_000
export const cloudTimeoutMs = 15_000

export type LaunchFacts = {
  input: LaunchInput
  /** Of the member that is launched: 1 is the first primary. */
  number: number
  launch: Plain<InventoryBlueprint>
  /** null: the blueprint names no account, or nothing fits. */
  place: Plain<LaunchPlace> | null
  /** By architecture. */
  images: { [architecture: string]: Plain<LaunchImage> }
  /** What carries the blueprint's tag already; null: not known. */
  left: Plain<Launched> | null
  /** Why AWS was not asked, or did not answer; null: it did. */
  unseen: string | null
  /** Why EC2 would not launch the first choice; null: it would. */
  refusal: string | null
  /** What of its names is taken, in words. */
  taken: string[]
  /** The volume with data that its machine gets; null: a new one, or none. */
  kept: Plain<LaunchedVolume> | null
  /** What a standby may not have less of than its primary; empty for a primary. */
  atLeast: { [name: string]: string }
  ids: { herd: string; server: string; instance: string }
  /** The machine of its name whose place it takes; null: there is none, or EC2 does not list it any more. */
  insteadOf: string | null
}

/** Once the gates have passed there is one. */
export const placeIn = ({ place }: Pick<LaunchFacts, 'place'>): LaunchPlace => place!

export const keysIdOf = ({ launch }: Pick<LaunchFacts, 'launch'>): string => `launch:${launch.id}`

export const isAlive = ({ state }: Pick<LaunchedMachine, 'state'>): boolean => state === 'pending' || state === 'running'

/** What carries the tag of a blueprint in that place. */
export const taggedBy = (place: LaunchPlace, blueprintId: string, ports: ReadPorts, signal: AbortSignal): Promise<Launched> =>
  ports.cloud.launched(place, { [blueprintTag]: blueprintId }, { timeoutMs: cloudTimeoutMs, signal })

/** What the host of the member is called, and its machine. */
export const memberName = ({ launch, number }: Pick<LaunchFacts, 'launch' | 'number'>): string => hostnameOf(launch.blueprint.name, number)

/** The member's machine as it is now; null: there is none that runs. No other one of the blueprint has its name, but the one whose place it takes: a gate saw to that. */
export const machineNow = async (facts: LaunchFacts, ports: ReadPorts, signal: AbortSignal): Promise<LaunchedMachine | null> => {
  if (facts.place === null) return null
  const { machines } = await taggedBy(placeIn(facts), facts.launch.id, ports, signal)
  return machines.find((one) => isAlive(one) && one.tags.Name === memberName(facts) && one.id !== facts.insteadOf) ?? null
}

export const addressOf = ({ launch }: LaunchFacts, { privateAddress, publicAddress }: LaunchedMachine): string | null =>
  launch.blueprint.isPrivate ? privateAddress : publicAddress

export const hostOf = (facts: LaunchFacts, machine: LaunchedMachine): HostAddress => ({
  serverId: '',
  environmentId: facts.launch.environmentId,
  hostname: memberName(facts),
  address: addressOf(facts, machine) ?? '',
  port: 22,
  user: 'postgres',
  hostKey: machine.tags[hostKeyTag] ?? null,
})

export const instanceOn = (facts: LaunchFacts, host: HostAddress): InstanceAddress => ({
  instanceId: facts.ids.instance,
  herdId: facts.ids.herd,
  host,
  clusterName: clusterNameOf(facts.launch.blueprint),
  major: facts.launch.blueprint.major,
  port: launchPort,
  dataDirectory: dataDirectoryOf(facts.launch.blueprint),
  socketDirectory: packagedSockets,
  profile: 'debian',
  binDirectory: null,
})

/** For the machine that runs; for the first choice while there is none. */
export const settingsFor = ({ launch, atLeast }: LaunchFacts, machine: LaunchedMachine | null): TunedSetting[] => {
  const choice = launch.choices.find(({ type }) => type === machine?.type) ?? launch.choices[0]
  if (choice === undefined) return []
  const because = 'A standby may not have less of it than its primary.'
  const limits = Object.entries(atLeast).map(([name, value]) => ({ name, value, because }))
  return [...settingsOn(launch.blueprint, choice).filter(({ name }) => atLeast[name] === undefined), ...limits]
}
