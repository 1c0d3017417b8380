import type { GatherContext } from '@/lib/kernel/operation/operation'
import type { InventoryInstance, PostgresRead, Probe, ReadPorts, StopMode } from '@/lib/ports'

/** An interface as the plain JSON it is, so that it can be stored as facts. */
export type Plain<T> = T extends readonly (infer Item)[] ? Plain<Item>[] : T extends object ? { [Key in keyof T]: Plain<T[Key]> } : T

export type Commands = { start: string[]; stop: string[]; restart: string[]; reload: string[] }
/** An instance as effects act on it. */
export type Place = Plain<InventoryInstance> & { commands: Commands }

/** Another instance of the herd, as far as operations on its neighbour care. */
export type Member = {
  id: string
  title: string
  hosts: string[]
  port: number
  state: Probe['state']
  role: Probe['role']
  timeline: number | null
  systemIdentifier: string | null
  upstream: Plain<Probe['upstream']>
}

export type InstanceFacts = { instance: Place; probe: Plain<Probe> }
export type HerdFacts = InstanceFacts & {
  others: Member[] /** Why it must not start as a primary; null: nothing is recorded against it. */
  replaced: string | null
}

/** A look that takes longer is as good as no answer. */
export const probeTimeoutMs = 15_000

const lookAtInstance = async (
  ports: ReadPorts,
  instance: InventoryInstance,
  signal: AbortSignal,
  mode: StopMode,
): Promise<InstanceFacts> => {
  const probe = await ports.postgres.probe(instance.address, { timeoutMs: probeTimeoutMs, signal })
  return { instance: { ...instance, commands: commandsOf(ports.postgres, instance, mode) }, probe }
}

/** The instance, seen just now. A machine that is down gives a probe that says so, not a fault. */
export const gatherInstance = async (
  ports: ReadPorts,
  { targetId, signal }: GatherContext,
  mode: StopMode = 'fast',
): Promise<InstanceFacts> => lookAtInstance(ports, await ports.inventory.instance(targetId), signal, mode)

/** The instance and the rest of its herd, all seen just now. */
export const gatherHerd = async (ports: ReadPorts, { targetId, signal }: GatherContext, mode: StopMode = 'fast'): Promise<HerdFacts> => {
  const instance = await ports.inventory.instance(targetId)
  const lookAtOthers = async (): Promise<Member[]> => {
    const members = await ports.inventory.herdInstances(instance.herdId)
    return Promise.all(members.filter(({ id }) => id !== targetId).map((member) => lookAtMember(ports, member, signal)))
  }
  const [own, others, standing] = await Promise.all([
    lookAtInstance(ports, instance, signal, mode),
    lookAtOthers(),
    ports.inventory.herdStanding(instance.herdId),
  ])
  return { ...own, others, replaced: standing.members.find(({ id }) => id === targetId)?.replaced?.because ?? null }
}

const lookAtMember = async (ports: ReadPorts, member: InventoryInstance, signal: AbortSignal): Promise<Member> =>
  asMember(member, await ports.postgres.probe(member.address, { timeoutMs: probeTimeoutMs, signal }))

/** An instance as its neighbours care for it. */
export const asMember = ({ id, title, address }: Plain<InventoryInstance>, probe: Plain<Probe>): Member => {
  const { state, role, timeline, systemIdentifier, upstream } = probe
  const hosts = [...new Set([address.host.address.toLowerCase(), address.host.hostname.toLowerCase()])]
  return { id, title, hosts, port: address.port, state, role, timeline, systemIdentifier, upstream }
}

export const commandsOf = ({ commands }: PostgresRead, { address }: InventoryInstance, mode: StopMode): Commands => ({
  start: commands.start(address),
  stop: commands.stop(address, mode),
  restart: commands.restart(address, mode),
  reload: commands.reload(address),
})

export const isUp = (state: Probe['state']): boolean =>
  state === 'online' || state === 'starting' || state === 'stopping' || state === 'refused'
export const isDown = (state: Probe['state']): boolean => state === 'stopped' || state === 'crashed'
