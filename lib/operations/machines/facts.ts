import type { JsonObject } from '@/lib/kernel/ground/json'
import type { About, GatherContext } from '@/lib/kernel/operation/operation'
import type { Interrupted } from '@/lib/kernel/operation/own-database'
import type { InventoryWholeMachine, MemberStanding, ReadPorts } from '@/lib/ports'
import { asMember, gatherHerd, type HerdFacts, type Place, type Plain } from '../facts/instance'
import type { NameMove } from '../facts/names'
import { gatherLeaving, type SeenMachine, targetOf, targetsAmong } from '../resize/facts'
import { gatherRoll, type HerdRoll } from '../rolling/facts'

/** An instance on the machine with its herd. */
export type OnMachine = HerdFacts & { roll: HerdRoll; lastRole: MemberStanding['lastRole']; leave: NameMove[]; alone: string[] }

export type MachineFacts = {
  machine: Plain<InventoryWholeMachine>
  /** As EC2 says; null: it could not be asked, and `unseen` says why. */
  now: SeenMachine | null
  unseen: string | null
  /** GB of disks that are lost when it stops; null: it has none. */
  instanceStorageGb: number | null
  members: OnMachine[]
}

const cloudTimeoutMs = 15_000

/** `isBack`: names are to hold what stands on it, as it is once the machine runs; without it they are to be without. */
export const gatherMachine = async (ports: ReadPorts, context: GatherContext, isBack: boolean): Promise<MachineFacts> => {
  const machine = await ports.inventory.wholeMachine(context.targetId)
  const [seen, members] = await Promise.all([
    lookAtMachine(ports, machine, context),
    Promise.all(machine.instances.map(({ id }) => gatherMember(ports, id, isBack, context))),
  ])
  return { machine, ...seen, members }
}

const lookAtMachine = async (
  ports: ReadPorts,
  machine: InventoryWholeMachine,
  { signal }: GatherContext,
): Promise<Pick<MachineFacts, 'now' | 'unseen' | 'instanceStorageGb'>> => {
  if (machine.kind === 'rds')
    return {
      now: null,
      unseen: 'It is a DB instance of RDS, which has no machine of its own to start, stop or reboot.',
      instanceStorageGb: null,
    }
  const options = { timeoutMs: cloudTimeoutMs, signal }
  try {
    const now = await ports.cloud.machine(machine, options)
    const [type] = await ports.cloud.types(machine, now.zone, [now.type], options)
    return { now: { ...now }, unseen: null, instanceStorageGb: type?.instanceStorageGb ?? null }
  } catch (error) {
    if (!(error instanceof Error) || signal.aborted) throw error
    return { now: null, unseen: error.message, instanceStorageGb: null }
  }
}

const gatherMember = async (ports: ReadPorts, id: string, isBack: boolean, { signal }: GatherContext): Promise<OnMachine> => {
  const herd = await gatherHerd(ports, { targetId: id, signal })
  const { instance, others } = herd
  const [members, roll, standing] = await Promise.all([
    ports.inventory.herdInstances(instance.herdId),
    gatherRoll(ports, instance.herdId, { targetId: instance.herdId, signal }),
    ports.inventory.herdStanding(instance.herdId),
  ])
  const own = { ...targetOf(instance, asMember(instance, herd.probe)), role: 'standby' as const, isOnline: true }
  const targets = [...targetsAmong(members, others), ...(isBack ? [own] : [])].toSorted((a, b) => (a.title < b.title ? -1 : 1))
  const names = await gatherLeaving(ports, instance.herdId, targets, signal)
  return { ...herd, ...names, roll, lastRole: standing.members.find((one) => one.id === id)?.lastRole ?? 'unknown' }
}

export const placesOf = ({ members }: MachineFacts): Place[] => members.map(({ instance }) => instance)
export const namesOf = ({ members }: MachineFacts): NameMove[] => members.flatMap(({ leave }) => leave)

/** One herd's job where all on it are of one. */
export const aboutMachine = ({ machine, members }: MachineFacts): About => {
  const herds = new Set(members.map(({ instance }) => instance.herdId))
  const [only] = herds
  return {
    title: machine.title,
    environmentId: machine.environmentId,
    herdId: herds.size === 1 ? (only ?? null) : null,
    serverId: machine.server?.id ?? null,
  }
}

export const firmMachine = ({ machine, now, members }: MachineFacts): JsonObject => ({
  machine,
  state: now?.state ?? null,
  members: members.map(({ instance, probe, leave }) => ({
    id: instance.id,
    address: instance.address,
    role: probe.role,
    state: probe.state,
    leave,
  })),
})

export const locksOf = ({ machine, members }: MachineFacts): string[] => [
  `machine:${machine.id}`,
  ...new Set(members.map(({ instance }) => `herd:${instance.herdId}`)),
]

export const interruptsAll = ({ members }: MachineFacts): Interrupted[] =>
  members.map(({ instance, probe }) => ({ place: instance, probe }))

export const machineRows = ({ machine, now, members }: MachineFacts): { label: string; value: string }[] => [
  { label: 'Machine', value: `${machine.instanceId}, ${machine.region}` },
  { label: 'Server', value: machine.server?.title ?? 'none is tied to it' },
  ...(now === null ? [] : [{ label: 'State', value: `${now.state}, ${now.type}, ${now.zone}` }]),
  ...members.map(({ instance, probe }) => ({
    label: instance.title,
    value: probe.role === 'unknown' ? probe.state : `${probe.role}, ${probe.state}`,
  })),
  ...(machine.poolers.length === 0 ? [] : [{ label: 'Poolers', value: machine.poolers.join(', ') }]),
]
