import { type Choice, chooseStrategy, hasTail } from '@/lib/domain/copies/rebuild-strategy'
import { type Parting, partingOf } from '@/lib/domain/replication/timelines'
import { holdsWalFrom, type OldestWal } from '@/lib/domain/replication/wal-segments'
import { whyNotFollow } from '@/lib/domain/replication/who-may-follow'
import { lsnBytesBetween } from '@/lib/domain/values/lsn'
import { isFault } from '@/lib/kernel/ground/errors'
import type { GatherContext } from '@/lib/kernel/operation/operation'
import type { CallOptions, DataDirectorySeen, Following, Probe, ReadPorts, ReplicationAnswer } from '@/lib/ports'
import { gatherHerd, type HerdFacts, isDown, type Place, type Plain, probeTimeoutMs } from '../facts/instance'
import { asFollower, followingTo, gatherPeers, isStreamingFrom, oldSlotOf, type Peer } from '../facts/peers'
import { lookAtRewind, noRewind, type RewindSight } from '../facts/rewind'
import { wasPrimaryToo } from '../facts/same-timeline'
import { newWorkKey } from '../steps/host-work'
import type { OldSlot } from '../steps/replication/drop-old-slot'
import { type CopyFacts, gatherCopy, measureCopy, measureTimeoutMs, noCopy } from './copy-facts'
import { type InPlaceSight, orInPlace } from './in-place-sight'
import type { RebuildInput } from './input'
import { oldestWal } from './oldest-wal'
import { type UpstreamRoom, upstreamRoom } from './upstream-room'

export type RebuildFacts = HerdFacts &
  CopyFacts & {
    input: RebuildInput
    /** The one to copy from and to follow; null: `why` says why there is none. */
    upstream: Place | null
    upstreamProbe: Plain<Probe> | null
    why: string | null
    /** Titles of the other members that take writes. */
    primaries: string[]
    /** It was the primary when it was last seen. */
    led: boolean
    disk: Plain<DataDirectorySeen> | null
    endLsn: string | null
    parting: Parting | null
    following: Plain<Following> | null
    /** The slot that it leaves behind on another upstream; null: none. */
    oldSlot: OldSlot | null
    reach: Plain<ReplicationAnswer> | null
    /** Of the upstream; null: could not be read. */
    room: UpstreamRoom | null
    choice: Choice
    /** The fork past which it holds WAL that the upstream does not have; null: none is known. */
    tailFrom: string | null
    rewind: RewindSight
    /** Of the work of a rewind that a copy follows where it fails; null: none does. */
    rewindKey: string | null
    /** null: rsync is not asked for. */
    inPlace: InPlaceSight | null
    /** Holds the WAL for the copy alone, so that it is there whatever becomes of the standby's own slot. */
    copySlot: string | null
  }

const queryTimeoutMs = 10_000
export const gatherRebuild = async (ports: ReadPorts, input: RebuildInput, context: GatherContext): Promise<RebuildFacts> => {
  const options = { timeoutMs: probeTimeoutMs, signal: context.signal }
  const [facts, peers] = await Promise.all([gatherHerd(ports, context), gatherAll(ports, context)])
  const self = peers.find(({ place }) => place.id === facts.instance.id)
  const others = peers.filter((peer) => peer !== self)
  const leading = others.filter(({ probe }) => probe.state === 'online' && probe.role === 'primary')
  const disk = isLookedAt(facts.probe) ? await ports.replication.dataDirectory(facts.instance.address, options) : null
  const named = input.upstream === '' ? null : (others.find(({ place }) => [place.id, place.title].includes(input.upstream)) ?? null)
  const wanted = input.upstream === '' && leading.length === 1 ? leading[0]! : named
  const why = wanted === null || self === undefined ? whyNobody(input, facts, leading) : whyNot(self, wanted, peers)
  const upstream = why === null ? wanted : null
  const following = upstream && self ? followingTo(upstream.place, { ...self, following: disk?.following ?? self.following }, peers) : null
  const left = self === undefined ? null : oldSlotOf({ ...self, following: disk?.following ?? self.following }, peers)
  const endLsn = endOf(facts.probe, disk)
  const isToBeLookedAt = upstream !== null && following !== null && isLookedAt(facts.probe)
  const isStreaming = upstream !== null && isStreamingFrom(facts.probe, upstream.place)
  const measuring = isToBeLookedAt ? measureCopy(ports, upstream.place, context.signal) : null
  const [parting, wal, reach, sight, room] = isToBeLookedAt
    ? await Promise.all([
        partingFrom(ports, facts, disk, upstream, options),
        oldestWal(ports, upstream.place, { ...options, timeoutMs: queryTimeoutMs }),
        ports.replication.tryReplication(facts.instance.address, following, options),
        ports.copies.look(facts.instance.address, options),
        upstreamRoom(ports, upstream.place, { ...options, timeoutMs: queryTimeoutMs }),
      ])
    : [null, null, null, null, null]
  const seen = {
    wanted: input.strategy,
    upstream: upstream?.place.title ?? 'the upstream',
    directory: disk?.state ?? 'absent',
    systemIdentifier: disk?.systemIdentifier ?? null,
    upstreamSystem: upstream?.probe.systemIdentifier ?? null,
    major: disk?.major ?? null,
    upstreamMajor: upstream?.probe.version?.split('.')[0] ?? null,
    isStreaming,
    isTorn: sight?.copy.isRewinding === true,
    isHalfInPlace: sight != null && sight.copy.inPlaceKey !== null,
    isCrashed: facts.probe.state === 'crashed',
    wrote: isDown(facts.probe.state) && ['shut down', 'shutting down', 'in production'].includes(disk?.controlState ?? ''),
    endLsn,
    parting,
    hasChecksums: disk?.hasChecksums ?? null,
    logsHints: disk?.logsHints ?? null,
    hasWal: upstream === null ? null : hasWal(upstream, following?.slotName ?? null, endLsn, wal),
  }
  const tailFrom = parting?.parts === 'at' && hasTail(seen) ? parting.lsn : null
  const rewind =
    tailFrom === null || following === null
      ? noRewind
      : await lookAtRewind(ports, facts.instance, { source: following, fork: tailFrom, saves: input.saveTail }, options)
  const planned = chooseStrategy({ ...seen, barred: rewind.may?.works === false ? rewind.may.because : null })
  const rewindKey = planned.strategy === 'rewind' && input.copyInstead ? newWorkKey('rewind', facts.instance.id, ports.now()) : null
  const copiesAll = planned.strategy === 'copy' || planned.strategy === 'in-place'
  const mayCopy = upstream !== null && measuring !== null && disk !== null && (copiesAll || rewindKey !== null)
  if (!mayCopy) measuring?.giveUp()
  const copied =
    mayCopy && sight !== null ? await gatherCopy(ports, facts.instance, upstream.place, sight, measuring, context.signal) : noCopy
  const wish = { planned, isFree: input.strategy === 'auto', isThere: disk?.state === 'cluster', copied }
  const { choice, inPlace } = await orInPlace(ports, facts.instance, upstream?.place ?? null, wish, {
    ...options,
    timeoutMs: measureTimeoutMs,
  })
  return {
    ...facts,
    input,
    upstream: upstream?.place ?? null,
    upstreamProbe: upstream?.probe ?? null,
    why,
    primaries: leading.map(({ place }) => place.title),
    led: self?.standing.lastRole === 'primary',
    disk,
    endLsn,
    parting,
    following,
    oldSlot: left?.place?.id === upstream?.place.id && left?.name === following?.slotName ? null : left,
    reach,
    room,
    choice,
    tailFrom,
    rewind,
    rewindKey,
    ...copied,
    inPlace,
    copySlot: following === null ? null : `${(following.slotName ?? following.conninfo.application_name ?? 'standby').slice(0, 58)}_copy`,
  }
}

