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
import { aboutInstance, firmInstance, herdNow, interruptsIt, lockHerd } from './facts/instance-head'
import { type SlotOwner, slotOwners } from './facts/leftover-slots'
import { followingTo, gatherPeers } from './facts/peers'
import { lookAtRewind, mayRewind, noRewind, type RewindSight, rewindInput, savesTail } from './facts/rewind'
import { clientsWarned, lossOf, transactionsWarned } from './gates/impact'
import { acceptsConnections, keepsPassword, mayReplicate, seenRow } from './gates/seen'
import { checkpointPostgres } from './steps/postgres/checkpoint'
import { fencePostgres } from './steps/postgres/fence'
import { stillLeads } from './steps/postgres/still'
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
const staysStandby = 'It stays a standby: the safe state for a former primary.'

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
    'Ends a split brain, or brings back a detached standby: of two members that take writes, this one is stopped and made a standby of the other. Refused if no other primary answers. To swap roles, use Switch over or Fail over.',
    'Both have written since their timelines diverged. The plan says at which LSN, and how much this member wrote after that: pg_rewind discards it. The discarded WAL is archived first unless you turn that off. Rescue rows you need before the demotion, while the server still runs.',
    'Once the server is stopped nothing is undone: started unchanged, it would be a second primary again. If pg_rewind cannot work, the demotion is refused before anything is touched: stop the server and rebuild it.',
  ],
  gather: (ports, input, context) => gatherDemote(ports, input, context),
  about: aboutInstance,
  firm: (facts) => ({
    ...firmInstance(facts),
    primary: facts.primary?.id ?? null,
    parting: facts.parting,
    tail: facts.rewind.tail?.path ?? null,
  }),
  managed: { deed: 'demote', servers: 'instance' },
  locks: lockHerd,
  interrupts: interruptsIt,
  now: (facts) => [...herdNow(facts), ...divergence(facts)],
  affected: (facts) => lossOf(facts, { mode: 'fast', moment: 'while it is down', isBack: true }),
  order: () => 0,
  offered: (row) => {
    const seen = seenRow(row)
    return seen.role === 'standby' ? refuse(standbyAlready) : acceptsConnections(seen, 'a stopped former primary rejoins its herd')
  },
})
  .gate('primary', 'Answers as a primary', ({ probe }) =>
    probe.role === 'standby' ? refuse(standbyAlready) : acceptsConnections(probe, 'a stopped former primary rejoins its herd'),
  )
  .gate('other', 'Another primary of the herd answers', otherPrimary)
  .gate('history', 'Diverged writes can be rewound', history)
  .gate('rewindable', 'pg_rewind can work', canRewind)
  .gate('password', 'primary_conninfo can be rewritten', ({ instance, disk }) =>
    keepsPassword({ title: instance.title, holdsPassword: disk?.holdsPassword === true }),
  )
  .gate('reach', 'The other primary accepts the replication connection', ({ reach, primary, instance, following }) =>
    mayReplicate({ reach, upstream: primary, follower: instance, following }),
  )
  .gate('role', 'The replication role may run pg_rewind', ({ rewind, primary }) => mayRewind(rewind, primary))
  .gate('saveable', 'Discarded WAL is archived', (facts) =>
    facts.rewind.may === null ? pass : savesTail(facts.rewind, { saves: facts.saveTail, pastBytes: pastBytes(facts) }),
  )
  .gate('standbys', 'No standby streams from this instance', ({ probe, primary }) =>
    probe.standbys.length === 0
      ? pass
      : warn(
          `${probe.standbys.map((one) => one.applicationName).join(', ')} may hold what the rewind discards: each must be rewound or rebuilt, and repointed to ${primary?.title ?? 'the other primary'}.`,
        ),
  )
  .gate('clients', 'No client connections', (facts) => clientsWarned(facts, 'cut, and what they wrote here is gone'))
  .gate('transactions', 'No open transactions', (facts) => transactionsWarned(facts, 'rolled back'))
  .effect(
    'stop',
    stopPostgres(self, {
      mode: () => 'fast',
      timeoutMs: () => stopTimeoutMs,
      still: stillLeads(primary),
      stays: 'Started unchanged, it would be a second primary; so it is not started again.',
    }),
  )
  .effect('fence', fencePostgres(self, staysStandby, { stopsAgain: true, still: stillLeads(primary) }))
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
    otherwise: notAsked('The WAL past the fork is not archived: that was turned off.'),
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
  .effect('start', startFollowing(self, primary, stillLeads(primary)))
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
    return refuse(`${primaries.join(' and ')} both answer as primary: it is not clear which to follow. Demote one of them first.`)
  if (primary === null)
    return refuse(`No other member of ${instance.herdName} answers as primary. To swap roles, use Switch over or Fail over.`)
  const [ours, theirs] = [probe.systemIdentifier, primaryProbe?.systemIdentifier ?? null]
  return ours !== null && theirs !== null && ours !== theirs
    ? refuse(`${primary.title} has another system identifier: they are not copies of each other.`)
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
  if (parting === null) return refuse('Where the two timelines diverge could not be read.')
  if (parting.parts === 'stranger') return refuse(`It and ${primary.title} have no timeline in common. ${copyInstead}`)
  if (parting.parts === 'never')
    return refuse(`Both write on timeline ${probe.timeline}: pg_rewind cannot tell their WAL apart. ${copyInstead}`)
  if (probe.timeline === primaryProbe?.timeline)
    return refuse(
      `Both are on a timeline ${probe.timeline}, but not the same one: they diverged at ${parting.lsn}. Whether a rewind was completed is not known. ${copyInstead}`,
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
