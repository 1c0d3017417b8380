/** Pure formatting of moments and ages. Zones are IANA names; an unknown one falls back to UTC. */
const formatters = new Map<string, Intl.DateTimeFormat>()

const formatterOf = (zone: string): Intl.DateTimeFormat => {
  const known = formatters.get(zone)
  if (known) return known
  const options = {
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  } as const
  let made: Intl.DateTimeFormat
  try {
    made = new Intl.DateTimeFormat('en-GB', { ...options, timeZone: zone })
  } catch {
    made = new Intl.DateTimeFormat('en-GB', { ...options, timeZone: 'UTC' })
  }
  formatters.set(zone, made)
  return made
}

const two = (value: number): string => (value < 10 ? `0${value}` : String(value))
const dayMs = 86_400_000

/** The day of the last moment written: a table writes hundreds of one day, and a Date for each is what costs. */
let lastDay = { at: Number.NaN, text: '' }

const dateText = (at: number): string => {
  const day = Math.floor(at / dayMs)
  if (day !== lastDay.at) lastDay = { at: day, text: new Date(day * dayMs).toISOString().slice(0, 10) }
  return lastDay.text
}

const clockText = (at: number): string => {
  const seconds = Math.floor((((at % dayMs) + dayMs) % dayMs) / 1000)
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
}

const utcText = (at: number): string => `${dateText(at)} ${clockText(at)}`

/** Every zone's offset is constant within a quarter of an hour, so one formatter call serves all moments in it. */
const quarterMs = 15 * 60_000
const quartersMax = 5_000
const offsets = new Map<string, Map<number, number>>()

const offsetMs = (at: number, zone: string): number => {
  if (zone === 'UTC') return 0
  let known = offsets.get(zone)
  if (!known || known.size > quartersMax) {
    known = new Map()
    offsets.set(zone, known)
  }
  const quarter = Math.floor(at / quarterMs)
  let offset = known.get(quarter)
  if (offset === undefined) {
    offset = formattedOffset(quarter * quarterMs, zone)
    known.set(quarter, offset)
  }
  return offset
}

const formattedOffset = (at: number, zone: string): number => {
  const parts: Record<string, string> = {}
  for (const part of formatterOf(zone).formatToParts(at)) parts[part.type] = part.value
  return Date.UTC(+parts.year!, +parts.month! - 1, +parts.day!, +parts.hour!, +parts.minute!, +parts.second!) - at
}

/** `2026-11-21 04:19:07` in the zone. `at` is an ISO time; what is not a time comes back as it is. */
export const formatMoment = (at: string, zone: string): string => {
  const ms = Date.parse(at)
  return Number.isNaN(ms) ? at : utcText(ms + offsetMs(ms, zone))
}

/** For tables: `04:19:07` on the day of `now` (milliseconds), else `2026-11-20 04:19`. */
export const formatShortMoment = (at: string, zone: string, now: number): string => {
  const ms = Date.parse(at)
  if (Number.isNaN(ms)) return at
  const local = ms + offsetMs(ms, zone)
  const isToday = Math.floor(local / dayMs) === Math.floor((now + offsetMs(now, zone)) / dayMs)
  return isToday ? clockText(local) : `${dateText(local)} ${clockText(local).slice(0, 5)}`
}

/** `2026-11-21 03:19:07 UTC`. */
export const formatUtc = (at: string): string => {
  const ms = Date.parse(at)
  return Number.isNaN(ms) ? at : `${utcText(ms)} UTC`
}

/** `4 s`, `12 min`, `3 h`, `5 d`: one unit, rounded down. */
export const formatSpan = (ms: number): string => {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  if (seconds < 90) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 90) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return `${hours} h`
  return `${Math.floor(hours / 24)} d`
}

/** `4 s ago`, `in 3 h`; `now` and the age are milliseconds of the same clock. */
export const formatAge = (at: string, now: number): string => {
  const ms = Date.parse(at)
  if (Number.isNaN(ms)) return at
  return ms > now + 1_000 ? `in ${formatSpan(ms - now)}` : `${formatSpan(now - ms)} ago`
}

/** `for 4 min (since 08:32:14)`: how long something has lasted at `now`, milliseconds, and when it began. */
export const formatLasting = (since: string, now: number, zone: string): string =>
  `for ${formatSpan(now - Date.parse(since))} (since ${formatShortMoment(since, zone, now)})`

/** Facts older than this are shown as stale. Milliseconds. */
export const staleAfterMs = 30_000
