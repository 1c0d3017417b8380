import { formatBytes } from '../values/bytes'
import { formatDuration } from '../values/duration'
import type { SampleUnit } from './metrics'

/** What is rare is counted by the hour. */
export type ShownUnit = SampleUnit | 'per hour' | 'dollars'

/** At least three digits, and no more of a fraction: `0.0123`, `4.57`, `1,204`. */
const numberText = (value: number): string =>
  Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)))

export const figureText = (value: number, unit: ShownUnit): string => {
  if (unit === 'dollars') return `$${numberText(value)}`
  if (unit === 'bytes') return formatBytes(value)
  if (unit === 'bytes per second') return `${formatBytes(value)}/s`
  if (unit === 'seconds') return formatDuration(value)
  if (unit === 'percent') return `${numberText(value)} %`
  if (unit === 'per hour') return `${numberText(value)}/h`
  return unit === 'per second' ? `${numberText(value)}/s` : numberText(value)
}
