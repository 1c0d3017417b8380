import type { Recorded } from './conditions'
import type { RecordedMetric } from './figures'

/** Sessions that are active or idle in a transaction, of one member. */
export const busyOf = (recorded: (metric: RecordedMetric) => readonly Recorded[]): readonly Recorded[] =>
  summed(recorded('active'), recorded('idleInTransaction'))

/** Both are of the same rows: what one has, the other has at the same time. */
const summed = (first: readonly Recorded[], second: readonly Recorded[]): Recorded[] => {
  const at = new Map(second.map((one) => [one.from, one]))
  return first.map((one) => {
    const other = at.get(one.from)
    return {
      ...one,
      low: one.low === null || other?.low == null ? null : one.low + other.low,
      high: one.high === null || other?.high == null ? null : one.high + other.high,
    }
  })
}
