import { type CandidateFacts, equalWithinBytes, type RankedCandidate, rankCandidates } from '@/lib/domain/replication/candidates'
import type { GatherContext } from '@/lib/kernel/operation/operation'
import type { Following, HerdStanding, Probe, ReadPorts } from '@/lib/ports'
import { type CanaryFacts, canaryFor } from '../facts/canary'
import { contentsOf, type HerdContents } from '../facts/contents'
import { isDown, isUp, type Place, type Plain } from '../facts/instance'
import { movesTo, type NameMoves } from '../facts/names'
import { followingTo, gatherPeers, isReachable, isStreamingFrom, isUnder, type Peer } from '../facts/peers'
import { lowerLimits, type Readiness, readReadiness } from '../facts/readiness'
import { type FailoverInput, isOverridden } from './input'
import { type LifeSign, type Running, runningOf, searchLife } from './life'
import { type Forks, forksOf, type LastKnown, lastKnownOf, lossOf } from './loss'
import { type OldPrimary, oldPrimaryOf, othersOf, suspectsOf, writesReplaced } from './old-primary'
import { gatherRoom, type Room } from './room'

/** A standby that is to follow the new primary, and how. */
export type Follower = { place: Place; version: string | null; following: Plain<Following> }
export type Sign = { title: string; because: string }

export type FailoverFacts = {
  input: FailoverInput
  herd: { id: string; name: string; environmentId: string; environmentName: string }
  mode: 'planned' | 'emergency'
  /** signal: it is stopped and gets standby.signal. override: a person takes the responsibility. none: nothing proves that it is down. */
  fence: 'signal' | 'override' | 'none'
  /** The herd's name was typed. */
  isOverridden: boolean
  /** The primary, or the last known one; where none is known, the last member that was to be promoted. */
  primary: (Place & { following: Plain<Following> | null }) | null
  primaryProbe: Plain<Probe> | null
  /** That it was the primary is known from its host's agent alone: whoever holds the host's token can say so. */
  isPrimaryReported: boolean
  /** Where no primary is known: what the record says of the member replaced last; else null. */
  recorded: { title: string; because: string; isWriting: boolean } | null
  /** Members besides the old primary that may have been told to promote and that cannot be seen: a person must answer for each. */
  unseen: string[]
  /** Such members that are down without standby.signal, and get it. */
  bare: Place[]
  /** More than one member that answers as primary. */
  primaries: string[]
  candidate: Place | null
  candidateProbe: Plain<Probe> | null
  /** Why there is none. */
  noCandidate: string | null
  ranking: Plain<RankedCandidate>[]
  /** Standbys that must be put under the new primary; those of a cascade stay under their upstream. */
  followers: Follower[]
  /** Members whose connection string holds a password, so that it cannot be written again. */
  withPassword: string[]
  /** Standbys that cannot be reached now: they are left as they are, by name. */
  parked: Sign[]
  /** Possible primaries that run on a host that answers. */
  running: Running[]
  /** Standbys through which a possible primary is seen alive although it does not answer the console. */
  life: LifeSign[]
  lossBytes: number | null
  /** The furthest position that anybody has seen the old primary at. */
  lastKnown: LastKnown | null
  readiness: { primary: Readiness | null; candidate: Readiness | null }
  /** Of the primary where it answers, else of the candidate; null: there is neither. */
  contents: Plain<HerdContents> | null
  /** Future standbys of the candidate whose limits are lower than its own: their replay would stop. */
  smaller: { title: string; limits: string[] }[]
  /** Of the candidate's host; null: it did not say. */
  room: Room[] | null
  /** Those that point to the primary; they are moved as soon as the candidate takes writes. */
  names: NameMoves
  /** Those that point to its standbys, or to every member; they are moved once those follow. */
  readers: NameMoves
  /** null: none was asked for, or the old primary does not answer. */
  canary: CanaryFacts | null
  /** Everybody else who reads the primary's WAL and holds up its shutdown when frozen. */
  senders: { name: string; state: string }[]
}

