import type { DescribedTypes } from '../machines/described'
import { vcpusOf } from '../machines/vcpus'
import {
  type ComparedSubject,
  type Comparison,
  type Condition,
  type Judged,
  judgeCondition,
  type Recorded,
  type WeeksBefore,
} from './conditions'
import { busyOf } from './derived'
import type { LiveMetric, RecordedMetric } from './figures'

/** A member as far as a rule needs it. */
export interface SizedMember {
  id: string
  title: string
  isPrimary: boolean
  /** Of its host; null: not known. */
  cpus: number | null
  /** The type that its machine has; null: no machine is tied to its server. */
  type: string | null
  /** The type that the rule gives it; null: none, and `because` says why. */
  to: string | null
  because: string | null
  /** Which types it had when, as far as that was seen; of other times it is taken to have been as it is. Milliseconds since 1970. */
  types?: readonly TypeSpan[]
  /** Types that the sample lacks, as EC2 described them to its account. */
  described?: DescribedTypes
}

export interface TypeSpan {
  from: number
  to: number
  type: string
}

/** Of a member or its host, in order of time. `isAhead`: of earlier weeks, for a forecast. */
export type SeriesOf = (memberId: string, metric: RecordedMetric | LiveMetric, isAhead: boolean) => readonly Recorded[]

export interface MemberVerdict {
  id: string
  title: string
  from: string | null
  to: string | null
  /** `same`: it has the type already. `left-out`: the rule does not concern it. */
  verdict: 'chosen' | 'same' | 'fails' | 'unknown' | 'left-out'
  because: string
  /** What its conditions said; null: they were not asked. */
  judged: Judged | null
}

const weighed: ReadonlySet<string> = new Set(['loadPerCpu', 'activePerCpu', 'cpu'])

/**
 * Which members a rule would give another type at `at`, in the order given: each is judged as if those chosen before it had handed their load to the primary.
 * A rule never chooses a primary.
 */
export const chooseMembers = (
  condition: Condition,
  at: number,
  members: readonly SizedMember[],
  seriesOf: SeriesOf,
  weeksBefore?: WeeksBefore,
): MemberVerdict[] => {
  const primaries = members.filter(({ isPrimary }) => isPrimary)
  const primary = primaries.length === 1 ? primaries[0]! : null
  const chosen: SizedMember[] = []
  return members.map((member): MemberVerdict => {
    const { id, title, type, to } = member
    const said = { id, title, from: type, to, judged: null }
    if (member.isPrimary) return { ...said, to: null, verdict: 'left-out', because: 'It is the primary.' }
    if (type === null) return { ...said, verdict: 'left-out', because: 'No machine of a cloud account is tied to its server.' }
    if (to === null) return { ...said, verdict: 'left-out', because: member.because ?? 'The rule has no type for it.' }
    if (type === to) return { ...said, verdict: 'same', because: `It is ${to} already.` }
    const recordedOf = (metric: Comparison['metric'], of: ComparedSubject, isAhead: boolean): readonly Recorded[] => {
      const series = (one: SizedMember) => figureOf(metric, one, (source) => seriesOf(one.id, source, isAhead))
      if (of === 'member') return isAhead && weighed.has(metric) ? asOn(member, to, series(member)) : series(member)
      if (primary === null) return []
      return of === 'primary' ? series(primary) : combined(weighed.has(metric), primary, [...chosen, member], series)
    }
    const judged = judgeCondition(condition, at, recordedOf, weeksBefore)
    if (judged.verdict === 'passes') chosen.push(member)
    return { ...said, judged, verdict: judged.verdict === 'passes' ? 'chosen' : judged.verdict, because: judged.because }
  })
}

/** The load is by the vCPUs that a member had then. */
const figureOf = (
  metric: Comparison['metric'],
  member: SizedMember,
  series: (source: RecordedMetric | LiveMetric) => readonly Recorded[],
): readonly Recorded[] => {
  if (metric === 'load') return byCpus(series('loadPerCpu'), member, 1)
  return metric === 'busy' ? busyOf(series) : series(metric)
}

/** vCPUs of the type that it had then. */
export const cpusAt = ({ cpus, types, described }: Pick<SizedMember, 'cpus' | 'types' | 'described'>, at: number): number | null => {
  const then = types?.find((one) => one.from <= at && at < one.to)
  return (then && vcpusOf(then.type, described)) ?? cpus
}

/** What a member's load would have been on the vCPUs of another type; unknown where those of either are. */
const asOn = (member: SizedMember, type: string, recorded: readonly Recorded[]): readonly Recorded[] => {
  const cpus = vcpusOf(type, member.described)
  return cpus === null ? [] : byCpus(recorded, member, cpus)
}

const byCpus = (recorded: readonly Recorded[], member: SizedMember, per: number): Recorded[] =>
  recorded.map((one) => {
    const had = cpusAt(member, one.from)
    const times = (figure: number | null) => (figure === null || had === null ? null : (figure * had) / per)
    return { ...one, low: times(one.low), high: times(one.high) }
  })

/** What the primary would have had if it had served these members' clients too; where one of them says nothing, nothing is known. */
const combined = (
  isWeighed: boolean,
  primary: SizedMember,
  others: readonly SizedMember[],
  series: (member: SizedMember) => readonly Recorded[],
): readonly Recorded[] => {
  if (isWeighed && [primary, ...others].some(({ cpus }) => cpus === null)) return []
  const parts = others.map((other) => ({ other, byMinute: new Map(series(other).map((one) => [minuteOf(one.from), one])) }))
  return series(primary).map((own): Recorded => {
    let { low, high } = own
    for (const { other, byMinute } of parts) {
      const one = byMinute.get(minuteOf(own.from))
      const weight = isWeighed ? cpusAt(other, own.from)! / primary.cpus! : 1
      low = low === null || one?.low == null ? null : low + weight * one.low
      high = high === null || one?.high == null ? null : high + weight * one.high
    }
    return { ...own, low, high }
  })
}

const minuteOf = (at: number): number => Math.round(at / 60_000)

export type Choice = 'chosen' | 'no-change' | 'not-met' | 'unknown'

/** What a rule makes of it all, and why. */
export const choiceOf = (members: readonly MemberVerdict[]): { choice: Choice; because: string } => {
  const of = (verdict: MemberVerdict['verdict']) => members.filter((one) => one.verdict === verdict)
  const [chosen, unknown, fails, same] = [of('chosen'), of('unknown'), of('fails'), of('same')]
  if (chosen.length > 0) return { choice: 'chosen', because: chosen.map(({ title, from, to }) => `${title}: ${from} → ${to}`).join('; ') }
  if (unknown.length > 0) return { choice: 'unknown', because: wordsOf(unknown) }
  if (fails.length > 0) return { choice: 'not-met', because: wordsOf(fails) }
  if (same.length > 0) return { choice: 'no-change', because: wordsOf(same) }
  return { choice: 'no-change', because: members.length === 0 ? 'The herd has no members.' : wordsOf(members) }
}

const namedMax = 3

const wordsOf = (members: readonly MemberVerdict[]): string => {
  const named = members.slice(0, namedMax).map(({ title, because, judged }) => `${title}: ${judged ? decisive(judged) : because}`)
  return [...named, ...(members.length > namedMax ? [`and ${members.length - namedMax} more`] : [])].join('; ')
}

/** The comparisons that made a verdict. */
const decisive = ({ verdict, because, parts }: Judged): string => {
  const same = parts.filter((part) => part.verdict === verdict)
  return same.length === 0 ? because : same.map(decisive).join(', ')
}
