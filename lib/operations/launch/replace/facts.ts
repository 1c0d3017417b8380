import { z } from 'zod'
import { hostnameOf } from '@/lib/domain/blueprints/launch/tags'
import { isFault } from '@/lib/kernel/ground/errors'
import type { GatherContext } from '@/lib/kernel/operation/operation'
import type { InventoryBlueprint, InventoryInstance, Launched, LaunchedMachine, LaunchedVolume, Probe, ReadPorts } from '@/lib/ports'
import { dataDevice } from '@/lib/ports/launches'
import { asMember, commandsOf, type Member, type Place, type Plain, probeTimeoutMs } from '../../facts/instance'
import { hostOf, isAlive, type LaunchFacts, taggedBy } from '../facts'
import { askCloud } from '../gather'

export const replaceInput = z.strictObject({
  member: z
    .string()
    .max(200)
    .default('')
    .meta({
      title: 'Member',
      examples: ['shop on shop-1'],
      description:
        'Whose machine is replaced, as the herd’s page names it: refused where another one is the primary by now. Empty: whichever is the primary.',
    }),
})
type ReplaceInput = z.infer<typeof replaceInput>

export type ReplaceFacts = LaunchFacts & {
  /** The primary as it is registered; null: `why`. */
  primary: Place | null
  why: string | null
  probe: Plain<Probe> | null
  /** Why it must not take writes; null: nothing is recorded against it. */
  replaced: string | null
  others: Member[]
  /** Its machine; null: EC2 does not list it any more. */
  old: Plain<LaunchedMachine> | null
  /** With data of that member. */
  volumes: Plain<LaunchedVolume>[]
  /** Ids of other machines that run under its name. */
  strays: string[]
  /** Titles of what names its address: DNS names that carry it, and poolers. */
  names: string[]
  poolers: string[]
}

/** Once the gates have passed there is one. */
export const primaryOf = ({ primary }: Pick<ReplaceFacts, 'primary'>): Place => primary!

export const gatherReplace = async (ports: ReadPorts, input: ReplaceInput, { targetId, signal }: GatherContext): Promise<ReplaceFacts> => {
  const launch = (await ports.inventory.blueprint(targetId)) as Plain<InventoryBlueprint>
  const nobody: ReplaceFacts = {
    ...{ input: { consoleNetwork: '' }, number: 1, launch: { ...launch, choices: [] }, place: null, taken: [], images: {} },
    ...{ left: null, unseen: null, refusal: null, atLeast: {}, kept: null, insteadOf: null },
    ids: { herd: launch.herd?.id ?? '', server: '', instance: '' },
    ...{ primary: null, why: null, probe: null, replaced: null, others: [], old: null, volumes: [], strays: [], names: [], poolers: [] },
  }
  if (launch.herd === null) return { ...nobody, why: 'No herd was launched from it.' }
  const herd = await lookAtHerd(ports, launch.herd.id, signal)
  if (herd.primary === null) return { ...nobody, ...herd }
  const { title } = herd.primary
  if (input.member !== '' && input.member !== title)
    return { ...nobody, ...herd, why: `${title} is the primary by now, and not ${input.member}.` }
  const number = numberOf(herd.primary, launch.blueprint.name)
  if (number === null) return { ...nobody, ...herd, why: `${herd.primary.title} is on a server that was not launched with the herd.` }
  const { id, serverId } = herd.primary
  const own = { ...nobody, ...herd, number, ids: { herd: launch.herd.id, server: serverId, instance: id } }
  const region = (launch.standbyChoices[0] ?? launch.choices[0])?.region
  if (launch.account === null || region === undefined) return own
  return { ...own, ...(await lookAtCloud(ports, { ...own, place: { accountId: launch.account.id, region } }, signal)) }
}

/** `shop-2` is the second member of `shop`. */
const numberOf = ({ address }: Pick<InventoryInstance, 'address'>, name: string): number | null => {
  const number = Number(address.host.hostname.slice(name.length + 1))
  return Number.isInteger(number) && address.host.hostname === hostnameOf(name, number) ? number : null
}

type HerdSeen = Pick<ReplaceFacts, 'primary' | 'why' | 'probe' | 'replaced' | 'others' | 'names' | 'poolers'>

