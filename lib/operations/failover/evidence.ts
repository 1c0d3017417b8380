import type { CanaryEvidence, ClockSeen, EvidenceStep, MoveEvidence } from '@/lib/domain/proof/certificate'
import { slotsLeft } from '@/lib/domain/replication/failover-slots'
import type { JournalLine } from '@/lib/kernel/ground/journal'
import type { Json } from '@/lib/kernel/ground/json'
import { leftOutWords } from '@/lib/kernel/ground/left-out'
import type { Evidence, EvidenceAbout } from '../steps/collect-evidence'
import { failover } from '.'
import type { FailoverFacts } from './facts'

type Output = { [key: string]: Json | undefined }

/** What the journal of one failover proves; null when it never came to a promotion, so that nothing was moved. */
export const failoverEvidence = (lines: readonly JournalLine[], about: EvidenceAbout): MoveEvidence | null => {
  const gathered = lines.findLast((line) => line.kind === 'gathered')
  const promotion = lines.find((line) => line.kind === 'intended' && line.step === 'promote')
  if (gathered === undefined || promotion === undefined) return null
  const facts = gathered.facts as unknown as FailoverFacts
  const { herd, mode, primary, primaryProbe, candidate, lastKnown } = facts
  const [fence, caughtUp] = [outputOf(lines, 'fence'), outputOf(lines, 'catch-up')]
  const [promoted, write] = [outputOf(lines, 'promote'), outputOf(lines, 'write')]
  const seen = outputOf(lines, 'evidence') as Evidence | null
  const fenced = lines.find((line) => line.kind === 'finished' && line.step === 'fence')
  const checkpointLsn = textOf(fence?.checkpointLsn) ?? textOf(caughtUp?.checkpointLsn)
  return {
    ...about,
    operation: failover.name,
    mode,
    herd: herd.name,
    environment: herd.environmentName,
    outcome: lines.findLast((line) => line.kind === 'closed')?.outcome ?? 'open',
    oldPrimary: primary?.title ?? null,
    newPrimary: candidate?.title ?? null,
    systemIdentifier: { old: primaryProbe?.systemIdentifier ?? null, new: seen?.systemIdentifier ?? null },
    timeline: { old: primaryProbe?.timeline ?? null, new: numberOf(promoted?.timeline) ?? seen?.timeline ?? null },
    lastKnownLsn: lastKnown?.lsn ?? null,
    stopped: fence === null ? null : { controlState: textOf(fence.controlState), checkpointLsn },
    fence: {
      kind: (facts.unseen ?? []).length > 0 ? 'override' : facts.fence,
      hasStandbySignal: fence?.hasStandbySignal === true,
      isBeforePromotion: fenced !== undefined && fenced.seq < promotion.seq,
    },
    replayed:
      typeof caughtUp?.checkpointLsn === 'string' && typeof caughtUp.replayedLsn === 'string'
        ? { checkpointLsn: caughtUp.checkpointLsn, replayedLsn: caughtUp.replayedLsn }
        : null,
    fork: seen?.fork ?? null,
    firstCommit: write === null ? null : { lsn: textOf(write.lsn), timeline: numberOf(write.timeline) },
    after: seen?.after ?? null,
    clocks: seen === null ? [] : [...seen.clocks, ...journalClock(lines, seen)],
    steps: stepsOf(lines),
    canary: (outputOf(lines, 'canary-judge')?.evidence as unknown as CanaryEvidence | undefined) ?? null,
    isCanaryWanted: facts.canary !== null,
    notInWal: { unloggedTables: seen?.unloggedTables ?? null, logicalSlots: slotsLeftBehind(facts) },
    waitedMs: lines.reduce((sum, line) => sum + (line.kind === 'waited' ? line.tookMs : 0), 0),
  }
}

/** null: the old primary did not say. */
const slotsLeftBehind = ({ readiness }: FailoverFacts): number | null => {
  const theirs = readiness?.primary?.logicalSlots
  return Array.isArray(theirs) ? slotsLeft(theirs, readiness.candidate?.logicalSlots ?? []).length : null
}

const textOf = (value: Json | undefined): string | null => (typeof value === 'string' ? value : null)
const numberOf = (value: Json | undefined): number | null => (typeof value === 'number' ? value : null)

const outputOf = (lines: readonly JournalLine[], step: string): Output | null => {
  const line = lines.findLast((one) => one.kind === 'finished' && one.step === step)
  const output = line?.kind === 'finished' ? line.output : null
  return typeof output === 'object' && output !== null && !Array.isArray(output) ? output : null
}

/** The console read its clock between the two lines of that step, which carry the database's. */
const journalClock = (lines: readonly JournalLine[], { at }: Evidence): ClockSeen[] => {
  const began = lines.findLast((line) => line.kind === 'intended' && line.step === 'evidence')
  const ended = lines.findLast((line) => line.kind === 'finished' && line.step === 'evidence')
  if (!began || !ended) return []
  const [first, last, own] = [began.at, ended.at, at].map((time) => Date.parse(time)) as [number, number, number]
  const middle = (first + last) / 2
  return [{ what: 'the metadata database', offsetMs: Math.round(middle - own), uncertaintyMs: Math.ceil((last - first) / 2) }]
}

const titleOf = (step: string): string => failover.effects.find(({ name }) => name === step)?.title ?? step

/** As the journal has them, in its order; the endings are not part of it. */
const stepsOf = (lines: readonly JournalLine[]): EvidenceStep[] =>
  lines.flatMap((line): EvidenceStep[] => {
    if (line.kind === 'left-out')
      return [
        {
          name: line.step,
          title: titleOf(line.step),
          state: leftOutWords[line.word],
          because: line.because,
          startedAt: null,
          endedAt: line.at,
          tookMs: null,
          lines: { started: null, ended: line.seq },
        },
      ]
    if (line.kind !== 'finished') return []
    const began = line.ours ? lines.find((one) => one.kind === 'intended' && one.step === line.step) : undefined
    return [
      {
        name: line.step,
        title: titleOf(line.step),
        state: line.ours ? 'done' : 'already-so',
        startedAt: began?.at ?? null,
        endedAt: line.at,
        tookMs: line.ours ? line.tookMs : null,
        lines: { started: began?.seq ?? null, ended: line.seq },
      },
    ]
  })
