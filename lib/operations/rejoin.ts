import { z } from 'zod'
import { formatBytes } from '@/lib/domain/values/bytes'
import { lsnBytesBetween } from '@/lib/domain/values/lsn'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import { notAsked, notNeeded, type When } from '@/lib/kernel/operation/only-when'
import type { GatherContext } from '@/lib/kernel/operation/operation'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, passBecause, refuse, warn } from '@/lib/kernel/operation/verdict'
import type { DataDirectorySeen, Following, Fork, MemberStanding, ReadPorts } from '@/lib/ports'
import { gatherHerd, type HerdFacts, isDown, type Place, type Plain, probeTimeoutMs } from './facts/instance'
import { aboutInstance, firmInstance, herdNow, interruptsIt, lockHerd } from './facts/instance-head'
import { judgeSlots, leftSlotsVerdict, type SlotOwner, slotOwners } from './facts/leftover-slots'
import { followingTo, gatherPeers, isStreamingFrom } from './facts/peers'
import { lookAtRewind, mayRewind, noRewind, type RewindSight, rewindInput, savesTail } from './facts/rewind'
import { wasPrimaryToo } from './facts/same-timeline'
import { gained } from './gates/impact'
import { keepsPassword, seenRow, wasSeen } from './gates/seen'
import { checkpointPostgres } from './steps/postgres/checkpoint'
import { fencePostgres } from './steps/postgres/fence'
import { recoverPostgres } from './steps/postgres/recover'
import { stillLeads, stillNoPrimary } from './steps/postgres/still'
import { stopPostgres } from './steps/postgres/stop'
import { dropLeftSlots } from './steps/replication/drop-left-slots'
import { forgetReplaced } from './steps/replication/forget-replaced'
import { makeSlot } from './steps/replication/make-slot'
import { rewindPostgres } from './steps/replication/rewind'
import { saveTail } from './steps/replication/save-tail'
import { startFollowing } from './steps/replication/start-following'
import { writeFollowing } from './steps/replication/write-following'

export type RejoinFacts = HerdFacts & {
  primary: Place | null
  following: Plain<Following> | null
  disk: Plain<DataDirectorySeen> | null
  /** Where its timeline ended in the primary's history; null: it did not, or that could not be read. */
  forkLsn: string | null
  standing: Plain<MemberStanding> | null
  primaryTimeline: number | null
  /** It was itself primary on a timeline of the primary’s number, so that the two cannot be told apart. */
  wasPrimaryToo: boolean
  /** Whose slots those on it may be. */
  owners: SlotOwner[]
  rewind: RewindSight
  saveTail: boolean
}

const stopTimeoutMs = 60_000
const nothingBack = 'No rewind is needed.'
const staysStandby = 'It stays a standby: the safe state for a former primary.'
const cleanEnds: readonly (string | null)[] = ['shut down', 'shut down in recovery', 'in archive recovery']

const slotName = (facts: RejoinFacts) => facts.following!.slotName
const following = (facts: RejoinFacts) => facts.following!
const self = (facts: RejoinFacts) => facts.instance
const ifRewinds: When<RejoinFacts> = { when: (facts) => rewinds(facts), otherwise: notNeeded(nothingBack) }
const primary = (facts: RejoinFacts) => facts.primary!

