import type { ShownUnit } from '@/lib/domain/samples/figure-text'

const isBytes = (unit: ShownUnit): boolean => unit === 'bytes' || unit === 'bytes per second'

/** The next of 1, 2, 5, 10 …; of bytes the next power of two: an axis that changes rarely does not jump with each new point. */
const roundUp = (value: number, unit: ShownUnit): number => {
  if (isBytes(unit)) return 2 ** Math.ceil(Math.log2(value))
  const power = 10 ** Math.floor(Math.log10(value))
  return power * ([1, 2, 5, 10].find((one) => one * power >= value) ?? 10)
}

/** Less than this fills no axis: a single byte or a hundredth of a session is nothing to look up to. */
const leastTop: Record<ShownUnit, number> = {
  sessions: 5,
  'per second': 1,
  'per hour': 5,
  'bytes per second': 1024,
  bytes: 1024,
  seconds: 1,
  percent: 100,
  ratio: 1,
  dollars: 1,
}

/** From zero, so that a height is an amount; a percentage that stays above 90 begins there, as what matters of it is what is missing. */
export const axisOf = (low: number, high: number, unit: ShownUnit): [bottom: number, top: number] => {
  if (unit === 'percent') return [low >= 90 ? 90 : 0, 100]
  const top = high <= leastTop[unit] ? leastTop[unit] : roundUp(high, unit)
  return [low < 0 ? -roundUp(-low, unit) : 0, top]
}

/** Distances between two lines of the grid; of bytes powers of two, of time what a clock has; null: of ten, as numbers have them. */
export const gridSteps = (unit: ShownUnit): number[] | null => {
  if (isBytes(unit)) return Array.from({ length: 55 }, (_, n) => 2 ** n)
  return unit === 'seconds'
    ? [0.001, 0.01, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 43_200, 86_400, 604_800]
    : null
}
