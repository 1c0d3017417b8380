import {
  type CandidateFacts,
  equalWithinBytes,
  estimateLoss,
  type RankedCandidate,
  rankCandidates,
} from '@/lib/domain/replication/candidates'
import type { GatherContext } from '@/lib/kernel/operation/operation'
import type { DataDirectorySeen, Following, HerdStanding, Probe, ReadPorts } from '@/lib/ports'
import { type CanaryFacts, canaryFor } from '../facts/canary'
import { isDown, isUp, type Place, type Plain, probeTimeoutMs } from '../facts/instance'
import { movesTo, type NameMoves } from '../facts/names'
import { followingTo, gatherPeers, isReachable, isStreamingFrom, isUnder, type Peer } from '../facts/peers'
import { type Readiness, readReadiness } from '../facts/readiness'
import { type FailoverInput, isOverridden } from './input'
import { gatherRoom, type Room } from './room'

/** A standby that is to follow the new primary, and how. */
export type Follower = { place: Place; version: string | null; following: Plain<Following> }
export type Sign = { title: string; because: string }
/** `heardSecondsAgo` null: it gets an answer now. */
export type LifeSign = Sign & { heardSecondsAgo: number | null }

export type FailoverFacts = {
  input: FailoverInput
  herd: { id: string; name: string; environmentId: string; environmentName: string }
  mode: 'planned' | 'emergency'
  /** signal: it is stopped and gets standby.signal. override: a person takes the responsibility. none: nothing proves that it is down. */
  fence: 'signal' | 'override' | 'none'
  /** Who is, or was last known as, the primary. */
  primary: (Place & { following: Plain<Following> | null }) | null
  primaryProbe: Plain<Probe> | null
  /** More than one member that answers as primary. */
  primaries: string[]
  candidate: Place | null
  candidateProbe: Plain<Probe> | null
  /** Why there is none. */
  noCandidate: string | null
  ranking: Plain<RankedCandidate>[]
  /** Standbys that must be put under the new primary; those of a cascade stay under their upstream. */
  followers: Follower[]
  /** Members whose connection string holds a password, so that it cannot be written anew. */
  withPassword: string[]
  /** Standbys that cannot be reached now: they are left as they are, by name. */
  parked: Sign[]
  /** Standbys through which the old primary is seen alive although it does not answer the console. */
  life: LifeSign[]
  lossBytes: number | null
  /** The furthest position that anybody has seen the old primary at. */
  lastKnown: { lsn: string; seenAt: string | null } | null
  readiness: { primary: Readiness | null; candidate: Readiness | null }
  /** Of the candidate's host; null: it did not say. */
  room: Room[] | null
  /** Those that lead to the primary; they are moved as soon as the candidate takes writes. */
  names: NameMoves
  /** Those that lead to its standbys, or to every member; they are moved once those follow. */
  readers: NameMoves
  /** null: none was asked for, or the old primary does not answer. */
  canary: CanaryFacts | null
  /** Everybody else who reads the primary's WAL and holds up its shutdown when frozen. */
  senders: { name: string; state: string }[]
}

export const gatherFailover = async (ports: ReadPorts, input: FailoverInput, context: GatherContext): Promise<FailoverFacts> => {
  const herd = await ports.inventory.herdStanding(context.targetId)
  const peers = await gatherPeers(ports, context.targetId, herd.members, context)
  const old = primaryOf(peers)
  const mode = modeOf(input, old)
  const readiness = await readinessOf(ports, peers, context)
  const ranking = rank(herd, peers, readiness, old, mode)
  const candidate = choose(input, ranking, peers)
  const place = candidate.peer?.place ?? null
  const followers = peers.filter((peer) => peer !== old && peer !== candidate.peer && peer.probe.role !== 'primary')
  const lastKnown = lastKnownOf(old)
  return {
    input,
    herd: { id: herd.herdId, name: herd.name, environmentId: herd.environmentId, environmentName: herd.environmentName },
    mode,
    fence: fenceOf(input, herd.name, old),
    primary: old && { ...old.place, following: place && followingTo(place, old, peers) },
    primaryProbe: old?.probe ?? null,
    primaries: peers.filter(({ probe }) => probe.role === 'primary' && isUp(probe.state)).map((peer) => peer.place.title),
    candidate: place,
    candidateProbe: candidate.peer?.probe ?? null,
    noCandidate: candidate.because,
    ranking,
    followers:
      place === null
        ? []
        : followers.filter((peer) => movesUnder(peer, old, followers, candidate.peer)).map((peer) => followerOf(peer, place, peers)),
    withPassword: peers.filter((peer) => peer !== candidate.peer && peer.holdsPassword).map((peer) => peer.place.title),
    parked: followers.filter((peer) => peer.probe.state !== 'online').map(parkedOf),
    life: mode === 'emergency' && old !== null ? await searchLife(ports, old, peers, context) : [],
    lossBytes: candidate.peer === null ? null : mode === 'planned' ? 0 : await lossOf(ports, old, candidate.peer.probe, lastKnown, context),
    lastKnown,
    room: place && (await gatherRoom(ports, place, context)),
    readiness: { primary: (old && readiness.get(old.place.id)) ?? null, candidate: (place && readiness.get(place.id)) ?? null },
    ...(place === null
      ? nameless
      : await movesTo(ports, herd.herdId, place, standbysAfter(peers, candidate.peer, old, mode), context.signal)),
    canary: input.canary && mode === 'planned' && old !== null && place !== null ? canaryFor([old.place, place]) : null,
    senders: (old?.probe.standbys ?? []).map((one) => ({ name: one.applicationName, state: one.state })),
  }
}

