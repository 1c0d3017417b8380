import type { SeriesOf } from '@/lib/domain/rules/choose'
import type { Comparison, Recorded } from '@/lib/domain/rules/conditions'
import { forecastWeeks, gapMaxMs } from '@/lib/domain/rules/conditions'
import { sourcesOf } from '@/lib/domain/rules/figures'
import type { RuleMember } from '@/lib/domain/rules/question'
import { hostMetrics, instanceMetrics, placeOf } from '@/lib/domain/samples/metrics'
import { readRecorded } from '../samples/recorded'

const tenMinutesMs = 600_000
const minuteMs = 60_000
const hourMs = 3_600_000
const none: readonly Recorded[] = []

interface Span {
  from: Date
  to: Date
}

/** Whatever these comparisons need of these members to be judged at any moment from `from` to `to`. */
export const measure = async (members: readonly RuleMember[], comparisons: readonly Comparison[], span: Span): Promise<SeriesOf> => {
  const ahead = comparisons.filter(({ isAhead }) => isAhead)
  const [before, forecast] = await Promise.all([
    readOf(
      members,
      comparisons.filter(({ isAhead }) => !isAhead),
      ({ from, to }, minutes) => [
        { from: new Date(from.getTime() - minutes * minuteMs - gapMaxMs - tenMinutesMs), to: new Date(to.getTime() + 1) },
      ],
      span,
      null,
    ),
    readOf(members, ahead, weeksOf, span, tenMinutesMs / 1000),
  ])
  return (memberId, metric, isAhead) => (isAhead ? forecast : before)(memberId, metric)
}

/** The same hours of the weeks before; an hour more at both ends, where clocks were changed between. */
const weeksOf = ({ from, to }: Span, minutes: number): Span[] => {
  const weeks = Array.from({ length: forecastWeeks.asked }, (_, index) => (forecastWeeks.asked - index) * 7 * 24 * hourMs)
  const spans: Span[] = []
  for (const back of weeks) {
    const [begin, end] = [new Date(from.getTime() - back - hourMs), new Date(to.getTime() - back + minutes * minuteMs + hourMs)]
    const last = spans.at(-1)
    if (last && last.to >= begin) last.to = end
    else spans.push({ from: begin, to: end })
  }
  return spans
}

const readOf = async (
  members: readonly RuleMember[],
  comparisons: readonly Comparison[],
  spansOf: (span: Span, minutes: number) => Span[],
  span: Span,
  stepSeconds: number | null,
): Promise<(memberId: string, metric: Comparison['metric']) => readonly Recorded[]> => {
  const places = (metrics: typeof instanceMetrics | typeof hostMetrics) => [
    ...new Set(
      comparisons.flatMap(({ metric }) => sourcesOf(metric).map((source) => placeOf(metrics, source))).filter((place) => place > 0),
    ),
  ]
  const minutes = Math.max(0, ...comparisons.map((one) => one.minutes))
  const spans = comparisons.length === 0 ? [] : spansOf(span, minutes)
  const read = async (subjects: readonly string[], metrics: typeof instanceMetrics | typeof hostMetrics) => {
    const parts = await Promise.all(spans.map((one) => readRecorded(subjects, places(metrics), one, stepSeconds)))
    if (parts.length === 1) return parts[0]!
    const whole = new Map<string, Recorded[]>()
    for (const part of parts) for (const [key, series] of part) whole.set(key, [...(whole.get(key) ?? []), ...series])
    return whole
  }
  const [ofInstances, ofHosts] = await Promise.all([
    read(
      members.map(({ id }) => id),
      instanceMetrics,
    ),
    read([...new Set(members.map(({ serverId }) => serverId))], hostMetrics),
  ])
  const hostOf = new Map(members.map(({ id, serverId }) => [id, serverId]))
  return (memberId, metric) => {
    const place = placeOf(instanceMetrics, metric)
    if (place > 0) return ofInstances.get(`${memberId} ${place}`) ?? none
    return ofHosts.get(`${hostOf.get(memberId)} ${placeOf(hostMetrics, metric)}`) ?? none
  }
}