export const rejoin = defineOperation({
  name: 'rejoin',
  on: 'instance',
  role: 'dba',
  title: 'Rejoin former primary',
  verb: 'Rejoin',
  danger: 'destructive',
  input: z.strictObject(rewindInput),
  help: [
    'Brings a former primary back as a standby of the member that replaced it: standby.signal and primary_conninfo are written while it is down, then it is started and must stream.',
    'If it was shut down before the promotion, its last record is part of the new primary’s history and no rewind is needed. If it wrote more, the plan says how much, and pg_rewind discards that. A crashed server first runs crash recovery, read-only, since pg_rewind needs a clean shutdown. If pg_rewind cannot work, rebuild it.',
    'Slots that its standbys used while it was primary are dropped if they are no longer needed. A slot of a member that cannot be seen, or of no known member, stays, and the plan names it.',
    'To fail back: rejoin it, then fail over with it as the candidate.',
  ],
  gather: (ports, input, context) => gatherRejoin(ports, input, context),
  about: aboutInstance,
  firm: (facts) => ({
    ...firmInstance(facts),
    primary: facts.primary?.id ?? null,
    forkLsn: facts.forkLsn,
    checkpointLsn: facts.disk?.checkpointLsn ?? null,
    dropsSlots: leftOf(facts).drop,
    tail: facts.rewind.tail?.path ?? null,
  }),
  managed: { deed: 'rejoin', servers: 'instance' },
  locks: lockHerd,
  interrupts: interruptsIt,
  now: (facts) => [...herdNow(facts), { label: 'Prediction', value: predict(facts).sentence }],
  affected: gained,
  order: () => 0,
  offered: (row) => {
    const seen = seenRow(row)
    const verdict = wasSeen(seen)
    if (verdict.verdict === 'refuse') return verdict
    if (seen.state === 'online' && seen.role === 'standby' && row.replacedAt) return pass
    return isDown(seen.state) ? pass : refuse('It runs: only a stopped former primary rejoins.')
  },
})
  .gate('seen', 'Reachable and not following yet', isOutside)
  .gate('primary', 'The herd has one primary to follow', ({ primary, instance }) =>
    primary === null ? refuse(`${instance.herdName} has no primary that answers.`) : passBecause(`${primary.title}.`),
  )
  .gate('history', 'Its WAL is part of the new primary’s history', (facts) => predict(facts).verdict)
  .gate('role', 'The replication role may run pg_rewind', ({ rewind, primary }) => mayRewind(rewind, primary))
  .gate('saveable', 'Discarded WAL is archived', (facts) =>
    facts.rewind.may === null ? pass : savesTail(facts.rewind, { saves: facts.saveTail, pastBytes: tailBytes(facts) }),
  )
  .gate('password', 'primary_conninfo can be rewritten', ({ instance, disk }) =>
    keepsPassword({ title: instance.title, holdsPassword: disk?.holdsPassword === true }),
  )
  .gate('slots', 'Leftover slots', slotsSaid)
  .effect('stop', stopPostgres(self, { mode: () => 'fast', timeoutMs: () => stopTimeoutMs, still: stillNoPrimary(self) }), {
    when: ({ probe }) => !isDown(probe.state),
    otherwise: notNeeded('It is down already.'),
  })
  .effect('slot', makeSlot(primary, slotName))
  .effect('fence', fencePostgres(self, staysStandby), { when: recovers, otherwise: notNeeded(nothingBack) })
  .effect('recover', recoverPostgres(self), { when: recovers, otherwise: notNeeded('No crash recovery is needed.') })
  .effect('checkpoint', checkpointPostgres(primary), ifRewinds)
  .effect('tail', saveTail({ of: self, fork: ({ forkLsn }) => forkLsn!, place: ({ rewind }) => rewind.tail }), {
    when: (facts) => rewinds(facts) && facts.saveTail,
    otherwise: notAsked('Archiving was turned off, or there is nothing to archive.'),
  })
  .effect(
    'rewind',
    rewindPostgres({
      of: self,
      source: following,
      timeline: ({ primaryTimeline }) => primaryTimeline,
      fork: ({ forkLsn }) => forkLsn,
    }),
    ifRewinds,
  )
  .effect('follow', writeFollowing(self, following))
  .effect('start', startFollowing(self, primary, stillLeads(primary)))
  .effect('restored', forgetReplaced(self))
  .effect(
    'left-slots',
    dropLeftSlots({
      of: self,
      slots: ({ disk }) => disk?.slots ?? [],
      owners: ({ owners }) => owners,
    }),
  )
  .build()

const gatherRejoin = async (ports: ReadPorts, input: { saveTail: boolean }, context: GatherContext): Promise<RejoinFacts> => {
  const facts = await gatherHerd(ports, context)
  const options = { timeoutMs: probeTimeoutMs, signal: context.signal }
  const { members } = await ports.inventory.herdStanding(facts.instance.herdId)
  const peers = await gatherPeers(ports, facts.instance.herdId, members, context)
  const leading = peers.filter(({ probe, place }) => place.id !== facts.instance.id && probe.state === 'online' && probe.role === 'primary')
  const primary = leading.length === 1 ? leading[0]! : null
  const self = peers.find(({ place }) => place.id === facts.instance.id)
  const isLooked = isDown(facts.probe.state) || facts.probe.role === 'standby'
  const disk = isLooked ? await ports.replication.dataDirectory(facts.instance.address, options) : null
  const forks: Fork[] =
    primary?.probe.timeline == null ? [] : await ports.replication.history(primary.place.address, primary.probe.timeline, options)
  const seen: RejoinFacts = {
    ...facts,
    ...input,
    rewind: noRewind,
    primary: primary?.place ?? null,
    following: primary && self ? followingTo(primary.place, self, peers) : null,
    disk,
    forkLsn: forks.find(({ timeline }) => timeline === disk?.timeline)?.forkLsn ?? null,
    primaryTimeline: primary?.probe.timeline ?? null,
    wasPrimaryToo:
      isDown(facts.probe.state) && (await wasPrimaryToo(ports, facts.instance, disk, primary?.probe.timeline ?? null, options)),
    standing: members.find(({ id }) => id === facts.instance.id) ?? null,
    owners: slotOwners(facts.instance, peers),
  }
  if (!rewinds(seen) || seen.forkLsn === null || seen.following === null) return seen
  const wanted = { source: seen.following, fork: seen.forkLsn, saves: input.saveTail }
  return { ...seen, rewind: await lookAtRewind(ports, facts.instance, wanted, options) }
}

