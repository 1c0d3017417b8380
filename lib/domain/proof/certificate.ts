import { counted } from '../values/counted'
import { lsnBytesBetween } from '../values/lsn'
import type { Strip } from './canary-strip'

/** What a canary writer saw from a client's place. Its times are of one monotonic clock, its coverage is by timeline: neither needs two clocks that agree. */
export interface CanaryEvidence {
  /** Through what it wrote, in words. */
  through: string
  /** ISO, by the console's clock. */
  startedAt: string
  endedAt: string
  /** The same span by the monotonic clock. */
  elapsedMs: number
  /** SHA-256 of the ledger, and how many attempts it tells of. */
  ledger: { sha256: string; attempts: number }
  acked: number
  refused: number
  unknown: number
  /** Errors by SQLSTATE or code, the most frequent first. */
  errors: { code: string; count: number }[]
  latencyMs: { p50: number; p99: number; max: number }
  /** Between two acknowledged commits that follow one another; null: there were not two. */
  longestGapMs: number | null
  /** Acknowledged commits by the timeline they were written on, and how far the last of each reached. */
  timelines: { timeline: number; acked: number; lastLsn: string }[]
  /** What the new primary holds of its rows; null: it was not asked. */
  found: { on: string; rows: number; lost: number; lostIds: number[]; foreign: number; unknownPresent: number } | null
  /** Why it does not tell the whole story; null: it does. */
  cutOff: string | null
  /** What its acknowledgements were worth, in words, in the order in which that changed. */
  commitModes?: string[]
  /** Its commits one by one, for the picture; certificates from before there was one have none. */
  strip?: Strip
}

/** The old primary, looked at once everything was over. */
export interface OldPrimarySeen {
  state: string
  role: string
  timeline: number | null
  hasStandbySignal: boolean | null
  /** Of its control file; null: it runs, or it could not be read. */
  checkpointLsn: string | null
}

/** Two clocks that were read at once. */
export interface ClockSeen {
  what: string
  /** How far it is ahead of the console's. */
  offsetMs: number
  /** How well that is known: half the way there and back. */
  uncertaintyMs: number
}

export interface EvidenceStep {
  name: string
  title: string
  /** done, already so, or why it was left out: not asked for, not needed, not possible. */
  state: string
  /** Why it was left out. */
  because?: string
  startedAt: string | null
  endedAt: string | null
  tookMs: number | null
  /**
   * Numbers of the journal's lines that say so: the order in which the times were noted, since steps may be taken at the same time. Certificates from before
   * they were have none.
   */
  lines?: { started: number | null; ended: number }
}

/** All that a verdict is made from: plain JSON, so that anybody can make it again. LSNs are PostgreSQL's text, times ISO. */
export interface MoveEvidence {
  operation: string
  mode: 'planned' | 'emergency'
  jobId: string
  runId: string
  herd: string
  environment: string
  by: string
  /** How the job ended. */
  outcome: string
  oldPrimary: string | null
  newPrimary: string | null
  systemIdentifier: { old: string | null; new: string | null }
  timeline: { old: number | null; new: number | null }
  /** The furthest position that anybody saw the old primary at before. */
  lastKnownLsn: string | null
  /** Its control file after the stop. */
  stopped: { controlState: string | null; checkpointLsn: string | null } | null
  fence: { kind: 'signal' | 'override' | 'none'; hasStandbySignal: boolean; isBeforePromotion: boolean }
  /** What the candidate had replayed before it was promoted, and the control file read at that moment. */
  replayed: { checkpointLsn: string; replayedLsn: string } | null
  /** Where the new timeline leaves the old one, by its history file. */
  fork: { timeline: number; lsn: string } | null
  firstCommit: { lsn: string | null; timeline: number | null } | null
  after: OldPrimarySeen | null
  clocks: ClockSeen[]
  steps: EvidenceStep[]
  canary: CanaryEvidence | null
  /** A canary was asked for. */
  isCanaryWanted: boolean
  /** What no WAL carries: unlogged tables, by the catalogs of the new primary, and logical slots of the old one without a usable copy. null: not known. The first certificates of version 2 have none of it. */
  notInWal?: { unloggedTables: number | null; logicalSlots: number | null }
  /** How long the job waited for the console's own database, in all. */
  waitedMs?: number
}