const nameless = { names: { moves: [], problems: [] }, readers: { moves: [], problems: [] } } satisfies Partial<FailoverFacts>

/** Who will be a standby when all is done: those that answer now, and the old primary where it is alive. */
const standbysAfter = (peers: readonly Peer[], candidate: Peer | null, old: Peer | null, mode: FailoverFacts['mode']): Place[] =>
  peers
    .filter(
      (peer) => peer !== candidate && peer.probe.state === 'online' && (peer === old ? mode === 'planned' : peer.probe.role === 'standby'),
    )
    .map(({ place }) => place)

/** The one that writes; else the one that would, by its files or by what it was when it was last seen, on the newest timeline. Not one that was replaced. */
const primaryOf = (peers: readonly Peer[]): Peer | null => {
  const led = ({ probe, standing }: Peer) => {
    if (probe.role !== 'unknown' || probe.hasStandbySignal === true) return probe.role === 'primary'
    return (
      probe.controlState === 'shut down' ||
      probe.controlState === 'in production' ||
      (probe.controlState === null && standing.lastRole === 'primary')
    )
  }
  const timelineOf = ({ probe, standing }: Peer) => probe.timeline ?? standing.lastTimeline ?? 0
  const order = peers
    .filter((peer) => led(peer) && peer.standing.replaced === null)
    .sort((a, b) => Number(isUp(b.probe.state)) - Number(isUp(a.probe.state)) || timelineOf(b) - timelineOf(a))
  return order[0] ?? null
}

const modeOf = ({ mode }: FailoverInput, old: Peer | null): FailoverFacts['mode'] =>
  mode === 'emergency' ? 'emergency' : old?.probe.state === 'online' || mode === 'planned' ? 'planned' : 'emergency'

const fenceOf = ({ override }: FailoverInput, herdName: string, old: Peer | null): FailoverFacts['fence'] => {
  if (old !== null && (isDown(old.probe.state) || old.probe.state === 'online')) return 'signal'
  return isOverridden(override, herdName) ? 'override' : 'none'
}

const readinessOf = async (ports: ReadPorts, peers: readonly Peer[], context: GatherContext): Promise<Map<string, Readiness | null>> => {
  const online = peers.filter((peer) => peer.probe.state === 'online')
  return new Map(await Promise.all(online.map(async ({ place }) => [place.id, await readReadiness(ports, place, context)] as const)))
}

const rank = (
  herd: HerdStanding,
  peers: readonly Peer[],
  readiness: ReadonlyMap<string, Readiness | null>,
  old: Peer | null,
  mode: FailoverFacts['mode'],
): RankedCandidate[] =>
  rankCandidates(
    peers
      .filter((peer) => peer !== old)
      .map((peer) => ({
        ...candidateOf(peer, readiness.get(peer.place.id) ?? null),
        followsPrimary: mode === 'planned' && old !== null ? isStreamingFrom(peer.probe, old.place) : null,
      })),
    {
      systemIdentifier: herd.systemIdentifier,
      timeline: old?.probe.timeline ?? old?.standing.lastTimeline ?? null,
      preferredSite: herd.preferredSite,
    },
    mode === 'planned' ? equalWithinBytes : 0,
  )

const candidateOf = ({ place, probe, standing }: Peer, readiness: Readiness | null): Omit<CandidateFacts, 'followsPrimary'> => ({
  id: place.id,
  title: place.title,
  site: standing.site,
  state: probe.state,
  role: probe.role,
  timeline: probe.timeline,
  systemIdentifier: probe.systemIdentifier,
  receivedLsn: probe.receivedLsn,
  replayedLsn: probe.replayedLsn,
  isReplayPaused: readiness?.isReplayPaused ?? null,
  applyDelayMs: readiness?.applyDelayMs ?? null,
  priority: standing.failoverPriority,
  observedAt: probe.state === 'online' ? probe.observedAt : standing.seenAt,
})

