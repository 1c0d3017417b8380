import { localDate, momentOf, momentsOf, steadyOffset } from '../values/maintenance-window'

/** When something is due, on the clock of a time zone that is said elsewhere. */
export interface CronTimes {
  minutes: readonly number[]
  hours: readonly number[]
  /** From 1. */
  days: ReadonlySet<number>
  /** From 1. */
  months: ReadonlySet<number>
  /** 0: Sunday. */
  weekdays: ReadonlySet<number>
  /** As cron has it: where day and weekday are both restricted, one of them is enough. */
  isEitherDay: boolean
  /** Every hour, or in steps within the hour: it runs whenever the clock shows its minute, so an hour that comes twice counts twice and one left out not at all. */
  isByRealTime: boolean
}

const monthNames = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']
const weekdayNames = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT']
const fields = [
  { name: 'minute', low: 0, high: 59, names: [] },
  { name: 'hour', low: 0, high: 23, names: [] },
  { name: 'day of the month', low: 1, high: 31, names: [] },
  { name: 'month', low: 1, high: 12, names: monthNames },
  { name: 'day of the week', low: 0, high: 7, names: weekdayNames },
] as const satisfies readonly Field[]

interface Field {
  name: string
  low: number
  high: number
  /** From `low` on. */
  names: readonly string[]
}

const shorthands: Readonly<Record<string, string>> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
}
const longestMonths = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
const dayMs = 86_400_000
const minuteMs = 60_000
/** The 29th of February comes eight years late around a century that is no leap year. */
const daysAhead = 9 * 366

/** The five fields of cron, `0/5` meaning from 0 on in steps of 5, or a shorthand such as `@daily`; otherwise what is wrong with it, in words. */
export const parseCron = (line: string): CronTimes | string => {
  const written = line.trim()
  const parts = (shorthands[written.toLowerCase()] ?? written).split(/\s+/)
  if (parts.length !== fields.length) {
    return `“${line}” is not a schedule. Write five fields, minute, hour, day, month and day of the week, such as 30 2 * * Mon-Fri; or @daily.`
  }
  const sets: Set<number>[] = []
  for (const [index, field] of fields.entries()) {
    const values = parseField(parts[index]!, field)
    if (typeof values === 'string') return `“${line}”, ${field.name}: ${values}`
    sets.push(values)
  }
  const [minutes, hours, days, months, weekdays] = sets as [Set<number>, Set<number>, Set<number>, Set<number>, Set<number>]
  const isFree = (index: number) => parts[index]!.startsWith('*')
  if (isFree(4) && ![...months].some((month) => longestMonths[month - 1]! >= Math.min(...days))) {
    return `“${line}” never comes: none of its months has that day.`
  }
  return {
    minutes: inOrder(minutes),
    hours: inOrder(hours),
    days,
    months,
    weekdays: new Set([...weekdays].map((day) => day % 7)),
    isEitherDay: !isFree(2) && !isFree(4),
    isByRealTime: parts[1] === '*' || /[*/]/.test(parts[0]!),
  }
}

const inOrder = (values: Set<number>): number[] => [...values].sort((a, b) => a - b)

const parseField = (written: string, field: Field): Set<number> | string => {
  const values = new Set<number>()
  for (const item of written.split(',')) {
    const found = /^(?:\*|(\w+)(?:-(\w+))?)(?:\/(\d{1,4}))?$/.exec(item)
    if (!found) return `“${item}” is not understood. Write a value, a list, a range such as 1-5 or steps such as */5.`
    const [, from, to, every] = found
    const first = from === undefined ? field.low : readValue(from, field)
    const last = to !== undefined ? readValue(to, field) : from === undefined || every !== undefined ? lastOf(field) : first
    if (first === null || last === null) return `“${item}” is out of range; it goes from ${field.low} to ${field.high}.`
    if (first > last) return `“${item}” ends before it begins.`
    const step = every === undefined ? 1 : Number(every)
    if (step === 0) return `“${item}”: a step is 1 or more.`
    for (let value = first; value <= last; value += step) values.add(value)
  }
  return values
}

/** Sunday is 0 and 7, so what goes on to the end ends on Saturday. */
const lastOf = ({ high }: Field): number => (high === 7 ? 6 : high)

const readValue = (written: string, { low, high, names }: Field): number | null => {
  const named = names.indexOf(written.toUpperCase())
  const value = named >= 0 ? named + low : /^\d{1,2}$/.test(written) ? Number(written) : Number.NaN
  return value >= low && value <= high ? value : null
}

/**
 * The moments after `after` at which one of the schedules is due by the clock of `zone`, an IANA name, in order and each once; it ends nine years ahead.
 * A fixed time that the change to summer time leaves out is due at the change, one that comes twice at its first; schedules in steps within the hour go by
 * real time (`isByRealTime`).
 */
export function* runsAfter(schedules: readonly CronTimes[], zone: string, after: Date): Generator<Date, void> {
  let last = after.getTime()
  // A day before: at the date line of a change of offset, what was due on that day may still lie ahead.
  const today = localDate(after, zone) - dayMs
  for (let day = 0; day <= daysAhead; day += 1) {
    const midnight = today + day * dayMs
    const moments = schedules.flatMap((times) => (isOnDay(times, new Date(midnight)) ? momentsOn(times, midnight, zone) : []))
    for (const moment of moments.sort((a, b) => a - b)) {
      if (moment <= last) continue
      last = moment
      yield new Date(moment)
    }
  }
}

/** The first of them, as many as asked for; fewer where they come too rarely. */
export const nextRuns = (schedules: readonly CronTimes[], zone: string, after: Date, count: number): Date[] => {
  const runs: Date[] = []
  for (const run of runsAfter(schedules, zone, after)) {
    runs.push(run)
    if (runs.length >= count) break
  }
  return runs
}

const isOnDay = ({ days, months, weekdays, isEitherDay }: CronTimes, date: Date): boolean => {
  if (!months.has(date.getUTCMonth() + 1)) return false
  const [isDay, isWeekday] = [days.has(date.getUTCDate()), weekdays.has(date.getUTCDay())]
  return isEitherDay ? isDay || isWeekday : isDay && isWeekday
}

const momentsOn = ({ hours, minutes, isByRealTime }: CronTimes, midnight: number, zone: string): number[] => {
  const readings = hours.flatMap((hour) => minutes.map((minute) => midnight + (hour * 60 + minute) * minuteMs))
  const offset = steadyOffset(midnight, zone)
  if (offset !== null) return readings.map((reading) => reading - offset)
  return readings.flatMap((reading) => (isByRealTime ? momentsOf(reading, zone) : momentOf(reading, zone)))
}
