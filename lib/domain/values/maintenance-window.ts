/** When disruptive work is welcome: on these days, from `from` to `to` on the clock of a time zone. */
export interface MaintenanceWindow {
  /** 0: Sunday. The day on which it opens. */
  days: ReadonlySet<number>
  /** Minutes after midnight. `to` not after `from`: it closes on the next day. */
  from: number
  to: number
  /** As IANA names it. */
  zone: string
}

export interface WindowState {
  isOpen: boolean
  /** When it closes or opens next; null: never within two weeks. */
  changesAt: Date | null
}

/** A territory as far as its windows are concerned. `targets`: how many of a plan's it holds. */
interface Territory {
  maintenanceWindows: readonly string[]
  targets: number
}

/** Those with targets and windows none of which is open at `at`, and when each opens next. Lines that are none are passed over. */
export const closedAt = <T extends Territory>(territories: readonly T[], at: Date): { environment: T; opensAt: Date | null }[] =>
  territories.flatMap((environment) => {
    if (environment.targets === 0 || environment.maintenanceWindows.length === 0) return []
    const windows = environment.maintenanceWindows.map(parseWindow).filter((one): one is MaintenanceWindow => typeof one !== 'string')
    const { isOpen, changesAt } = windowState(windows, at)
    return isOpen ? [] : [{ environment, opensAt: changesAt }]
  })

const openingsMax = 100

/** The first moment from `at` on at which all of them welcome disruptive work; null: none has windows, or they never open together. */
export const nextOpening = (territories: readonly Territory[], at: Date): Date | null => {
  if (!territories.some((one) => one.targets > 0 && one.maintenanceWindows.length > 0)) return null
  let moment = at
  for (let tries = 0; tries < openingsMax; tries += 1) {
    const opens = closedAt(territories, moment).map(({ opensAt }) => opensAt)
    if (opens.length === 0) return moment
    if (opens.includes(null)) return null
    moment = new Date(Math.max(...opens.map((one) => one!.getTime())))
  }
  return null
}

const dayNames = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const pattern = /^(?:(Sun|Mon|Tue|Wed|Thu|Fri|Sat)(?:-(Sun|Mon|Tue|Wed|Thu|Fri|Sat))? )?(\d\d):(\d\d)-(\d\d):(\d\d)(?: (\S+))?$/
const minuteMs = 60_000
const daysAhead = 14

/** A line such as `Sat 22:00-04:00 Europe/Berlin`, `Mon-Fri 01:00-03:00` (UTC) or `02:00-04:00` (every day); otherwise what is wrong with it, in words. */
export const parseWindow = (line: string): MaintenanceWindow | string => {
  const found = pattern.exec(line)
  if (!found) return `“${line}” is not a window. Write one such as Sat 22:00-04:00 Europe/Berlin: days, from-to, time zone.`
  const [, first, last, ...rest] = found
  const [fromHour, fromMinute, toHour, toMinute] = rest.slice(0, 4).map(Number) as [number, number, number, number]
  const [from, to] = [fromHour * 60 + fromMinute, toHour * 60 + toMinute]
  if (fromHour > 23 || fromMinute > 59 || toMinute > 59 || to > 1440) return `“${line}”: hours go from 00:00 to 24:00.`
  if (from === to) return `“${line}” opens and closes at the same minute; a whole day is 00:00-24:00.`
  const zone = rest[4] ?? 'UTC'
  if (!isZone(zone)) return `“${line}”: there is no time zone ${zone}. Write one such as Europe/Berlin or UTC.`
  return { days: daysOf(first, last), from, to, zone }
}

/** Whether this machine knows the time zone, by its IANA name. */
export const isZone = (zone: string): boolean => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return true
  } catch {
    return false
  }
}

const daysOf = (first: string | undefined, last: string | undefined): Set<number> => {
  if (first === undefined) return new Set([0, 1, 2, 3, 4, 5, 6])
  const start = dayNames.indexOf(first)
  const length = last === undefined ? 1 : ((dayNames.indexOf(last) - start + 7) % 7) + 1
  return new Set(Array.from({ length }, (_, index) => (start + index) % 7))
}

/**
 * Whether one of the windows is open, and when that changes. Windows that touch or overlap count as one. A time that the change to summer time leaves out
 * is the moment of the change; one that comes twice is its first.
 */