/** pg_rewind leaves no slot on it, also none that a standby uses. */
function slotsSaid(facts: RejoinFacts): Verdict {
  const readers = facts.owners.filter(({ reads }) => reads !== null && facts.disk?.slots.includes(reads)).map(({ title }) => title)
  return rewinds(facts) && readers.length > 0
    ? warn(
        `pg_rewind takes its slots away, and ${readers.join(', ')} still ${readers.length === 1 ? 'follows' : 'follow'} through one: repoint ${readers.length === 1 ? 'it' : 'them'} under ${facts.primary?.title}.`,
      )
    : leftSlotsVerdict(leftOf(facts))
}

function leftOf({ disk, owners }: RejoinFacts) {
  return judgeSlots(disk?.slots ?? [], owners)
}

/** Nothing to undo, a rewind, or a fresh copy; with the fork and the bytes past it. */
export function predict({ disk, forkLsn, primary, primaryTimeline, wasPrimaryToo, others, instance, probe, saveTail }: RejoinFacts): {
  verdict: Verdict
  sentence: string
  how: 'nothing' | 'rewind'
} {
  const say = (verdict: Verdict, how: 'nothing' | 'rewind' = 'nothing') => ({ verdict, how, sentence: verdict.because ?? '' })
  if (disk === null || primary === null) return say(warn('Not known until it is stopped and a primary answers.'))
  const led = others.find(({ id }) => id === primary.id)
  if (led?.systemIdentifier != null && disk.systemIdentifier !== null && led.systemIdentifier !== disk.systemIdentifier)
    return say(refuse(`${instance.title} has another system identifier than ${primary.title}: it is not a copy of this herd.`))
  if (wasPrimaryToo)
    return say(
      refuse(
        `It led a timeline ${primaryTimeline} of its own, as ${primary.title} does: their WAL cannot be told apart, not even by pg_rewind. Rebuild it.`,
      ),
    )
  if (disk.timeline !== null && disk.timeline === led?.timeline)
    return say(passBecause('It is on the primary’s own timeline: no rewind is needed.'))
  if (forkLsn === null || disk.checkpointLsn === null)
    return say(refuse('Where its timeline and the primary’s diverge could not be read: rebuild it.'))
  const hasCrashed = probe.state === 'crashed' || !cleanEnds.includes(disk.controlState)
  const past = pastFork(disk, probe.replayedLsn, forkLsn)
  // A running one that is fenced is a standby that finds nobody to follow; it is stopped cleanly first.
  if (!hasCrashed && past === null) return say(passBecause(`What it has ends before the fork at ${forkLsn}: no rewind is needed.`))
  const wrote = hasCrashed
    ? `up to an unknown place past its checkpoint at ${disk.checkpointLsn} (the fork is at ${forkLsn})`
    : `${formatBytes(past ?? 0)} past the fork at ${forkLsn}`
  if (disk.hasChecksums !== true && disk.logsHints !== true)
    return say(
      refuse(
        `It may have written ${wrote}, which ${primary.title} does not have, and has neither checksums nor wal_log_hints: pg_rewind cannot discard that. Rebuild it.`,
      ),
    )
  const recovery = hasCrashed ? ' It first replays its own WAL, read-only.' : ''
  return say(
    warn(
      `It wrote ${wrote}, which ${primary.title} does not have: pg_rewind discards that${saveTail ? ', once its WAL is saved' : ', and it is gone'}.${recovery}`,
    ),
    'rewind',
  )
}

/**
 * Bytes it has past the fork; null: none. The last record of a primary begins at its checkpoint, so one that begins at the fork is past it; a standby has
 * what lies before its minimum recovery point, however old its checkpoint is.
 */
function pastFork({ checkpointLsn, minRecoveryLsn }: Plain<DataDirectorySeen>, replayedLsn: string | null, forkLsn: string): number | null {
  const past = (lsn: string | null) => lsnBytesBetween(forkLsn, lsn) ?? Number.NEGATIVE_INFINITY
  const [record, end] = [past(checkpointLsn), Math.max(past(minRecoveryLsn), past(replayedLsn))]
  return record >= 0 || end > 0 ? Math.max(record, end) : null
}

function tailBytes({ disk, probe, forkLsn }: RejoinFacts): number | null {
  return disk === null || forkLsn === null ? null : pastFork(disk, probe.replayedLsn, forkLsn)
}

/** Down, or running fenced without anybody to follow. */
function isOutside({ probe, primary }: RejoinFacts): Verdict {
  const verdict = wasSeen(probe)
  if (verdict.verdict === 'refuse' || isDown(probe.state)) return verdict
  if (probe.state !== 'online') return refuse(`It is ${probe.state}.`)
  if (probe.role === 'primary') return refuse('It takes writes: stop it first.')
  if (primary !== null && isStreamingFrom(probe, primary)) return refuse(`It follows ${primary.title} already.`)
  return passBecause('It runs as a standby without an upstream: it is stopped first.')
}

/** A function, since the operation above is built before this line is reached. */
function rewinds(facts: RejoinFacts): boolean {
  return predict(facts).how === 'rewind'
}

/** pg_rewind needs a clean shutdown. */
function recovers(facts: RejoinFacts): boolean {
  return rewinds(facts) && facts.probe.state === 'crashed'
}
