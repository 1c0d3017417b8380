import type { CanaryEvidence } from '@/lib/domain/proof/certificate'
import type { FailoverReport, LaterWork, NameReport } from '@/lib/domain/proof/failover-report'
import { foldJob } from '@/lib/kernel/engine/fold'
import type { JournalLine } from '@/lib/kernel/ground/journal'
import type { Json } from '@/lib/kernel/ground/json'
import { cachedSeconds, type NameMove } from '../facts/names'
import { unorderedReport } from '../follow-leader/report'
import { failover } from '.'
import type { FailoverFacts, Sign } from './facts'
import { setNames } from './steps/lower-synchronous'

/** What journals lack that were written before names of standbys were moved. */
const withoutReaders: Pick<FailoverFacts, 'readers'> = { readers: { moves: [], problems: [] } }

type Output = { [key: string]: Json | undefined }

/** The report of a failover, folded from its journal and from what was done on the members since; null before its facts are gathered. */
export const reportOf = (lines: readonly JournalLine[], later: LaterWork[] = []): FailoverReport | null => {
  const gathered = lines.findLast((line) => line.kind === 'gathered')
  if (gathered === undefined) return null
  if ((gathered.facts as { mode?: unknown }).mode === 'unordered') return unorderedReport(lines, later)
  const facts = { ...withoutReaders, ...(gathered.facts as unknown as FailoverFacts) }
  const outputs = outputsOf(lines)
  const fold = foldJob(
    lines,
    failover.effects.map(({ name }) => name),
  )
  const followed = (outputs.get('followers')?.followed as string[] | undefined) ?? []
  const parked = (outputs.get('followers')?.parked as Sign[] | undefined) ?? facts.parked
  const gateTitles = new Map(failover.gates.map(({ name, title }) => [name, title]))
  return {
    state: fold.state,
    mode: facts.mode,
    oldPrimary: facts.primary?.title ?? null,
    newPrimary: facts.candidate?.title ?? null,
    lossBytes: facts.lossBytes,
    lastKnown: facts.lastKnown,
    ranking: facts.ranking,
    gatheredAt: gathered.at,
    gates: lines.flatMap((line) =>
      line.kind === 'gate' ? [{ title: gateTitles.get(line.step) ?? line.step, verdict: line.verdict, because: line.because }] : [],
    ),
    steps: fold.steps.map((step) => ({
      ...step,
      title: failover.effects.find(({ name }) => name === step.name)?.title ?? step.name,
      tookMs: step.startedAt !== null && step.endedAt !== null ? Date.parse(step.endedAt) - Date.parse(step.startedAt) : null,
    })),
    positions: positionsOf(facts, outputs),
    fence: fenceWords(facts, outputs),
    names: [...namesOf(lines, 'names', facts.names.moves), ...namesOf(lines, 'reader-names', facts.readers.moves)],
    followed,
    parked,
    gapMs: gapOf(lines),
    bounds: boundsOf(facts, lines),
    canary: (outputs.get('canary-judge')?.evidence as unknown as CanaryEvidence | undefined) ?? null,
    later,
    open: openPoints(facts, fold.state, fold.attention?.question ?? fold.because, outputs, parked, broughtBack(later)),
  }
}

const outputsOf = (lines: readonly JournalLine[]): ReadonlyMap<string, Output> =>
  new Map(
    lines.flatMap((line): [string, Output][] =>
      line.kind === 'finished' && typeof line.output === 'object' && line.output !== null && !Array.isArray(line.output)
        ? [[line.step, line.output]]
        : [],
    ),
  )

const namesOf = (lines: readonly JournalLine[], step: string, moves: readonly NameMove[]): NameReport[] => {
  const intended = lines.find((line) => line.kind === 'intended' && line.step === step)
  const finished = lines.findLast((line) => line.kind === 'finished' && line.step === step)
  if (finished?.kind !== 'finished') return []
  const { names = [] } = (finished.output ?? {}) as unknown as { names?: Omit<NameReport, 'cached'>[] }
  const { was = [] } = ((intended?.kind === 'intended' && intended.before) || {}) as unknown as { was?: NameMove['now'][] }
  return names.map(({ name, servers }) => {
    const at = moves.findIndex((move) => move.name === name)
    const ttlSeconds = at < 0 ? 0 : cachedSeconds({ now: was[at] ?? moves[at]!.now, next: moves[at]!.next })
    const until = new Date(Date.parse(finished.at) + ttlSeconds * 1000).toISOString()
    return { name, servers, cached: ttlSeconds === 0 ? null : { until, ttlSeconds } }
  })
}