export const windowState = (windows: readonly MaintenanceWindow[], at: Date): WindowState => {
  const spans = windows.flatMap((window) => spansOf(window, at)).sort((a, b) => a.opens - b.opens)
  const now = at.getTime()
  let closes: number | null = null
  for (const span of spans) {
    if (closes === null ? span.opens <= now && now < span.closes : span.opens <= closes) closes = Math.max(closes ?? 0, span.closes)
  }
  if (closes !== null) return { isOpen: true, changesAt: new Date(closes) }
  const next = spans.find((span) => span.opens > now)
  return { isOpen: false, changesAt: next ? new Date(next.opens) : null }
}

/** Each time it is open from the day before `at` on. */
const spansOf = ({ days, from, to, zone }: MaintenanceWindow, at: Date): { opens: number; closes: number }[] => {
  const today = localDate(at, zone)
  const spans: { opens: number; closes: number }[] = []
  for (let day = -1; day <= daysAhead; day += 1) {
    const midnight = today + day * 1440 * minuteMs
    if (!days.has(new Date(midnight).getUTCDay())) continue
    spans.push({
      opens: momentOf(midnight + from * minuteMs, zone),
      closes: momentOf(midnight + (to > from ? to : to + 1440) * minuteMs, zone),
    })
  }
  return spans
}

const clocks = new Map<string, Intl.DateTimeFormat>()

/** The reading of a zone's clock at a moment, written as if it were UTC, in milliseconds. */
export const clockAt = (moment: number, zone: string): number => {
  const known = clocks.get(zone)
  const clock =
    known ??
    new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
  if (!known) clocks.set(zone, clock)
  const part = Object.fromEntries(clock.formatToParts(moment).map(({ type, value }) => [type, Number(value)]))
  return Date.UTC(part.year!, part.month! - 1, part.day, part.hour, part.minute, part.second)
}

/** Midnight of the day that a zone's calendar shows, as if it were UTC, in milliseconds. */
export const localDate = (at: Date, zone: string): number => {
  const reading = clockAt(Math.floor(at.getTime() / 1000) * 1000, zone)
  return reading - (((reading % 86_400_000) + 86_400_000) % 86_400_000)
}

/** The moment at which a zone's clock shows `reading`, milliseconds that are written as if they were UTC: the first of two, the jump where there is none. */
export const momentOf = (reading: number, zone: string): number => {
  const moments = momentsOf(reading, zone)
  if (moments.length > 0) return Math.min(...moments)
  // The clock jumped over it. The later offset's moment is then before the jump by what is missing, the earlier one's after it.
  const offsets = offsetsAround(reading, zone)
  return jumpBetween(reading - Math.max(...offsets), reading - Math.min(...offsets), zone)
}

/** Every moment at which a zone's clock shows `reading`, in order: none where it jumps over it, two where it is put back. */
export const momentsOf = (reading: number, zone: string): number[] => {
  const [before, after] = offsetsAround(reading, zone)
  if (before === after) return [reading - before]
  const candidates = [reading - before, reading - after].sort((a, b) => a - b)
  return candidates.filter((moment) => clockAt(moment, zone) === reading)
}

/** What a zone's clock is ahead of UTC around a day that begins at the reading `midnight`, in milliseconds; null: it changes within a day of it. */
export const steadyOffset = (midnight: number, zone: string): number | null => {
  const [before] = offsetsAround(midnight, zone)
  const [, after] = offsetsAround(midnight + 86_400_000, zone)
  return before === after ? before : null
}

/** A zone's distance from UTC a day before and a day after a reading of its clock, in milliseconds. */
const offsetsAround = (reading: number, zone: string): [before: number, after: number] => {
  const offsetAt = (moment: number) => clockAt(moment, zone) - moment
  return [offsetAt(reading - 86_400_000), offsetAt(reading + 86_400_000)]
}

/** The moment between two at which the zone's offset changes, to the minute. */
const jumpBetween = (low: number, high: number, zone: string): number => {
  const offsetAt = (moment: number) => clockAt(moment, zone) - moment
  const before = offsetAt(low)
  let [from, to] = [low, high]
  while (to - from > minuteMs) {
    const middle = from + Math.floor((to - from) / 2 / minuteMs) * minuteMs
    if (offsetAt(middle) === before) from = middle
    else to = middle
  }
  return to
}
