/** A moment in seconds of any clock, the bytes that were used then, and how many there were. */
export type DiskPoint = readonly [at: number, usedBytes: number, bytes: number]

/** So much less used from one point to the next is a clean-up: what filled before says nothing of what fills since. */
const fallShare = 0.05
/** Sizes are kept with five digits. */
const sizeShare = 0.001

/** The last points of the disk as it is: since it has its size, and since the last clean-up. */
const sinceChange = (points: readonly DiskPoint[]): readonly DiskPoint[] => {
  const changed = points.findLastIndex(([, used, bytes], n) => {
    const before = points[n - 1]
    return before !== undefined && (Math.abs(bytes - before[2]) > bytes * sizeShare || before[1] - used > bytes * fallShare)
  })
  return changed < 0 ? points : points.slice(changed)
}

/** Shorter than this, what fills a disk for a moment would be told for ever. */
const spanSecondsMin = 900

/**
 * Bytes per second by which it fills, by least squares over the points since its size changed or it was cleaned up; null: they are too few, or too close
 * together.
 */
export const fillRateOf = (all: readonly DiskPoint[]): number | null => {
  const points = sinceChange(all)
  const first = points[0]
  const last = points.at(-1)
  if (first === undefined || last === undefined || points.length < 5 || last[0] - first[0] < spanSecondsMin) return null
  const meanAt = points.reduce((sum, [at]) => sum + at, 0) / points.length
  const meanUsed = points.reduce((sum, [, used]) => sum + used, 0) / points.length
  const over = points.reduce((sum, [at, used]) => sum + (at - meanAt) * (used - meanUsed), 0)
  const under = points.reduce((sum, [at]) => sum + (at - meanAt) ** 2, 0)
  return under === 0 ? null : over / under
}

/** Longer than this says nothing: it is told as not filling. */
export const forecastDaysMax = 3650

/** Days until a disk is full if it goes on like that; `forecastDaysMax` where it does not fill. */
export const daysUntilFull = (freeBytes: number, bytesPerSecond: number): number =>
  bytesPerSecond <= 0 ? forecastDaysMax : Math.min(forecastDaysMax, freeBytes / bytesPerSecond / 86_400)
