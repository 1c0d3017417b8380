import type { ManagedBy, ManagedMember } from '@/lib/domain/managers/manager'
import { managedByOf, managersOf } from '@/lib/domain/managers/manager'
import type { GatherContext } from '@/lib/kernel/operation/operation'
import type { InventoryInstance, Probe, ReadPorts } from '@/lib/ports'
import { type Plain, probeTimeoutMs } from '../facts/instance'
import { orNull } from '../facts/or-null'

export type SwitchInput = { candidate: string }

/** A member of the herd as Patroni and PostgreSQL see it. */
export type Seat = {
  place: Plain<InventoryInstance>
  probe: Plain<Probe>
  /** As Patroni names it; null: its own Patroni was not found. */
  name: string | null
  /** In the cluster's view; null: it is not in it. */
  member: Plain<ManagedMember> | null
}

export type PatroniFacts = {
  input: SwitchInput
  herd: { id: string; name: string; environmentId: string; environmentName: string }
  cluster: string | null
  /** Why it cannot be asked through Patroni; null: it can. */
  why: string | null
  isPaused: boolean
  /** Names of the leaders that Patroni’s members tell of: more than one while they do not agree. */
  leaders: string[]
  /** Of every member, those that are not registered included. */
  members: Plain<ManagedMember>[]
  leader: Seat | null
  candidate: Seat | null
  /** Why there is none. */
  noCandidate: string | null
  /** Titles of what points to the leader and is not moved by Patroni. */
  pointing: string[]
}

/** What all the members say of their cluster now. */
export interface ClusterView {
  cluster: string | null
  why: string | null
  isPaused: boolean
  leaders: string[]
  members: Plain<ManagedMember>[]
  /** Who manages each of the instances, in their order. */
  by: ManagedBy[]
  /** Name in Patroni by the instance's id. */
  names: Map<string, string | null>
  /** By the instance's id, whether its own Patroni says that it is paused; null: it does not answer, or none was found. */
  pauses: Map<string, boolean | null>
}

const lookTimeoutMs = 10_000
const leadingRoles: ReadonlySet<string> = new Set(['leader', 'master', 'primary', 'standby_leader'])
export const leads = ({ role }: Pick<ManagedMember, 'role'>): boolean => leadingRoles.has(role)
/** Its server runs, and where it is a replica it receives WAL. Patroni 3 says running, later ones streaming. */
export const isWell = ({ state }: Pick<ManagedMember, 'state'>): boolean => state === 'running' || state === 'streaming'

export const viewOf = async (
  ports: ReadPorts,
  instances: readonly Pick<InventoryInstance, 'id' | 'title' | 'address'>[],
  signal: AbortSignal,
): Promise<ClusterView> => {
  const options = { timeoutMs: lookTimeoutMs, signal }
  const looks = await Promise.all(
    instances.map(async ({ id, title, address }) => {
      const seen = await orNull(ports.hosts.managers(address.host, [address.dataDirectory], options), signal)
      const by = managedByOf(seen, address.dataDirectory)
      const found =
        seen === null ? null : managersOf(seen, address.dataDirectory).find((one) => one.kind === 'patroni' && one.state === 'running')
      return { id, title, by, found: found ?? null }
    }),
  )
  const told = looks.flatMap(({ found }) => (found === null || found.members.length === 0 ? [] : [found]))
  const clusters = [...new Set(looks.flatMap(({ found }) => (found?.cluster ? [found.cluster] : [])))]
  const others = looks.filter(({ by }) => by !== 'patroni' && by !== 'unknown' && by !== 'none').map(({ title }) => title)
  return {
    cluster: clusters[0] ?? null,
    why: whyNot(looks, clusters, told.length, others),
    isPaused: told.some((one) => one.isPaused === true),
    leaders: [...new Set(told.flatMap(({ members }) => members.filter(leads).map(({ name }) => name)))],
    // Whoever leads is asked first: it knows the others best.
    members:
      (told.find((one) => one.members.some((member) => leads(member) && member.name === one.member)) ?? told[0])?.members.map((one) => ({
        ...one,
        tags: { ...one.tags },
      })) ?? [],
    by: looks.map(({ by }) => by),
    names: new Map(looks.map(({ id, found }) => [id, found?.member ?? null])),
    pauses: new Map(looks.map(({ id, found }) => [id, found?.isPaused ?? null])),
  }
}

