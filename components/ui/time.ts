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

const utcText = (at: number): string => new Date(at).toISOString().slice(0, 19).replace('T', ' ')

/** Every zone's offset is constant within a quarter of an hour, so one formatter call serves all moments in it. */
const offsets = new Map<string, number>()
const quarterMs = 15 * 60_000

const offsetMs = (at: number, zone: string): number => {
  if (zone === 'UTC') return 0
  const quarter = Math.floor(at / quarterMs)
  const key = `${zone} ${quarter}`
  const known = offsets.get(key)
  if (known !== undefined) return known
  if (offsets.size > 5_000) offsets.clear()
  const start = quarter * quarterMs
  const parts: Record<string, string> = {}
  for (const part of formatterOf(zone).formatToParts(start)) parts[part.type] = part.value
  const local = Date.UTC(+parts.year!, +parts.month! - 1, +parts.day!, +parts.hour!, +parts.minute!, +parts.second!)
  const offset = local - start
  offsets.set(key, offset)
  return offset
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
  const local = utcText(ms + offsetMs(ms, zone))
  return local.slice(0, 10) === utcText(now + offsetMs(now, zone)).slice(0, 10) ? local.slice(11) : local.slice(0, 16)
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

/** Facts older than this are shown as stale. Milliseconds. */
export const staleAfterMs = 30_000