export type MoveVerdict =
  | { kind: 'proven'; because: string[] }
  | { kind: 'not-provable'; because: string[] }
  /** `bytes` of WAL at least; null: not known. `commits`: acknowledged to the canary and not there. */
  | { kind: 'lost'; bytes: number | null; commits: number | null; because: string[] }

/** Clocks further apart than this cannot put the steps in order. */
export const clockOffsetMaxMs = 1_000

/**
 * Whether every logged commit that was acknowledged is on the new primary. What is in no WAL is counted, and proves nothing. What is known to be lost outweighs everything; then each piece of the proof must be there,
 * and no piece of evidence may contradict it; only then it is proven.
 */
export const judgeMove = (evidence: MoveEvidence): MoveVerdict => {
  const loss = lossOf(evidence)
  if (loss !== null) return loss
  const doubts = [
    ...stopDoubts(evidence),
    ...forkDoubts(evidence),
    ...fenceDoubts(evidence),
    ...clockDoubts(evidence),
    ...canaryDoubts(evidence),
  ]
  return doubts.length > 0 ? { kind: 'not-provable', because: doubts } : { kind: 'proven', because: proofOf(evidence) }
}

const isPast = (position: string | null, mark: string | null): boolean => (lsnBytesBetween(mark, position) ?? 0) > 0

const lossOf = ({ fork, stopped, lastKnownLsn, canary }: MoveEvidence): MoveVerdict | null => {
  const because: string[] = []
  let bytes: number | null = null
  const beyond = (lsn: string | null, sentence: string) => {
    const count = fork === null ? null : lsnBytesBetween(fork.lsn, lsn)
    if (count === null || count <= 0) return
    bytes = Math.max(bytes ?? 0, count)
    because.push(sentence)
  }
  beyond(
    stopped?.checkpointLsn ?? null,
    `The old primary’s last checkpoint at ${stopped?.checkpointLsn} lies past the fork at ${fork?.lsn}.`,
  )
  beyond(lastKnownLsn, `The old primary was seen at ${lastKnownLsn}, past the fork at ${fork?.lsn}.`)
  for (const { timeline, lastLsn } of canary?.timelines ?? [])
    if (timeline === fork?.timeline) beyond(lastLsn, `A commit acknowledged at ${lastLsn} lies past the fork at ${fork.lsn}.`)
  const commits = canary?.found?.lost ?? 0
  if (commits > 0)
    because.push(`${canary!.found!.on} does not hold ${commits} of ${canary!.acked} commits that were acknowledged to the canary.`)
  return because.length > 0 ? { kind: 'lost', bytes, commits: commits > 0 ? commits : null, because } : null
}

const stopDoubts = ({ stopped, replayed, mode, outcome }: MoveEvidence): string[] => {
  const doubts: string[] = []
  if (outcome !== 'done') doubts.push(`The job ended as ${outcome}.`)
  if (stopped === null || stopped.checkpointLsn === null || stopped.controlState === null)
    doubts.push('The end of the old primary’s WAL was not read.')
  else if (!stopped.controlState.startsWith('shut down'))
    doubts.push(
      `The old primary did not shut down cleanly (its control file says “${stopped.controlState}”), so its last record is not known.`,
    )
  if (mode === 'planned' && replayed === null)
    doubts.push('The candidate was not seen to have replayed the last record before it was promoted.')
  if (replayed !== null && !isPast(replayed.replayedLsn, replayed.checkpointLsn))
    doubts.push(`The candidate had replayed to ${replayed.replayedLsn}, not past the last record at ${replayed.checkpointLsn}.`)
  if (replayed !== null && stopped?.checkpointLsn != null && replayed.checkpointLsn !== stopped.checkpointLsn)
    doubts.push(
      `The old primary’s last record moved from ${stopped.checkpointLsn} to ${replayed.checkpointLsn}: it wrote after it was stopped.`,
    )
  return doubts
}

