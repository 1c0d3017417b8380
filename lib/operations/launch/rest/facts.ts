import { hostnameOf } from '@/lib/domain/blueprints/launch/tags'
import { isFault } from '@/lib/kernel/ground/errors'
import type { GatherContext } from '@/lib/kernel/operation/operation'
import type {
  InventoryBlueprint,
  LaunchChoice,
  Launched,
  LaunchedMachine,
  LaunchedVolume,
  LaunchImage,
  LaunchPlace,
  Probe,
  ReadPorts,
} from '@/lib/ports'
import { dataDevice } from '@/lib/ports/launches'
import { commandsOf, type Place, type Plain, probeTimeoutMs } from '../../facts/instance'
import { cloudTimeoutMs, hostOf, isAlive, type LaunchFacts } from '../facts'
import { findLaunched } from '../tear-down/facts'

const membersMax = 20

export type RestMember = {
  /** Of the member among those of the blueprint; null: its server is called otherwise. */
  number: number | null
  place: Place
  probe: Plain<Probe>
  /** It was the primary when it was seen last. */
  isPrimary: boolean
  /** Terminated ones do not count; null: there is none. */
  machine: Plain<LaunchedMachine> | null
  /** The volume with its data; null: they lie on the system disk. */
  volume: Plain<LaunchedVolume> | null
  /** What a new machine of it may be, in the zone of its volume. */
  choices: Plain<LaunchChoice>[]
}

export type RestFacts = {
  launch: Plain<InventoryBlueprint>
  /** null: nothing of it is on AWS. */
  place: Plain<LaunchPlace> | null
  /** Why AWS did not say; null: it did. */
  unseen: string | null
  images: { [architecture: string]: Plain<LaunchImage> }
  members: RestMember[]
  /** Titles of poolers and DNS names that lead to it. */
  leading: string[]
}

const machineOf = ({ machines }: Plain<Launched>, hostname: string): Plain<LaunchedMachine> | null => {
  const own = machines.filter(({ state, tags }) => tags.Name === hostname && state !== 'terminated' && state !== 'shutting-down')
  return own.find(isAlive) ?? own[0] ?? null
}

const volumeOf = ({ volumes }: Plain<Launched>, hostname: string, machine: Plain<LaunchedMachine> | null): Plain<LaunchedVolume> | null =>
  volumes.find(({ machineId, device }) => machine !== null && machineId === machine.id && device === dataDevice) ??
  volumes.find(({ tags, goesWithMachine, state }) => tags.Name === hostname && !goesWithMachine && state !== 'deleting') ??
  null

const numberOf = (name: string, hostname: string): number | null =>
  Array.from({ length: membersMax }, (_one, at) => at + 1).find((number) => hostnameOf(name, number) === hostname) ?? null

/** `isResumed`: what new machines could be had is looked up, too. */
export const gatherRest =
  (isResumed: boolean) =>
  async (ports: ReadPorts, _input: unknown, { targetId, signal }: GatherContext): Promise<RestFacts> => {
    const launch = (await ports.inventory.blueprint(targetId)) as Plain<InventoryBlueprint>
    const { found, unseen } = await findLaunched(ports, launch, signal)
    const there = found.find(({ launched }) => launched.machines.length + launched.volumes.length > 0)
    const facts: RestFacts = { launch, place: there?.place ?? null, unseen, images: {}, members: [], leading: [] }
    if (launch.herd === null) return facts
    const launched = there?.launched ?? { machines: [], volumes: [], groups: [] }
    const [all, standing, poolers, names] = await Promise.all([
      ports.inventory.herdInstances(launch.herd.id),
      ports.inventory.herdStanding(launch.herd.id),
      ports.inventory.herdPoolers(launch.herd.id),
      ports.inventory.herdNames(launch.herd.id),
    ])
    facts.leading = [...poolers.map(({ title }) => `the pooler ${title}`), ...names.map(({ title }) => `the DNS name ${title}`)]
    facts.members = await Promise.all(
      all.map(async (one): Promise<RestMember> => {
        const place = { ...one, commands: commandsOf(ports.postgres, one, 'fast') } as Place
        const { hostname } = one.address.host
        const machine = machineOf(launched, hostname)
        const volume = volumeOf(launched, hostname, machine)
        return {
          number: numberOf(launch.blueprint.name, hostname),
          place,
          probe: (await ports.postgres.probe(one.address, { timeoutMs: probeTimeoutMs, signal })) as Plain<Probe>,
          isPrimary: standing.members.find(({ id }) => id === one.id)?.lastRole === 'primary',
          machine,
          volume,
          choices: !isResumed || machine !== null || volume === null ? [] : await ports.inventory.choicesIn(launch.id, volume.zone),
        }
      }),
    )
    return isResumed && facts.place !== null ? { ...facts, ...(await imagesFor(facts, ports, signal)) } : facts
  }

const imagesFor = async (
  { members, place, unseen }: RestFacts,
  ports: ReadPorts,
  signal: AbortSignal,
): Promise<Pick<RestFacts, 'images' | 'unseen'>> => {
  const images: RestFacts['images'] = {}
  try {
    for (const architecture of new Set(members.flatMap(({ choices }) => choices.map((one) => one.architecture)))) {
      const image = await ports.cloud.image(place!, architecture, { timeoutMs: cloudTimeoutMs, signal })
      if (image !== null) images[architecture] = { ...image }
    }
    return { images, unseen }
  } catch (error) {
    if (!isFault(error) || signal.aborted) throw error
    return { images, unseen: error.message }
  }
}

/** EC2 stops it and starts it again; any other one is terminated, and a new one gets its volume. */
export const canStop = ({ machine }: Pick<RestMember, 'machine'>): boolean => machine?.market === 'on-demand'

/** Its machine is to come anew, or came so and may not be set up to the end. */
export const isFresh = ({ machine }: Pick<RestMember, 'machine'>): boolean => machine === null || isAlive(machine)

/** The member as steps of a launch see it. */
export const memberFacts = ({ launch, place, images }: RestFacts, member: RestMember): LaunchFacts => ({
  input: { consoleNetwork: '' },
  number: member.number ?? 0,
  launch: { ...launch, choices: member.choices },
  place,
  images,
  ...{ left: null, unseen: null, refusal: null, taken: [], atLeast: {} },
  kept: isFresh(member) ? member.volume : null,
  insteadOf: null,
  ids: { herd: member.place.herdId, server: member.place.serverId, instance: member.place.id },
})

/** Where the member is reached on that machine, whose key is pinned on it; one that only was stopped keeps the key that is registered. */
export const placeOn = (facts: RestFacts, member: RestMember, machine: LaunchedMachine): Place => {
  const { address } = member.place
  const { address: now, hostKey } = hostOf(memberFacts(facts, member), machine)
  const host = { ...address.host, address: now, hostKey: hostKey ?? address.host.hostKey }
  return { ...member.place, address: { ...address, host } }
}
