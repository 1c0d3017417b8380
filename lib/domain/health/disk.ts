/** A moment in seconds of any clock, and the bytes that were used then. */
export type DiskPoint = readonly [at: number, usedBytes: number]

/** Shorter than this, what fills a disk for a moment would be told for ever. */
const spanSecondsMin = 900

/** Bytes per second by which it fills, by least squares over the points; null: they are too few, or too close together. */
export const fillRateOf = (points: readonly DiskPoint[]): number | null => {
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