const whyNot = (
  looks: readonly { title: string; by: ManagedBy }[],
  clusters: readonly string[],
  told: number,
  others: readonly string[],
): string | null => {
  if (looks.length === 0) return 'The herd has no member.'
  if (others.length > 0) return `Another manager was found on the host of ${others.join(', ')}.`
  if (clusters.length > 1) return `Its members belong to more than one Patroni cluster: ${clusters.join(', ')}.`
  const unseen = looks.filter(({ by }) => by === 'unknown').map(({ title }) => title)
  if (clusters.length === 0 && unseen.length > 0)
    return `Whether Patroni looks after this herd is not known: the host of ${unseen.join(', ')} does not say.`
  if (clusters.length === 0) return 'No running Patroni looks after a member of this herd: use Switch over.'
  return told === 0 ? 'No Patroni of it answers on its REST API.' : null
}

export const gatherPatroni = async (ports: ReadPorts, input: SwitchInput, { targetId, signal }: GatherContext): Promise<PatroniFacts> => {
  const [standing, instances] = await Promise.all([ports.inventory.herdStanding(targetId), ports.inventory.herdInstances(targetId)])
  const [view, probes, poolers, names] = await Promise.all([
    viewOf(ports, instances, signal),
    Promise.all(instances.map(({ address }) => ports.postgres.probe(address, { timeoutMs: probeTimeoutMs, signal }))),
    ports.inventory.herdPoolers(targetId),
    ports.inventory.herdNames(targetId),
  ])
  const seats = instances.map((place, index): Seat => {
    const name = view.names.get(place.id) ?? null
    return { place, probe: probes[index]!, name, member: view.members.find((one) => one.name === name) ?? null }
  })
  const leader = view.leaders.length === 1 ? (seats.find(({ name }) => name === view.leaders[0]) ?? null) : null
  const chosen = choose(input, seats, leader)
  const { herdId, name, environmentId, environmentName } = standing
  return {
    input,
    herd: { id: herdId, name, environmentId, environmentName },
    ...{ cluster: view.cluster, why: view.why, isPaused: view.isPaused, leaders: view.leaders, members: view.members },
    leader,
    candidate: typeof chosen === 'string' ? null : chosen,
    noCandidate: typeof chosen === 'string' ? chosen : null,
    pointing: [...poolers, ...names].map(({ title }) => title),
  }
}

/** Why Patroni would not take it; null: it would. */
const unfit = (seat: Seat, hasSync: boolean): string | null => {
  const { member, place } = seat
  if (member === null) return `${place.title} is not in the cluster as Patroni sees it.`
  if (!isWell(member)) return `${place.title} is ${member.state}.`
  if (/^(true|yes|on|1)$/i.test(member.tags.nofailover ?? '')) return `${place.title} has the tag nofailover.`
  if (hasSync && member.role !== 'sync_standby')
    return `${place.title} is not a synchronous standby, and the cluster is in synchronous mode.`
  return null
}

const choose = ({ candidate }: SwitchInput, seats: readonly Seat[], leader: Seat | null): Seat | string => {
  const hasSync = seats.some(({ member }) => member?.role === 'sync_standby')
  const standbys = seats.filter((seat) => seat !== leader)
  if (candidate === 'auto') {
    const able = standbys.filter((seat) => unfit(seat, hasSync) === null)
    const best = able.toSorted(
      (a, b) => (a.member!.lagBytes ?? Infinity) - (b.member!.lagBytes ?? Infinity) || a.place.title.localeCompare(b.place.title),
    )
    return best[0] ?? (standbys.flatMap((seat) => unfit(seat, hasSync) ?? []).join(' ') || 'The herd has no standby.')
  }
  const named = seats.find(({ place, name }) => [place.id, place.title, name].includes(candidate))
  if (named === undefined) return `“${candidate}” is no member of this herd.`
  if (named === leader) return `${named.place.title} is the leader already.`
  return unfit(named, hasSync) ?? named
}
