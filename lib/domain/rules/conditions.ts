import { hostMetrics, instanceMetrics } from '../samples/metrics'
import { type DerivedMetric, derivedMetrics, isLive, type RecordedMetric } from './figures'

/** When a rule acts: all of several, one of several, or one figure against a bound. No condition at all is `{ all: [] }`. */
export type Condition = { all: readonly Condition[] } | { any: readonly Condition[] } | Comparison

export const comparisonSigns = ['>', '≥', '<', '≤', '='] as const

/** Whose figure: the member's own; that of its herd's primary; the primary's with those of the members added that it would serve instead. */
export const comparedSubjects = ['member', 'primary', 'combined'] as const
export type ComparedSubject = (typeof comparedSubjects)[number]

export interface Comparison {
  metric: RecordedMetric | DerivedMetric
  /** Left out: the member's. */
  of?: ComparedSubject
  sign: (typeof comparisonSigns)[number]
  /** In the unit of the metric. */
  bound: number
  /** For how long without a break; 0: by the newest figure. */
  minutes: number
  /** Not of the minutes before but of those that lie ahead, by the same ones of the last weeks. */
  isAhead?: true
}

/** How many weeks a forecast goes by, and of how many something must have been recorded from begin to end. */
export const forecastWeeks = { asked: 4, needed: 2 } as const
const weekMs = 7 * 86_400_000

/** The moment of an earlier week at which the clock of a zone showed the same. Milliseconds since 1970. */
export type WeeksBefore = (at: number, weeks: number) => number
const byUtc: WeeksBefore = (at, weeks) => at - weeks * weekMs

/** What was recorded over a span: one sample where all three are the same, later the extremes of ten minutes. Milliseconds since 1970; `to` is not in it. */
export interface Recorded {
  from: number
  to: number
  /** Null: nothing could be read then. */
  low: number | null
  high: number | null
}

/** Unknown does not pass: a rule never acts on what nobody measured. */
export type Verdict = 'passes' | 'fails' | 'unknown'

export interface Judged {
  verdict: Verdict
  /** With the figures, as a sentence without its full stop; of a group, how many of its parts passed. */
  because: string
  /** Of a group, each of its parts. */
  parts: readonly Judged[]
}

/** The oldest figure that still counts as now, and the longest gap over which a figure is taken to have lasted; facts older than this are not sampled. */
export const gapMaxMs = 180_000
const minuteMs = 60_000

/** Whether a condition holds at `at`, in milliseconds since 1970, by what `recordedOf` has of each metric, in order of time; it may reach further back than needed. */
export const judgeCondition = (
  condition: Condition,
  at: number,
  recordedOf: (metric: Comparison['metric'], of: ComparedSubject, isAhead: boolean) => readonly Recorded[],
  weeksBefore: WeeksBefore = byUtc,
): Judged => {
  if ('metric' in condition) {
    const recorded = recordedOf(condition.metric, condition.of ?? 'member', condition.isAhead === true)
    const judge = condition.isAhead ? judgeForecast : judgeComparison
    return { ...judge(condition, at, recorded, weeksBefore), parts: [] }
  }
  const isAll = 'all' in condition
  const parts = (isAll ? condition.all : condition.any).map((part) => judgeCondition(part, at, recordedOf, weeksBefore))
  const verdicts = parts.map(({ verdict }) => verdict)
  const passed = verdicts.filter((verdict) => verdict === 'passes').length
  const because = parts.length === 0 && isAll ? 'no conditions' : `${passed} of ${parts.length} passed, ${isAll ? 'all' : 'one'} needed`
  return { verdict: isAll ? allOf(verdicts) : anyOf(verdicts), because, parts }
}

/** One that fails decides; of none, all pass. */
const allOf = (verdicts: readonly Verdict[]): Verdict =>
  verdicts.includes('fails') ? 'fails' : verdicts.includes('unknown') ? 'unknown' : 'passes'

/** One that passes decides; of none, none passes. */
const anyOf = (verdicts: readonly Verdict[]): Verdict =>
  verdicts.includes('passes') ? 'passes' : verdicts.includes('unknown') ? 'unknown' : 'fails'

