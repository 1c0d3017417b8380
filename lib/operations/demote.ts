import { z } from 'zod'
import { type Parting, partingOf } from '@/lib/domain/replication/timelines'
import { formatBytes } from '@/lib/domain/values/bytes'
import { lsnBytesBetween } from '@/lib/domain/values/lsn'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import { notAsked } from '@/lib/kernel/operation/only-when'
import type { GatherContext } from '@/lib/kernel/operation/operation'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, passBecause, refuse, warn } from '@/lib/kernel/operation/verdict'
import type { DataDirectorySeen, Following, Probe, ReadPorts, ReplicationAnswer } from '@/lib/ports'
import { gatherHerd, type HerdFacts, type Place, type Plain, probeTimeoutMs } from './facts/instance'
import { aboutInstance, firmInstance, herdNow, lockHerd } from './facts/instance-head'
import { type SlotOwner, slotOwners } from './facts/leftover-slots'
import { followingTo, gatherPeers } from './facts/peers'
import { lookAtRewind, mayRewind, noRewind, type RewindSight, rewindInput, savesTail } from './facts/rewind'
import { clientsWarned, lossOf, transactionsWarned } from './gates/impact'
import { acceptsConnections, keepsPassword, mayReplicate, seenRow } from './gates/seen'
import { checkpointPostgres } from './steps/postgres/checkpoint'
import { fencePostgres } from './steps/postgres/fence'
import { stopPostgres } from './steps/postgres/stop'
import { dropLeftSlots } from './steps/replication/drop-left-slots'
import { forgetReplaced } from './steps/replication/forget-replaced'
import { makeSlot } from './steps/replication/make-slot'
import { recordReplaced } from './steps/replication/record-replaced'
import { rewindPostgres } from './steps/replication/rewind'
import { saveTail as saveTailOf } from './steps/replication/save-tail'
import { startFollowing } from './steps/replication/start-following'
import { writeFollowing } from './steps/replication/write-following'

export type DemoteFacts = HerdFacts & {
  /** The other one that takes writes; null: there is none, or more than one. */
  primary: Place | null
  primaryProbe: Plain<Probe> | null
  /** Titles of the others that take writes. */
  primaries: string[]
  following: Plain<Following> | null
  disk: Plain<DataDirectorySeen> | null
  /** What its history and the other one's have in common; null: it could not be read. */
  parting: Parting | null
  reach: Plain<ReplicationAnswer> | null
  rewind: RewindSight
  saveTail: boolean
  owners: SlotOwner[]
}

const stopTimeoutMs = 60_000
const standbyAlready = 'It is a standby already.'
const copyInstead = 'Stop it, then rebuild it.'
const staysStandby = 'It stays a standby: that is the safe state of a former primary.'

const slotName = (facts: DemoteFacts) => facts.following!.slotName
const following = (facts: DemoteFacts) => facts.following!
const self = (facts: DemoteFacts) => facts.instance
const primary = (facts: DemoteFacts) => facts.primary!

