import { type CanaryLedger, judgeCanary } from '../proof/canary-ledger'
import type { Strip } from '../proof/canary-strip'
import { type Cost, type FaultKind, faultTitles } from './faults'

/** Ids of a run's rows as one server holds them, and the sum of all accounts there; `sum` null: the workload has no accounts. */
export type FoundAtPrimary = { on: string; ids: number[]; sum: number | null }

/**
 * The cluster test of pg_cluster, counted the right way round: each transfer adds one to the sum of all accounts, so an acknowledged commit that is lost
 * lowers it, and a commit whose client saw an error raises it.
 */
export type Total = { expected: number; found: number; difference: number }

/** What the ledger of one fault and the rows on the primary say together. A figure is null where it is not known, and never 0 for that. */
export type FaultFinding = {
  kind: FaultKind
  cost: Cost
  /** ISO; null: it was not done. */
  struckAt: string | null
  /** Until every member was healthy again; null: it was not, before time was up. */
  wholeMs: number | null
  /** Who took writes then. */
  primary: string | null
  attempts: number | null
  acked: number | null
  refused: number | null
  /** Sent, and no answer came; of those `unknownPresent` were found committed. */
  unknown: number | null
  unknownPresent: number | null
  lost: number | null
  duplicated: number | null
  /** Found and never sent, or refused and there all the same. */
  foreign: number | null
  lostIds: number[]
  longestGapMs: number | null
  latencyMs: { p50: number; p99: number; max: number } | null
  errors: { code: string; count: number }[]
  total: Total | null
  strip: Strip | null
  ledgerSha256: string | null
  /** Why it does not tell the whole story; null: it does. */
  cutOff: string | null
}

export interface FaultSeen {
  kind: FaultKind
  cost: Cost
  struckAt: string | null
  wholeMs: number | null
  primary: string | null
  /** null: it is not on this worker. */
  ledger: { ledger: CanaryLedger; sha256: string } | null
  /** null: the primary could not be asked. */
  found: FoundAtPrimary | null
  /** The sum of all accounts before the first commit; null: the workload has none. */
  sumBefore: number | null
}

const nothingKnown = {
  attempts: null,
  acked: null,
  refused: null,
  unknown: null,
  unknownPresent: null,
  lost: null,
  duplicated: null,
  foreign: null,
  lostIds: [],
  longestGapMs: null,
  latencyMs: null,
  errors: [],
  total: null,
  strip: null,
  ledgerSha256: null,
}

export const judgeFault = ({ ledger, found, sumBefore, ...about }: FaultSeen): FaultFinding => {
  if (ledger === null)
    return {
      ...about,
      ...nothingKnown,
      cutOff: 'the ledger is not on this worker: another one wrote it, so what was acknowledged is not known here',
    }
  const seen = judgeCanary(ledger.ledger, found, { through: '', sha256: ledger.sha256, cutOff: null })
  const acks = ledger.ledger.events.filter((event) => event.kind === 'ack').map(({ atMs }) => atMs)
  const finished = seen.found
  return {
    ...about,
    attempts: seen.ledger.attempts,
    acked: seen.acked,
    refused: seen.refused,
    unknown: seen.unknown,
    unknownPresent: finished?.unknownPresent ?? null,
    lost: finished?.lost ?? null,
    duplicated: found === null ? null : found.ids.length - new Set(found.ids).size,
    foreign: finished?.foreign ?? null,
    lostIds: finished?.lostIds ?? [],
    longestGapMs: gapOf(acks, seen.elapsedMs),
    latencyMs: seen.acked === 0 ? null : seen.latencyMs,
    errors: seen.errors,
    total: found === null || found.sum === null || sumBefore === null ? null : totalOf(sumBefore + seen.acked, found.sum),
    strip: seen.strip ?? null,
    ledgerSha256: seen.ledger.sha256,
    cutOff: seen.cutOff,
  }
}

/** Silence at the end counts, too: nobody was answered any more. */
const gapOf = (acks: readonly number[], elapsedMs: number): number | null => {
  const ordered = acks.toSorted((a, b) => a - b)
  return ordered.length === 0
    ? null
    : Math.max(...[...ordered.slice(1), Math.max(elapsedMs, ordered.at(-1)!)].map((at, index) => at - ordered[index]!))
}

const totalOf = (expected: number, found: number): Total => ({ expected, found, difference: found - expected })

export type FaultVerdict = { kind: 'within' | 'beyond' | 'unknown'; because: string[] }

/** Whether the fault cost more than was declared. Unknown is never within. */
export const verdictOf = (finding: FaultFinding): FaultVerdict => {
  const { cost, struckAt, wholeMs, lost, duplicated, foreign, longestGapMs, total, cutOff, unknown, unknownPresent } = finding
  const beyond = [
    ...(lost !== null && lost > 0 && cost.lost === 0 ? [`${lost} acknowledged commits are lost, and none was allowed`] : []),
    ...(duplicated ? [`${duplicated} commits are there more than once`] : []),
    ...(foreign ? [`${foreign} rows are there that were refused or never sent`] : []),
    ...(longestGapMs !== null && longestGapMs > cost.gapMs
      ? [`no commit for ${Math.round(longestGapMs)} ms, and ${cost.gapMs} ms were allowed`]
      : []),
    ...(struckAt !== null && wholeMs === null ? ['the herd was not whole again before time was up'] : []),
    ...(total !== null && lost !== null && unknownPresent !== null && total.difference !== unknownPresent - lost
      ? [`the sum of the accounts is off by ${total.difference}, and the rows say ${unknownPresent - lost}`]
      : []),
  ]
  if (beyond.length > 0) return { kind: 'beyond', because: beyond }
  const open = [
    ...(struckAt === null ? ['it was not done'] : []),
    ...(cutOff === null ? [] : [cutOff]),
    ...(lost === null ? ['what was lost is not known'] : []),
    ...(unknown !== null && unknown > 0 && unknownPresent === null ? [`${unknown} commits without an answer are not resolved`] : []),
    ...(longestGapMs === null ? ['nothing was acknowledged'] : []),
  ]
  return open.length > 0 ? { kind: 'unknown', because: open } : { kind: 'within', because: [] }
}

/** One sentence of each fault, as a log has it. */
export const sayFinding = (finding: FaultFinding): string => {
  const { kind, acked, lost, duplicated, unknown, unknownPresent, longestGapMs, total } = finding
  const { kind: verdict, because } = verdictOf(finding)
  const figure = (value: number | null) => (value === null ? 'not known' : String(value))
  const gap = longestGapMs === null ? 'not known' : `${Math.round(longestGapMs)} ms`
  const sum = total === null ? '' : `, sum of the accounts off by ${total.difference > 0 ? '+' : ''}${total.difference}`
  const said = `${faultTitles[kind]}: ${figure(acked)} acknowledged, ${figure(lost)} lost, ${figure(duplicated)} duplicated, ${figure(unknown)} without an answer of which ${figure(unknownPresent)} committed, longest gap ${gap}${sum}.`
  return `${said} ${verdict === 'within' ? 'Within what was declared.' : `${verdict === 'beyond' ? 'More than was declared' : 'Not known'}: ${because.join('; ')}.`}`
}