const judgeComparison = (comparison: Comparison, at: number, recorded: readonly Recorded[]): Omit<Judged, 'parts'> => {
  const { sign, bound, minutes } = comparison
  const asked = `${labelOf(comparison)} ${sign} ${bound}${minutes === 0 ? '' : ` for ${minutes} min`}`
  const known = recorded.filter((one): one is Known => one.low !== null && one.high !== null)
  const from = minutes === 0 ? at : at - minutes * minuteMs
  const within = minutes === 0 ? newest(known, at) : known.filter((one) => one.to > from && one.from < at)
  if (within.length === 0) return { verdict: 'unknown', because: `${asked}: ${isLive(comparison.metric) ? 'not counted' : 'not recorded'}` }

  const [low, high] = [Math.min(...within.map((one) => one.low)), Math.max(...within.map((one) => one.high))]
  const seen = `${asked}: ${low === high ? `was ${figure(low)}` : `was ${figure(low)} to ${figure(high)}`}`
  const verdicts = within.map((one) => holds(comparison, one, minutes > 0 && one.from >= from && one.to <= at))
  if (verdicts.includes('fails')) return { verdict: 'fails', because: seen }
  if (minutes > 0 && hasGap(within, from, at)) return { verdict: 'unknown', because: `${seen}, with times not recorded` }
  if (verdicts.includes('unknown')) return { verdict: 'unknown', because: `${seen}; older figures are kept as extremes only` }
  return { verdict: 'passes', because: seen }
}

const labelOf = ({ metric, of = 'member' }: Comparison): string =>
  `${[...instanceMetrics, ...hostMetrics, ...derivedMetrics].find((one) => one.name === metric)!.label}${subjectWords[of]}`

/** What was so in the same minutes of every week that was recorded is taken to be so again; of fewer weeks than are needed nothing follows. */
const judgeForecast = (
  comparison: Comparison,
  at: number,
  recorded: readonly Recorded[],
  weeksBefore: WeeksBefore,
): Omit<Judged, 'parts'> => {
  const { sign, bound, minutes } = comparison
  const asked = `${labelOf(comparison)} ${sign} ${bound} for the next ${minutes} min`
  const weeks = Array.from({ length: forecastWeeks.asked }, (_, index) => {
    const until = weeksBefore(at, index + 1) + minutes * minuteMs
    const from = until - minutes * minuteMs
    const within = recorded.filter((one) => one.low !== null && one.high !== null && one.to > from && one.from < until) as Known[]
    return { within, verdict: judgeComparison(comparison, until, within).verdict }
  })
  const all = weeks.flatMap(({ within }) => within)
  if (all.length === 0)
    return { verdict: 'unknown', because: `${asked}: nothing is recorded of the same hours of the last ${forecastWeeks.asked} weeks` }
  const whole = weeks.filter(({ verdict }) => verdict !== 'unknown').length
  const [low, high] = [Math.min(...all.map((one) => one.low)), Math.max(...all.map((one) => one.high))]
  const seen = `${asked}: was ${figure(low)} to ${figure(high)} in the same hours of ${whole} of the last ${forecastWeeks.asked} weeks`
  if (weeks.some(({ verdict }) => verdict === 'fails')) return { verdict: 'fails', because: seen }
  if (whole < forecastWeeks.needed) return { verdict: 'unknown', because: `${seen}, and ${forecastWeeks.needed} are needed` }
  return { verdict: 'passes', because: seen }
}

const subjectWords: Readonly<Record<ComparedSubject, string>> = {
  member: '',
  primary: ' of the primary',
  combined: ' of the primary with what it takes over',
}

type Known = Recorded & { low: number; high: number }

/** The last figure up to `at`, if it is fresh. */
const newest = (known: readonly Known[], at: number): Known[] => {
  const last = known.findLast((one) => one.from <= at)
  return last && last.to >= at - gapMaxMs ? [last] : []
}

/** `isWithin`: all of its span counts, so that either extreme does. */
const holds = ({ sign, bound }: Comparison, { low, high }: Known, isWithin: boolean): Verdict => {
  const [isLow, isHigh] = [compare(low, sign, bound), compare(high, sign, bound)]
  if (isLow && isHigh) return 'passes'
  const canHold = sign === '=' ? low <= bound && bound <= high : isLow || isHigh
  return isWithin || !canHold ? 'fails' : 'unknown'
}

const compare = (value: number, sign: Comparison['sign'], bound: number): boolean => {
  if (sign === '>') return value > bound
  if (sign === '≥') return value >= bound
  if (sign === '<') return value < bound
  return sign === '≤' ? value <= bound : value === bound
}

/** Whether more time than `gapMaxMs` in a row has no figure. */
const hasGap = (within: readonly Known[], from: number, at: number): boolean => {
  let covered = from
  for (const one of within) {
    if (one.from - covered > gapMaxMs) return true
    covered = Math.max(covered, one.to)
  }
  return at - covered > gapMaxMs
}

const figure = (value: number): string => String(Math.round(value * 100) / 100)