export const demote = defineOperation({
  name: 'demote',
  on: 'instance',
  role: 'dba',
  title: 'Demote primary',
  verb: 'Demote',
  danger: 'destructive',
  input: z.strictObject(rewindInput),
  help: [
    'Ends a split brain, and brings back a standby that was detached: of two members that take writes, this one is stopped and follows the other. Refused where no other primary answers: a herd is never left without one. To change roles fail the herd over instead.',
    'Both have written since their timelines diverged. The plan says where that was, and how much this one wrote past it: pg_rewind discards that. Its WAL is archived first, unless that is not wanted; rows are more easily saved as long as it runs.',
    'Once it is stopped the way is forward, since started as it was it would be the second primary again. Where pg_rewind cannot work it is refused before anything is touched: stop it and rebuild it.',
  ],
  gather: (ports, input, context) => gatherDemote(ports, input, context),
  about: aboutInstance,
  firm: (facts) => ({
    ...firmInstance(facts),
    primary: facts.primary?.id ?? null,
    parting: facts.parting,
    tail: facts.rewind.tail?.path ?? null,
  }),
  locks: lockHerd,
  now: (facts) => [...herdNow(facts), ...divergence(facts)],
  affected: (facts) => lossOf(facts, { mode: 'fast', moment: 'while it is down', isBack: true }),
  order: () => 0,
  offered: (row) => {
    const seen = seenRow(row)
    return seen.role === 'standby' ? refuse(standbyAlready) : acceptsConnections(seen, 'a stopped former primary rejoins its herd')
  },
})
  .gate('primary', 'It is a primary that answers', ({ probe }) =>
    probe.role === 'standby' ? refuse(standbyAlready) : acceptsConnections(probe, 'a stopped former primary rejoins its herd'),
  )
  .gate('other', 'Another primary of the herd answers', otherPrimary)
  .gate('history', 'What it wrote can be rewound', history)
  .gate('rewindable', 'pg_rewind can work', canRewind)
  .gate('password', 'Its primary_conninfo can be rewritten', ({ instance, disk }) =>
    keepsPassword({ title: instance.title, holdsPassword: disk?.holdsPassword === true }),
  )
  .gate('reach', 'It reaches the other primary', ({ reach, primary, instance, following }) =>
    mayReplicate({ reach, upstream: primary, follower: instance, following }),
  )
  .gate('role', 'Its role may run pg_rewind', ({ rewind, primary }) => mayRewind(rewind, primary))
  .gate('saveable', 'What it wrote is saved', (facts) =>
    facts.rewind.may === null ? pass : savesTail(facts.rewind, { saves: facts.saveTail, pastBytes: pastBytes(facts) }),
  )
  .gate('standbys', 'No standby streams from it', ({ probe, primary }) =>
    probe.standbys.length === 0
      ? pass
      : warn(
          `${probe.standbys.map((one) => one.applicationName).join(', ')} may hold what the rewind discards: each must be rewound or rebuilt, and repointed to ${primary?.title ?? 'the other primary'}.`,
        ),
  )
  .gate('clients', 'Nobody is connected', (facts) => clientsWarned(facts, 'cut, and what they wrote here is gone'))
  .gate('transactions', 'No transaction is open', (facts) => transactionsWarned(facts, 'rolled back'))
  .effect(
    'stop',
    stopPostgres(self, {
      mode: () => 'fast',
      timeoutMs: () => stopTimeoutMs,
      stays: 'Started again it would be the second primary: from here the only way is forward.',
    }),
  )
  .effect('fence', fencePostgres(self, staysStandby, { stopsAgain: true }))
  .effect(
    'record',
    recordReplaced({
      of: self,
      by: ({ primary }) => primary,
      timeline: ({ primaryProbe }) => primaryProbe?.timeline ?? 0,
      because: ({ primary }) => `It was demoted: ${primary!.title} is primary.`,
    }),
  )
  .effect('slot', makeSlot(primary, slotName))
  .effect('checkpoint', checkpointPostgres(primary))
  .effect('tail', saveTailOf({ of: self, fork: forkOf, place: ({ rewind }) => rewind.tail }), {
    when: ({ saveTail }) => saveTail,
    otherwise: notAsked('What it wrote past the fork is not saved: that was not wanted.'),
  })
  .effect(
    'rewind',
    rewindPostgres({
      of: self,
      source: following,
      timeline: ({ primaryProbe }) => primaryProbe?.timeline ?? null,
      fork: forkOf,
    }),
  )
  .effect('follow', writeFollowing(self, following))
  .effect('start', startFollowing(self, primary))
  .effect('restored', forgetReplaced(self))
  .effect('left-slots', dropLeftSlots({ of: self, slots: ({ disk }) => disk?.slots ?? [], owners: ({ owners }) => owners }))
  .build()