const forkDoubts = ({ fork, stopped, timeline, systemIdentifier, firstCommit }: MoveEvidence): string[] => {
  const doubts: string[] = []
  if (systemIdentifier.old === null || systemIdentifier.new === null || systemIdentifier.old !== systemIdentifier.new)
    doubts.push('The old and the new primary are not proven to have the same system identifier.')
  if (timeline.old === null || timeline.new === null || timeline.new <= timeline.old)
    doubts.push('The new primary is not proven to be on a newer timeline.')
  if (fork === null) doubts.push('The fork point of the new timeline was not read.')
  else if (timeline.old !== null && fork.timeline !== timeline.old)
    doubts.push(`The new timeline leaves timeline ${fork.timeline}, the old primary was on ${timeline.old}.`)
  else if (stopped?.checkpointLsn != null && !isPast(fork.lsn, stopped.checkpointLsn))
    doubts.push(`The fork at ${fork.lsn} is not past the old primary’s last record at ${stopped.checkpointLsn}.`)
  if (firstCommit === null || firstCommit.timeline === null || firstCommit.timeline !== timeline.new)
    doubts.push('No commit was seen on the new timeline.')
  return doubts
}

const fenceDoubts = ({ fence, after, stopped, timeline, oldPrimary }: MoveEvidence): string[] => {
  const old = oldPrimary ?? 'The old primary'
  if (fence.kind === 'override') return [`Nothing proves that ${old} was down: somebody took responsibility for that.`]
  if (fence.kind === 'none' || !fence.hasStandbySignal) return [`${old} was not fenced.`]
  if (!fence.isBeforePromotion) return [`${old} was not fenced before the promotion.`]
  if (after === null) return [`Nobody could check ${old} afterwards, so whether the fence held is not known.`]
  const isDown = after.state === 'stopped' || after.state === 'crashed'
  if (!isDown && after.role !== 'standby') return [`${old} was seen afterwards ${after.state} as ${after.role}: the fence did not hold.`]
  if (after.hasStandbySignal !== true) return [`${old} no longer carries standby.signal: the fence did not hold.`]
  if (isDown && after.checkpointLsn !== stopped?.checkpointLsn)
    return [
      `The last checkpoint of ${old} moved from ${stopped?.checkpointLsn ?? 'an unknown place'} to ${after.checkpointLsn ?? 'an unknown place'} after the fence.`,
    ]
  if (!isDown && after.timeline !== null && timeline.new !== null && after.timeline > timeline.new)
    return [`${old} is on timeline ${after.timeline}, newer than the new primary’s.`]
  return []
}

const clockDoubts = ({ clocks, steps, canary }: MoveEvidence): string[] => {
  const doubts = clocks
    .filter(({ offsetMs, uncertaintyMs }) => Math.abs(offsetMs) > clockOffsetMaxMs + uncertaintyMs)
    .map(
      ({ what, offsetMs }) =>
        `The clock of ${what} is ${(Math.abs(offsetMs) / 1000).toFixed(1)} s ${offsetMs > 0 ? 'ahead of' : 'behind'} the console’s: the times cannot be put in order.`,
    )
  if (clocks.length === 0) doubts.push('No two clocks were compared, so the times cannot be put in order.')
  const times = timesOf(steps)
  if (times.some((at, index) => index > 0 && at < times[index - 1]!))
    doubts.push('A step is noted before the one that came before it: the clock of the journal went back.')
  if (canary !== null) {
    const wallMs = Date.parse(canary.endedAt) - Date.parse(canary.startedAt)
    if (!(Math.abs(wallMs - canary.elapsedMs) <= clockOffsetMaxMs))
      doubts.push(
        `The console’s clock was set while the canary wrote: ${wallMs} ms by the wall, ${Math.round(canary.elapsedMs)} ms by the monotonic clock.`,
      )
  }
  return doubts
}

