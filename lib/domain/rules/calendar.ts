import { clockAt, momentOf } from '../values/maintenance-window'
import { linesOf } from './schedules'

/** When a calendar counts, on the clock of a time zone that is said elsewhere. */
export interface CalendarLine {
  /** As it was written. */
  line: string
  /** `date`: milliseconds of UTC midnights; `yearly`: month × 100 + day; `weekly`: 0 is Sunday. Ends included; `to` before `from` goes over the end of the year or week. */
  kind: 'date' | 'yearly' | 'weekly'
  from: number
  to: number
  /** Minutes after midnight on each of its days; `until` not after `since`: it ends on the next day. */
  since: number
  until: number
}

const linesMax = 200
const dayMs = 86_400_000
const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const times = '(?: (\\d\\d):(\\d\\d)-(\\d\\d):(\\d\\d))?$'
const patterns = {
  date: new RegExp(`^(\\d{4}-\\d\\d-\\d\\d)(?:\\.\\.(\\d{4}-\\d\\d-\\d\\d))?${times}`),
  yearly: new RegExp(`^(\\d\\d-\\d\\d)(?:\\.\\.(\\d\\d-\\d\\d))?${times}`),
  weekly: new RegExp(`^(sun|mon|tue|wed|thu|fri|sat)(?:-(sun|mon|tue|wed|thu|fri|sat))?${times}`, 'i'),
} as const

/** One a line: `2026-12-24`, `2026-12-24..2027-01-02`, every year `12-24..01-02`, every week `Sat-Sun`, each also with times such as `Fri 18:00-24:00`; otherwise what is wrong, in words. */
export const parseCalendar = (text: string): CalendarLine[] | string => {
  const lines = linesOf(text)
  if (lines.length === 0) return 'Write at least one date, such as 2026-12-24, 12-24..12-26 or Sat-Sun.'
  if (lines.length > linesMax) return `Write at most ${linesMax} lines.`
  const parsed: CalendarLine[] = []
  for (const line of lines) {
    const one = parseLine(line)
    if (typeof one === 'string') return one
    parsed.push(one)
  }
  return parsed
}

const parseLine = (line: string): CalendarLine | string => {
  for (const kind of ['date', 'yearly', 'weekly'] as const) {
    const found = patterns[kind].exec(line)
    if (!found) continue
    const [, first, last = first, ...clock] = found
    const [from, to] = [placeOf(kind, first!), placeOf(kind, last!)]
    if (from === null || to === null) return `“${line}”: there is no such day.`
    if (kind === 'date' && to < from) return `“${line}” ends before it begins.`
    if (clock[0] === undefined) return { line, kind, from, to, since: 0, until: 1440 }
    const [fromHour, fromMinute, toHour, toMinute] = clock.map(Number) as [number, number, number, number]
    const [since, until] = [fromHour * 60 + fromMinute, toHour * 60 + toMinute]
    if (fromHour > 23 || fromMinute > 59 || toMinute > 59 || until > 1440) return `“${line}”: hours go from 00:00 to 24:00.`
    if (since === until) return `“${line}” begins and ends at the same minute; leave the times out for a whole day.`
    return { line, kind, from, to, since, until }
  }
  return `“${line}” is not understood. Write a date (2026-12-24), a range (2026-12-24..2026-12-26), days of each year (12-24..12-26) or of each week (Sat-Sun), with times if it is not the whole day (Fri 18:00-24:00).`
}

const placeOf = (kind: CalendarLine['kind'], written: string): number | null => {
  if (kind === 'weekly') return weekdays.indexOf(written.toLowerCase())
  // A leap year knows the 29th of February.
  const date = kind === 'yearly' ? `2024-${written}` : written
  const at = Date.parse(`${date}T00:00:00Z`)
  if (Number.isNaN(at) || new Date(at).toISOString().slice(0, 10) !== date) return null
  return kind === 'yearly' ? Number(written.replace('-', '')) : at
}

/** The first of the lines that counts at `at` by the clock of `zone`; undefined: none. */
export const lineAt = (lines: readonly CalendarLine[], zone: string, at: Date): CalendarLine | undefined => pieceAt(lines, zone, at)?.line

/** As `lineAt`, with the moment at which its times of that day began. */
export const pieceAt = (lines: readonly CalendarLine[], zone: string, at: Date): { line: CalendarLine; from: Date } | undefined => {
  const reading = clockAt(at.getTime() - at.getMilliseconds(), zone)
  const today = Math.floor(reading / dayMs) * dayMs
  const isIn = (line: CalendarLine, midnight: number): boolean => {
    const minute = (reading - midnight) / 60_000
    const until = line.until > line.since ? line.until : line.until + 1440
    return line.since <= minute && minute < until && isDay(line, new Date(midnight))
  }
  for (const line of lines)
    for (const midnight of [today, today - dayMs])
      if (isIn(line, midnight)) return { line, from: new Date(momentOf(midnight + line.since * 60_000, zone)) }
  return undefined
}

const isDay = ({ kind, from, to }: CalendarLine, date: Date): boolean => {
  const place = kind === 'date' ? date.getTime() : kind === 'weekly' ? date.getUTCDay() : (date.getUTCMonth() + 1) * 100 + date.getUTCDate()
  return from <= to ? from <= place && place <= to : place >= from || place <= to
}