const gatherDemote = async (ports: ReadPorts, { saveTail }: { saveTail: boolean }, context: GatherContext): Promise<DemoteFacts> => {
  const facts = await gatherHerd(ports, context)
  const options = { timeoutMs: probeTimeoutMs, signal: context.signal }
  const { members } = await ports.inventory.herdStanding(facts.instance.herdId)
  const peers = await gatherPeers(ports, facts.instance.herdId, members, context)
  const self = peers.find(({ place }) => place.id === facts.instance.id)
  const leading = peers.filter((peer) => peer !== self && peer.probe.state === 'online' && peer.probe.role === 'primary')
  const other = leading.length === 1 ? leading[0]! : null
  const following = other && self ? followingTo(other.place, self, peers) : null
  const isLooked = other !== null && facts.probe.state === 'online' && facts.probe.role === 'primary'
  const historyOf = async (place: Place, timeline: number | null) =>
    timeline === null ? null : { timeline, forks: await ports.replication.history(place.address, timeline, options) }
  const [disk, own, theirs, reach] = isLooked
    ? await Promise.all([
        ports.replication.dataDirectory(facts.instance.address, options),
        historyOf(facts.instance, facts.probe.timeline),
        historyOf(other.place, other.probe.timeline),
        ports.replication.tryReplication(facts.instance.address, following!, options),
      ])
    : [null, null, null, null]
  const parting = own && theirs ? partingOf(own, theirs) : null
  const fork = parting?.parts === 'at' ? parting.lsn : null
  return {
    ...facts,
    saveTail,
    owners: slotOwners(facts.instance, peers),
    rewind:
      fork === null || following === null
        ? noRewind
        : await lookAtRewind(ports, facts.instance, { source: following, fork, saves: saveTail }, options),
    primary: other?.place ?? null,
    primaryProbe: other?.probe ?? null,
    primaries: leading.map(({ place }) => place.title),
    following,
    disk,
    parting,
    reach,
  }
}

function otherPrimary({ primary, primaries, probe, primaryProbe, instance }: DemoteFacts): Verdict {
  if (primaries.length > 1)
    return refuse(`${primaries.join(' and ')} both answer as primary: whom it should follow is not clear. Demote one of them first.`)
  if (primary === null)
    return refuse(
      `No other member of ${instance.herdName} answers as primary. To change roles fail the herd over: that stops this one too.`,
    )
  const [ours, theirs] = [probe.systemIdentifier, primaryProbe?.systemIdentifier ?? null]
  return ours !== null && theirs !== null && ours !== theirs
    ? refuse(`${primary.title} has another system identifier: they are no copies of each other.`)
    : passBecause(`It will follow ${primary.title}, on timeline ${primaryProbe?.timeline}.`)
}

/** A function, since the operation above is built before this line is reached. '': not known, and then the gates refuse. */
function forkOf({ parting }: DemoteFacts): string {
  return parting?.parts === 'at' ? parting.lsn : ''
}

/** What it wrote that the other one does not have; null: not known. */
const pastBytes = ({ parting, probe }: DemoteFacts): number | null =>
  parting?.parts === 'at' ? lsnBytesBetween(parting.lsn, probe.currentLsn) : null

function history(facts: DemoteFacts): Verdict {
  const { parting, primary, probe, primaryProbe } = facts
  if (primary === null) return pass
  if (parting === null) return refuse('Where its timeline and the other one’s diverge could not be read.')
  if (parting.parts === 'stranger') return refuse(`It and ${primary.title} have no timeline in common. ${copyInstead}`)
  if (parting.parts === 'never')
    return refuse(
      `Both write on timeline ${probe.timeline}: the WAL does not tell them apart, so pg_rewind would find nothing to discard. ${copyInstead}`,
    )
  if (probe.timeline === primaryProbe?.timeline)
    return refuse(
      `Both are on a timeline ${probe.timeline}, but not the same one: they diverged at ${parting.lsn}. Whether a rewind is over could not be told. ${copyInstead}`,
    )
  const past = pastBytes(facts)
  return warn(
    `It and ${primary.title} diverge at ${parting.lsn}. ${past === null ? 'How much it wrote after that is not known' : `It wrote ${formatBytes(Math.max(0, past))} after that`}: pg_rewind discards that${facts.saveTail ? ', once its WAL is saved' : ', and it is gone'}.`,
  )
}

function canRewind({ disk, primary }: DemoteFacts): Verdict {
  if (disk === null || primary === null) return pass
  return disk.hasChecksums === true || disk.logsHints === true
    ? pass
    : refuse(`It has neither data checksums nor wal_log_hints, so pg_rewind cannot discard what it wrote. ${copyInstead}`)
}

const divergence = (facts: DemoteFacts): { label: string; value: string }[] => {
  const past = pastBytes(facts)
  return facts.parting?.parts === 'at'
    ? [
        { label: 'Timelines diverge at', value: facts.parting.lsn },
        ...(past === null ? [] : [{ label: 'Written after that', value: formatBytes(Math.max(0, past)) }]),
      ]
    : []
}
