import type { JsonObject } from '@/lib/kernel/ground/json'
import type { GatherContext } from '@/lib/kernel/operation/operation'
import type { Probe, ReadPorts } from '@/lib/ports'
import { type Place, type Plain, probeTimeoutMs } from '../facts/instance'
import { gatherPeers, isStreamingFrom, isUnder, type Peer } from '../facts/peers'
import { limitNames } from '../facts/readiness'

/** A setting that waits for a restart, as it is and as it will be. */
export type PendingSetting = { name: string; value: string | null; pending: string | null }

export type RollMember = {
  /** Its name in the journal of the job. */
  key: string
  place: Place
  probe: Plain<Probe>
  /** The member that it follows; null: none of them. */
  upstreamId: string | null
  /** It streams from a member. */
  isStreaming: boolean
  pending: PendingSetting[]
  /** What the rolling operation looks at beside PostgreSQL; null: nothing. */
  seen: JsonObject | null
}

/** Looks at a member for a rolling operation that asks more than PostgreSQL says. */
export type LookAtMember = (ports: ReadPorts, place: Place, context: GatherContext) => Promise<JsonObject>

/** A herd whose members are taken one after the other. */
export type HerdRoll = {
  herd: { id: string; name: string; environmentId: string }
  /** In the order in which they are taken: standbys that stopped replaying for a limit, standbys from the ends of the cascades up, the one most likely to take over last, then the primary. */
  members: RollMember[]
}

export const gatherRoll = async (ports: ReadPorts, herdId: string, context: GatherContext, look?: LookAtMember): Promise<HerdRoll> => {
  const { name, environmentId, members: standings } = await ports.inventory.herdStanding(herdId)
  const peers = await gatherPeers(ports, herdId, standings, context)
  const ordered = peers.toSorted((a, b) => rankOf(a, peers) - rankOf(b, peers) || (a.place.title < b.place.title ? 1 : -1))
  const members = await Promise.all(
    ordered.map(async ({ place, probe }): Promise<RollMember> => {
      const upstream = upstreamOf(probe, peers)
      return {
        key: keyOf(place, peers),
        place,
        probe,
        upstreamId: upstream?.place.id ?? null,
        isStreaming: upstream !== null && isStreamingFrom(probe, upstream.place),
        pending: await pendingOf(ports, place, probe, context),
        seen: look === undefined ? null : await look(ports, place, context),
      }
    }),
  )
  const isHeld = (member: RollMember) => heldByLimits(member).length > 0
  return {
    herd: { id: herdId, name, environmentId },
    members: [...members.filter(isHeld), ...members.filter((member) => !isHeld(member))],
  }
}

/** The limits for which a standby stopped replaying: its primary has more, and its files would give it more at a restart. */
export const heldByLimits = ({ probe, pending }: RollMember): PendingSetting[] =>
  probe.role !== 'standby' || probe.isReplayPaused !== true
    ? []
    : pending.filter(
        (one) => limitNames.includes(one.name) && one.value !== null && one.pending !== null && Number(one.pending) > Number(one.value),
      )

const upstreamOf = (probe: Plain<Probe>, peers: readonly Peer[]): Peer | null =>
  probe.role === 'standby' ? (peers.find(({ place }) => isUnder(probe, place)) ?? null) : null

/** Under how many others it stands. */
const depthOf = ({ probe, place }: Peer, peers: readonly Peer[], seen: readonly string[] = []): number => {
  const upstream = upstreamOf(probe, peers)
  return upstream === null || seen.includes(place.id) ? 0 : 1 + depthOf(upstream, peers, [...seen, place.id])
}

const priorityMax = 10_000

const rankOf = (peer: Peer, peers: readonly Peer[]): number =>
  peer.probe.role === 'primary'
    ? Number.POSITIVE_INFINITY
    : Math.min(peer.standing.failoverPriority, priorityMax) - depthOf(peer, peers) * (priorityMax + 1)

const keyOf = ({ address, id }: Place, peers: readonly Peer[]): string => {
  const { hostname } = address.host
  const isOnly = peers.every(({ place }) => place.id === id || place.address.host.hostname !== hostname)
  return isOnly ? hostname : `${hostname}:${address.port}`
}

const pendingOf = async (ports: ReadPorts, place: Place, probe: Plain<Probe>, { signal }: GatherContext): Promise<PendingSetting[]> => {
  if (probe.state !== 'online' || probe.pendingRestart.length === 0) return []
  const unknown = probe.pendingRestart.map((name) => ({ name, value: null, pending: null }))
  try {
    const { settings } = await ports.serverSettings.look(place.address, { timeoutMs: probeTimeoutMs, signal })
    return unknown.map((one) => {
      const seen = settings.find(({ name }) => name === one.name)
      return seen === undefined ? one : { name: one.name, value: seen.value, pending: seen.pendingValue }
    })
  } catch {
    signal.throwIfAborted()
    return unknown
  }
}

export const primaryOf = ({ members }: HerdRoll): RollMember | null => members.find(isPrimary) ?? null

export const isPrimary = ({ probe }: Pick<RollMember, 'probe'>): boolean => probe.role === 'primary' && probe.state === 'online'

/** It does what it is there for. */
export const isHealthy = (member: RollMember): boolean => isPrimary(member) || (member.probe.state === 'online' && member.isStreaming)

export const sayState = ({ place, probe, isStreaming }: RollMember): string => {
  if (probe.state !== 'online')
    return `${place.title} is ${probe.state}${probe.because === null ? '' : `: ${probe.because.replace(/\.$/, '')}`}`
  return probe.role === 'standby' && !isStreaming
    ? `${place.title} does not stream from a member of the herd`
    : `${place.title} is ${probe.role}`
}