export const gatherFailover = async (ports: ReadPorts, input: FailoverInput, context: GatherContext): Promise<FailoverFacts> => {
  const herd = await ports.inventory.herdStanding(context.targetId)
  const peers = await gatherPeers(ports, context.targetId, herd.members, context)
  const found = oldPrimaryOf(peers)
  const { old } = found
  const mode = modeOf(input, old)
  const readiness = await readinessOf(ports, peers, context)
  const suspects = suspectsOf(found, peers)
  const lastKnown = lastKnownOf(suspects)
  const forks = await forksOf(ports, peers, lastKnown?.timeline ?? null, context)
  const ranking = rank({ herd, peers, readiness, old, mode, lastKnown, forks })
  const candidate = choose(input, ranking, peers)
  const place = candidate.peer?.place ?? null
  const followers = peers.filter((peer) => peer !== old && peer !== candidate.peer && peer.probe.role !== 'primary')
  return {
    input,
    herd: { id: herd.herdId, name: herd.name, environmentId: herd.environmentId, environmentName: herd.environmentName },
    mode,
    fence: fenceOf(input, herd.name, old),
    isOverridden: isOverridden(input.override, herd.name),
    primary: old && { ...old.place, following: place && followingTo(place, old, peers) },
    primaryProbe: old?.probe ?? null,
    isPrimaryReported: old !== null && old.probe.role === 'unknown' && old.standing.isReported,
    recorded: recordedOf(found),
    ...othersOf(suspects),
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
    running: mode === 'emergency' ? runningOf(suspects) : [],
    life: mode === 'emergency' ? await searchLife(ports, suspects, peers, context) : [],
    lossBytes:
      candidate.peer === null ? null : mode === 'planned' ? 0 : await lossOf(ports, suspects, candidate.peer, lastKnown, forks, context),
    lastKnown,
    room: place && (await gatherRoom(ports, place, context)),
    readiness: { primary: (old && readiness.get(old.place.id)) ?? null, candidate: (place && readiness.get(place.id)) ?? null },
    contents: await contentsIn(ports, old, place, context),
    smaller: smallerThan(readiness, place, standbysAfter(peers, candidate.peer, old, mode)),
    ...(place === null
      ? nameless
      : await movesTo(ports, herd.herdId, place, standbysAfter(peers, candidate.peer, old, mode), context.signal)),
    canary: input.canary && mode === 'planned' && old !== null && place !== null ? canaryFor([old.place, place]) : null,
    senders: (old?.probe.standbys ?? []).map((one) => ({ name: one.applicationName, state: one.state })),
  }
}

const contentsIn = async (ports: ReadPorts, old: Peer | null, candidate: Place | null, { signal }: GatherContext) => {
  const member = old?.probe.state === 'online' ? old.place : candidate
  return member && (await contentsOf(ports, member, signal))
}

const nameless = { names: { moves: [], problems: [] }, readers: { moves: [], problems: [] } } satisfies Partial<FailoverFacts>

/** Who will be a standby when all is done: those that answer now, and the old primary where it is alive. */
const standbysAfter = (peers: readonly Peer[], candidate: Peer | null, old: Peer | null, mode: FailoverFacts['mode']): Place[] =>
  peers
    .filter(
      (peer) => peer !== candidate && peer.probe.state === 'online' && (peer === old ? mode === 'planned' : peer.probe.role === 'standby'),
    )
    .map(({ place }) => place)

const smallerThan = (
  readiness: ReadonlyMap<string, Readiness | null>,
  candidate: Place | null,
  standbys: readonly Place[],
): FailoverFacts['smaller'] => {
  const ours = candidate && readiness.get(candidate.id)
  return standbys.flatMap(({ id, title }) => {
    const theirs = readiness.get(id)
    const lower = ours && theirs ? lowerLimits(ours, theirs) : []
    return lower.length === 0 ? [] : [{ title, limits: lower.map((one) => `${one.name} ${one.candidate} (needs ${one.primary})`) }]
  })
}

const recordedOf = (found: OldPrimary): FailoverFacts['recorded'] =>
  found.recorded && {
    title: found.recorded.place.title,
    because: found.recorded.standing.replaced!.because,
    isWriting: writesReplaced(found),
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

interface Ranking {
  herd: HerdStanding
  peers: readonly Peer[]
  readiness: ReadonlyMap<string, Readiness | null>
  old: Peer | null
  mode: FailoverFacts['mode']
  lastKnown: LastKnown | null
  forks: ReadonlyMap<string, Forks>
}

const rank = ({ herd, peers, readiness, old, mode, lastKnown, forks }: Ranking): RankedCandidate[] =>
  rankCandidates(
    peers
      .filter((peer) => peer !== old)
      .map((peer) => ({
        ...candidateOf(peer, readiness.get(peer.place.id) ?? null),
        forks: forks.get(peer.place.id),
        followsPrimary: mode === 'planned' && old !== null ? isStreamingFrom(peer.probe, old.place) : null,
      })),
    {
      systemIdentifier: herd.systemIdentifier,
      timeline: lastKnown?.timeline ?? old?.probe.timeline ?? old?.standing.lastTimeline ?? null,
      lastKnownLsn: lastKnown?.lsn ?? null,
      isLastResort: mode === 'emergency',
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

/** A standby of another standby that stays up remains in its cascade and gets the new timeline through it. */
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
