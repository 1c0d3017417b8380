import { formatBytes } from '../values/bytes'
import { formatDuration } from '../values/duration'
import { forecastDaysMax } from './disk'
import type { HealthFound, HealthKind, HealthLimits, HealthSeverity, HealthUnit } from './kind'
import { healthKinds } from './kinds'

const number = '\\d{1,15}(\\.\\d{1,3})?'
/** What an environment may say of a kind: `sequence 60 80`, `bloat 70`, `unused-index off`. */
export const limitPattern = `^(${healthKinds.map(({ name }) => name).join('|')}) (off|${number}( ${number})?)$`

export interface KindLimits extends HealthLimits {
  isOff: boolean
}

/** Of an environment; the last line about a kind holds. One number: from there on it is a warning and never critical. */
export const limitsOf = (kind: HealthKind, lines: readonly string[]): KindLimits => {
  const words = lines
    .map((line) => line.split(' '))
    .filter(([name]) => name === kind.name)
    .at(-1)
  if (words === undefined) return { ...kind.limits, isOff: false }
  if (words[1] === 'off') return { ...kind.limits, isOff: true }
  return { warning: Number(words[1]), critical: words[2] === undefined ? null : Number(words[2]), isOff: false }
}

const rank: Record<HealthSeverity, number> = { none: 0, warning: 1, critical: 2 }
export const worseOf = (a: HealthSeverity, b: HealthSeverity): HealthSeverity => (rank[a] >= rank[b] ? a : b)

/** How bad a value is by its limits; of how long it has been so nothing is said here. */
export const severityOf = ({ worse }: HealthKind, found: Pick<HealthFound, 'value' | 'atLeast'>, limits: HealthLimits): HealthSeverity => {
  const isPast = (limit: number | null) => limit !== null && (worse === 'above' ? found.value >= limit : found.value <= limit)
  const byValue = isPast(limits.critical) ? 'critical' : isPast(limits.warning) ? 'warning' : 'none'
  return worseOf(byValue, found.atLeast ?? 'none')
}

/** A value with its unit, as a person reads it. */
export const showHealthValue = (value: number, unit: HealthUnit): string => {
  if (unit === 'bytes') return formatBytes(value)
  if (unit === 'percent') return `${Number(value.toFixed(value < 10 ? 1 : 0))} %`
  if (unit === 'times') return `${Number(value.toPrecision(2))} ×`
  if (unit === 'hours') return formatDuration(Math.round(value * 60) * 60)
  if (unit === 'days' && value >= forecastDaysMax) return 'not filling'
  if (unit === 'days' && value === 0) return 'now'
  if (unit === 'days' && value > 0 && value < 2) return formatDuration(Math.round(value * 1440) * 60)
  if (unit === 'days') return `${Number(value.toFixed(Math.abs(value) < 10 ? 1 : 0))} d`
  return String(Math.round(value))
}

/** `warning from 75 %, critical from 90 %`; downwards `warning at 14 d or less`. */
export const limitWords = (kind: HealthKind, { warning, critical }: HealthLimits): string => {
  const from = (value: number) =>
    kind.worse === 'below' ? `at ${showHealthValue(value, kind.unit)} or less` : `from ${showHealthValue(value, kind.unit)}`
  const patience = kind.patienceHours === undefined ? '' : ` once it has lasted ${formatDuration(kind.patienceHours * 3600)}`
  const words = [
    ...(warning === critical ? [] : [`warning ${from(warning)}${patience}`]),
    ...(critical === null ? [] : [`critical ${from(critical)}`]),
  ]
  return words.join(', ')
}