const positionsOf = (facts: FailoverFacts, outputs: ReadonlyMap<string, Output>): FailoverReport['positions'] => {
  const rows: [string, Json | undefined, Json | undefined][] = [
    ['Last known position of the old primary', facts.lastKnown?.lsn, facts.primaryProbe?.timeline],
    ['Received by the candidate before', facts.candidateProbe?.receivedLsn, facts.candidateProbe?.timeline],
    [
      'Last record of the old primary',
      outputs.get('catch-up')?.checkpointLsn ?? outputs.get('fence')?.checkpointLsn,
      facts.primaryProbe?.timeline,
    ],
    ['Replayed by the candidate when it was promoted', outputs.get('catch-up')?.replayedLsn, facts.candidateProbe?.timeline],
    ['The new primary after the promotion', outputs.get('promote')?.lsn, outputs.get('promote')?.timeline],
    ['After the first proven commit', outputs.get('write')?.lsn, outputs.get('write')?.timeline],
  ]
  return rows.flatMap(([label, lsn, timeline]) =>
    typeof lsn === 'string' ? [{ label, lsn, timeline: typeof timeline === 'number' ? timeline : null }] : [],
  )
}

const fenceWords = (facts: FailoverFacts, outputs: ReadonlyMap<string, Output>): string => {
  const { unseen = [] } = facts
  const words = primaryFenceWords(facts, outputs)
  return unseen.length === 0
    ? words
    : `${words} Nor does anything prove that ${unseen.join(' and ')} ${unseen.length === 1 ? 'was' : 'were'} down: somebody took responsibility for that too.`
}

const primaryFenceWords = ({ mode, fence, primary }: FailoverFacts, outputs: ReadonlyMap<string, Output>): string => {
  const title = primary?.title ?? 'The old primary'
  const seen = outputs.get('fence')
  if (seen?.hasStandbySignal === true)
    return `${title} was stopped (control file: ${String(seen.controlState ?? 'not read')}) and carries standby.signal, proven on its host.`
  if (fence === 'override')
    return `${title} could not be reached. Nothing proves that it was down: somebody took responsibility for that by typing the herd’s name.`
  return mode === 'planned' ? `${title} was not fenced (yet).` : `${title} was not fenced.`
}

/** From the order to stop to the first proven commit: what a client saw at most, reconnecting aside. */
const gapOf = (lines: readonly JournalLine[]): number | null => {
  const stop = lines.find((line) => line.kind === 'intended' && line.step === 'stop-primary')
  const write = lines.find((line) => line.kind === 'finished' && line.step === 'write')
  return stop && write ? Date.parse(write.at) - Date.parse(stop.at) : null
}

const boundsOf = ({ mode, lastKnown }: FailoverFacts, lines: readonly JournalLine[]): FailoverReport['bounds'] => {
  const write = lines.find((line) => line.kind === 'finished' && line.step === 'write')
  if (mode === 'planned' || write === undefined || lastKnown?.seenAt == null) return null
  return { lastSeenAt: lastKnown.seenAt, firstCommitAt: write.at }
}

/** Members that a later job left following. */
const broughtBack = (later: readonly LaterWork[]): ReadonlySet<string> =>
  new Set(later.filter(({ state }) => state === 'done').map(({ title }) => title))

const openPoints = (
  facts: FailoverFacts,
  state: string,
  why: string | null,
  outputs: ReadonlyMap<string, Output>,
  parked: readonly Sign[],
  back: ReadonlySet<string>,
): string[] => {
  const isPromoted = outputs.has('promote')
  const open: string[] = []
  if (state === 'attention') open.push(`The job needs attention: ${why ?? 'its page says what for'}`)
  if (state === 'failed') open.push(`The job failed: ${why ?? 'its page says where'}`)
  if (!isPromoted) return open
  for (const one of parked)
    if (!back.has(one.title)) open.push(`${one.title} does not follow the new primary: ${one.because}. Repoint it, or rebuild it.`)
  if (!outputs.has('rejoin') && facts.primary !== null && !back.has(facts.primary.title))
    open.push(
      `${facts.primary.title} must not start as a primary. Let it rejoin once its host is back, or rebuild it where that is refused; then the herd can fail back.`,
    )
  const lowered = outputs.get('lower-synchronous')
  if (typeof lowered?.was === 'string' && lowered.was !== lowered.is)
    open.push(
      `${facts.candidate?.title} waits for fewer standbys than before the failover. Once enough of them follow, put it back there: ${setNames(lowered.was)}`,
    )
  for (const problem of [...facts.names.problems, ...facts.readers.problems]) open.push(`${problem}. Correct the name, then refresh it.`)
  if (!outputs.has('names') && facts.names.moves.length > 0)
    open.push(`${facts.names.moves.map(({ name }) => name).join(', ')}: not proven to point to the new primary.`)
  if (!outputs.has('reader-names') && facts.readers.moves.length > 0)
    open.push(`${facts.readers.moves.map(({ name }) => name).join(', ')}: not proven to point to the standbys that follow now.`)
  return open
}