/** In milliseconds, in the order in which they were noted. */
const timesOf = (steps: readonly EvidenceStep[]): number[] =>
  steps
    .flatMap(({ startedAt, endedAt, lines }, index) => [
      { at: startedAt, nth: lines?.started ?? 2 * index },
      { at: endedAt, nth: lines?.ended ?? 2 * index + 1 },
    ])
    .flatMap(({ at, nth }) => (at === null ? [] : [{ at: Date.parse(at), nth }]))
    .sort((one, other) => one.nth - other.nth)
    .map(({ at }) => at)

const canaryDoubts = ({ canary, isCanaryWanted, timeline }: MoveEvidence): string[] => {
  if (canary === null) return isCanaryWanted ? ['A canary was asked for, and nothing is known of it.'] : []
  const doubts: string[] = []
  const ackedOn = (wanted: number | null) => canary.timelines.find((one) => one.timeline === wanted)?.acked ?? 0
  const counted = canary.timelines.reduce((sum, one) => sum + one.acked, 0)
  if (canary.cutOff !== null) doubts.push(`The canary was cut off: ${canary.cutOff}.`)
  if (canary.found === null) doubts.push('The new primary was not asked for the canary’s commits.')
  if (canary.found !== null && canary.found.foreign > 0) doubts.push(`${canary.found.foreign} rows are there that the canary never sent.`)
  if (canary.found !== null && canary.found.rows !== canary.acked + canary.found.unknownPresent + canary.found.foreign)
    doubts.push('The counts of the canary’s ledger and of its table do not match.')
  if (canary.acked + canary.refused + canary.unknown !== canary.ledger.attempts || counted !== canary.acked)
    doubts.push('The counts of the canary’s ledger are inconsistent.')
  if (ackedOn(timeline.old) === 0) doubts.push('The canary had no commit acknowledged before the move.')
  if (ackedOn(timeline.new) === 0) doubts.push('The canary had no commit acknowledged after the move.')
  return doubts
}

const proofOf = ({ stopped, fork, replayed, oldPrimary, canary, notInWal }: MoveEvidence): string[] => [
  `${oldPrimary} shut down cleanly; its last record is at ${stopped!.checkpointLsn}.`,
  ...(replayed === null ? [] : [`The candidate had replayed to ${replayed.replayedLsn}, past it, before it was promoted.`]),
  `The new timeline leaves the old one at ${fork!.lsn}, past it: all logged commits that were ever acknowledged are part of it.`,
  `${oldPrimary} was fenced before the promotion, and the fence held.`,
  ...(canary === null ? [] : [`All ${canary.acked} commits that were acknowledged to the canary are on ${canary.found!.on}.`]),
  ...outsideWal(notInWal),
]

/** What the proof does not cover. */
const outsideWal = (seen: MoveEvidence['notInWal']): string[] => {
  if (seen === undefined) return []
  const { unloggedTables, logicalSlots } = seen
  return [
    ...(unloggedTables === null
      ? ['Whether there were unlogged tables is not known; their contents are in no WAL, and not part of this.']
      : []),
    ...(unloggedTables ? [`${counted(unloggedTables, 'unlogged table')}: their contents are in no WAL, and not part of this.`] : []),
    ...(logicalSlots === null ? ['Whether there were logical slots is not known; what they had not sent is not part of this.'] : []),
    ...(logicalSlots
      ? [`${counted(logicalSlots, 'logical slot')} left behind: what their readers had not received is not part of this.`]
      : []),
  ]
}