const choose = (
  { candidate }: FailoverInput,
  ranking: readonly RankedCandidate[],
  peers: readonly Peer[],
): { peer: Peer | null; because: string | null } => {
  const chosen = candidate === 'auto' ? ranking[0] : ranking.find(({ id, title }) => id === candidate || title === candidate)
  if (chosen === undefined)
    return { peer: null, because: candidate === 'auto' ? 'The herd has no standby.' : `“${candidate}” is no standby of this herd.` }
  if (chosen.rank === null) return { peer: null, because: `${chosen.title}: ${chosen.because}` }
  return { peer: peers.find((peer) => peer.place.id === chosen.id) ?? null, because: null }
}

/** Whoever follows another standby that goes on living stays in its cascade and gets the new timeline through it. */
const movesUnder = (peer: Peer, old: Peer | null, others: readonly Peer[], candidate: Peer | null): boolean => {
  if (!isReachable(peer) || peer.probe.state !== 'online') return false
  if (candidate !== null && isStreamingFrom(peer.probe, candidate.place)) return false
  if (old !== null && isUnder(peer.probe, old.place)) return true
  return !others.some((other) => other !== peer && other.probe.state === 'online' && isStreamingFrom(peer.probe, other.place))
}

const followerOf = (peer: Peer, upstream: Place, peers: readonly Peer[]): Follower => ({
  place: peer.place,
  version: peer.probe.version,
  following: followingTo(upstream, peer, peers),
})

const parkedOf = ({ place, probe }: Peer): Sign => ({
  title: place.title,
  because: probe.because === null ? `it is ${probe.state}` : `it is ${probe.state}: ${probe.because}`,
})

/** A message this fresh means that the sender lives, however the console's own way to it is broken. */
export const messageMaxSeconds = 10

/** Asks every standby that answers whether it still hears the old primary, and whether it can reach it. */
const searchLife = async (ports: ReadPorts, old: Peer, peers: readonly Peer[], { signal }: GatherContext): Promise<LifeSign[]> => {
  if (isDown(old.probe.state)) return []
  const standbys = peers.filter((peer) => peer !== old && peer.probe.state === 'online' && peer.probe.role === 'standby')
  const signs = await Promise.all(
    standbys.map(async (peer): Promise<LifeSign | null> => {
      const { upstream } = peer.probe
      const heard = upstream?.messageSecondsAgo
      const isHeard = upstream?.status === 'streaming' && isUnder(peer.probe, old.place) && heard != null && heard <= messageMaxSeconds
      try {
        const answer = await ports.replication.tryReplication(peer.place.address, followingTo(old.place, peer, peers), {
          timeoutMs: probeTimeoutMs / 2,
          signal,
        })
        if (answer.works)
          return { title: peer.place.title, because: `it reaches ${old.place.title} and gets an answer`, heardSecondsAgo: null }
      } catch {
        signal.throwIfAborted()
      }
      return isHeard
        ? { title: peer.place.title, because: `it heard from ${old.place.title} ${Math.round(heard)} s ago`, heardSecondsAgo: heard }
        : null
    }),
  )
  return signs.filter((sign) => sign !== null)
}

const lastKnownOf = (old: Peer | null): FailoverFacts['lastKnown'] => {
  const lsn = old?.probe.currentLsn ?? old?.standing.lastLsn ?? null
  return lsn === null ? null : { lsn, seenAt: old?.probe.currentLsn ? old.probe.observedAt : (old?.standing.seenAt ?? null) }
}

/** A clean shutdown wrote the last record there is, and its place is on the disk; else the last position seen is all there is. */
const lossOf = async (
  ports: ReadPorts,
  old: Peer | null,
  candidate: Plain<Probe>,
  lastKnown: FailoverFacts['lastKnown'],
  { signal }: GatherContext,
): Promise<number | null> => {
  const estimate = estimateLoss(candidate, lastKnown?.lsn ?? null)
  if (old === null || !isDown(old.probe.state)) return estimate
  const disk: DataDirectorySeen | null = await ports.replication
    .dataDirectory(old.place.address, { timeoutMs: probeTimeoutMs, signal })
    .catch(() => null)
  signal.throwIfAborted()
  return disk?.controlState === 'shut down' && disk.checkpointLsn !== null ? estimateLoss(candidate, disk.checkpointLsn) : estimate
}