const lookAtHerd = async (ports: ReadPorts, herdId: string, signal: AbortSignal): Promise<HerdSeen> => {
  const [instances, standing, names, poolers] = await Promise.all([
    ports.inventory.herdInstances(herdId),
    ports.inventory.herdStanding(herdId),
    ports.inventory.herdNames(herdId),
    ports.inventory.herdPoolers(herdId),
  ])
  const probes = await Promise.all(instances.map((one) => ports.postgres.probe(one.address, { timeoutMs: probeTimeoutMs, signal })))
  const standingOf = ({ id }: InventoryInstance) => standing.members.find((one) => one.id === id)
  const leading = instances.filter((_one, at) => probes[at]!.state === 'online' && probes[at]!.role === 'primary')
  const former = instances.filter((one) => standingOf(one)?.lastRole === 'primary' && standingOf(one)?.replaced === null)
  const led = leading.length > 0 ? leading : former
  const none = { primary: null, probe: null, replaced: null, others: [], names: [], poolers: [] }
  if (led.length !== 1)
    return {
      ...none,
      why:
        led.length === 0
          ? 'Which member was the primary is not known.'
          : `${led.map(({ title }) => title).join(' and ')} both are primaries, or were.`,
    }
  const [instance] = led as [InventoryInstance]
  return {
    primary: { ...instance, commands: commandsOf(ports.postgres, instance, 'fast') } as Place,
    why: null,
    probe: probes[instances.indexOf(instance)]! as Plain<Probe>,
    replaced: standingOf(instance)?.replaced?.because ?? null,
    others: instances.flatMap((one, at) => (one.id === instance.id ? [] : [asMember(one, probes[at]!)])),
    names: names.filter(({ carries, follows }) => carries === 'address' && follows !== 'standbys').map(({ title }) => title),
    poolers: poolers.map(({ title }) => title),
  }
}

/** The old machine, the volume, and what EC2 has in its zone. */
const lookAtCloud = async (ports: ReadPorts, facts: ReplaceFacts, signal: AbortSignal): Promise<Partial<ReplaceFacts>> => {
  const { launch, place, primary } = facts
  let left: Launched
  try {
    left = await taggedBy(place!, launch.id, ports, signal)
  } catch (error) {
    if (!isFault(error) || signal.aborted) throw error
    return { place, unseen: error.message }
  }
  const { hostname, address } = primary!.address.host
  const own = left.machines.filter(({ tags }) => tags.Name === hostname)
  const volumes = left.volumes.filter(
    ({ machineId, device, tags }) => tags.Name === hostname && (machineId === null || device === dataDevice),
  )
  const holder = left.machines.find(({ id }) => volumes.some(({ machineId }) => machineId === id))
  const old = holder ?? own.find((one) => [one.privateAddress, one.publicAddress].includes(address)) ?? null
  const strays = own.filter((one) => isAlive(one) && one.id !== old?.id).map(({ id }) => id)
  const [volume] = volumes
  const choices = volume === undefined ? [] : await ports.inventory.choicesIn(launch.id, volume.zone)
  const taken = { place, kept: (volume ?? null) as Plain<LaunchedVolume> | null, insteadOf: old?.id ?? null }
  const seen = { ...facts, ...taken, launch: { ...launch, choices: choices.map((one) => ({ ...one })) } }
  const found = {
    ...taken,
    launch: seen.launch,
    old: old as Plain<LaunchedMachine> | null,
    volumes: volumes as Plain<LaunchedVolume>[],
    strays,
  }
  return choices.length === 0 ? { ...found, left: left as Plain<Launched> } : { ...found, ...(await askCloud(seen, ports, signal)) }
}

/** Passwords that members log in to each other with are copied off the old system disk. */
export const keepsPassfile = ({ others, probe }: Pick<ReplaceFacts, 'others' | 'probe'>): boolean =>
  others.length > 0 && probe?.state === 'online'

/** The primary where its data are now. */
export const placedOn = (facts: ReplaceFacts, machine: LaunchedMachine): Place => {
  const place = primaryOf(facts)
  return { ...place, address: { ...place.address, host: hostOf(facts, machine) } }
}
