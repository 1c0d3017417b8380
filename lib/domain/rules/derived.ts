import type { Recorded } from './conditions'
import type { DerivedMetric, RecordedMetric } from './figures'

/** A derived figure of one member; `cpus` are its host's, null: not known. */
export const derive = (
  metric: DerivedMetric,
  cpus: number | null,
  recorded: (metric: RecordedMetric) => readonly Recorded[],
): readonly Recorded[] => {
  if (metric === 'load') return cpus === null ? [] : recorded('loadPerCpu').map((one) => scaled(one, cpus))
  return summed(recorded('active'), recorded('idleInTransaction'))
}

const scaled = ({ low, high, ...span }: Recorded, by: number): Recorded => ({
  ...span,
  low: low === null ? null : low * by,
  high: high === null ? null : high * by,
})

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
