import type { SeriesOf } from '@/lib/domain/rules/choose'
import type { Comparison, Recorded } from '@/lib/domain/rules/conditions'
import { gapMaxMs } from '@/lib/domain/rules/conditions'
import { sourcesOf } from '@/lib/domain/rules/figures'
import type { RuleMember } from '@/lib/domain/rules/question'
import { hostMetrics, instanceMetrics, placeOf } from '@/lib/domain/samples/metrics'
import { readRecorded } from '../samples/recorded'

const tenMinutesMs = 600_000
const none: readonly Recorded[] = []

/** Whatever these comparisons need of these members to be judged at any moment from `from` to `to`. */
export const measure = async (
  members: readonly RuleMember[],
  comparisons: readonly Comparison[],
  { from, to }: { from: Date; to: Date },
): Promise<SeriesOf> => {
  const minutes = Math.max(0, ...comparisons.map((one) => one.minutes))
  const span = { from: new Date(from.getTime() - minutes * 60_000 - gapMaxMs - tenMinutesMs), to: new Date(to.getTime() + 1) }
  const places = (metrics: typeof instanceMetrics | typeof hostMetrics) => [
    ...new Set(
      comparisons.flatMap(({ metric }) => sourcesOf(metric).map((source) => placeOf(metrics, source))).filter((place) => place > 0),
    ),
  ]
  const [ofInstances, ofHosts] = await Promise.all([
    readRecorded(
      members.map(({ id }) => id),
      places(instanceMetrics),
      span,
    ),
    readRecorded([...new Set(members.map(({ serverId }) => serverId))], places(hostMetrics), span),
  ])
  const hostOf = new Map(members.map(({ id, serverId }) => [id, serverId]))
  return (memberId, metric) => {
    const place = placeOf(instanceMetrics, metric)
    if (place > 0) return ofInstances.get(`${memberId} ${place}`) ?? none
    return ofHosts.get(`${hostOf.get(memberId)} ${placeOf(hostMetrics, metric)}`) ?? none
  }
}