const gatherAll = async (ports: ReadPorts, context: GatherContext): Promise<Peer[]> => {
  const { herdId } = await ports.inventory.instance(context.targetId)
  const { members } = await ports.inventory.herdStanding(herdId)
  return gatherPeers(ports, herdId, members, context)
}

const isLookedAt = ({ state }: Plain<Probe>): boolean => state === 'online' || state === 'absent' || isDown(state)

const whyNobody = ({ upstream }: RebuildInput, { instance }: HerdFacts, leading: readonly Peer[]): string => {
  if (upstream !== '') return `“${upstream}” is no other member of ${instance.herdName}.`
  if (leading.length === 0)
    return `${instance.herdName} has no primary that answers. Name a standby as its upstream, or fail the herd over first.`
  return `${leading.map(({ place }) => place.title).join(' and ')} both take writes. Name the one to follow, or demote one of them first.`
}

/** As for a standby that follows nobody: what it is now does not matter, since it is rebuilt. */
const whyNot = (self: Peer, upstream: Peer, peers: readonly Peer[]): string | null => {
  const blank = {
    ...asFollower(self, peers),
    state: 'online',
    role: 'standby' as const,
    timeline: null,
    systemIdentifier: null,
    upstreamId: null,
    version: null,
  }
  const followers = peers.map((peer) => (peer === self ? blank : asFollower(peer, peers)))
  return whyNotFollow(blank, asFollower(upstream, peers), followers)
}

/** How far its own WAL reaches: what it received or wrote, its last checkpoint, and the end of recovery, whichever is furthest. */
const endOf = (probe: Plain<Probe>, disk: Plain<DataDirectorySeen> | null): string | null => {
  const known = [probe.currentLsn, probe.receivedLsn, probe.replayedLsn, disk?.checkpointLsn ?? null, disk?.minRecoveryLsn ?? null]
  return known.reduce<string | null>((end, one) => (one !== null && (lsnBytesBetween(end ?? '0/0', one) ?? 0) > 0 ? one : end), null)
}

/** null: one of the two histories could not be read. */
const partingFrom = async (
  ports: ReadPorts,
  { instance, probe }: HerdFacts,
  disk: Plain<DataDirectorySeen> | null,
  upstream: Peer,
  options: CallOptions,
): Promise<Parting | null> => {
  const [own, theirs] = [probe.state === 'online' ? probe.timeline : (disk?.timeline ?? null), upstream.probe.timeline]
  if (own === null || theirs === null) return null
  try {
    if (isDown(probe.state) && (await wasPrimaryToo(ports, instance, disk, theirs, options))) return { parts: 'never' }
    const [ours, upstreams] = await Promise.all([
      ports.replication.history(instance.address, own, options),
      ports.replication.history(upstream.place.address, theirs, options),
    ])
    return partingOf({ timeline: own, forks: ours }, { timeline: theirs, forks: upstreams })
  } catch (error) {
    if (!isFault(error) || options.signal?.aborted) throw error
    return null
  }
}

/** A slot of its own that reaches far enough back, or the file itself. A slot that lost its WAL retains nothing. */
const hasWal = ({ probe }: Peer, slotName: string | null, endLsn: string | null, oldest: OldestWal | null): boolean | null => {
  const slot = probe.slots.find(({ name }) => name === slotName)
  const behind = lsnBytesBetween(endLsn, probe.currentLsn ?? probe.receivedLsn)
  if (slot?.retainedBytes != null && behind !== null && slot.retainedBytes >= behind) return true
  return holdsWalFrom(oldest, endLsn)
}
