import type { Severity } from '../problems/problem'
import { isZone, type MaintenanceWindow, windowState } from '../values/maintenance-window'

export interface QuietHours {
  /** `22:00`, on the clock of `zone`. */
  from: string
  until: string
  /** As IANA names it. */
  zone: string
  /** What is critical waits as well. */
  holdsCritical: boolean
}

const clockPattern = /^([01]\d|2[0-3]):([0-5]\d)$/

const minutesOf = (clock: string): number | null => {
  const found = clockPattern.exec(clock)
  return found ? Number(found[1]) * 60 + Number(found[2]) : null
}

/** Why they cannot be used, in words; null: they can. */
export const quietFault = ({ from, until, zone }: Pick<QuietHours, 'from' | 'until' | 'zone'>): string | null => {
  const [first, last] = [minutesOf(from), minutesOf(until)]
  if (first === null || last === null) return 'Write times such as 22:00 and 07:00.'
  if (first === last) return 'Quiet hours begin and end at the same minute. To silence a subscription, pause it.'
  return isZone(zone) ? null : `There is no time zone ${zone}. Write one such as Europe/Berlin or UTC.`
}

const everyDay: ReadonlySet<number> = new Set([0, 1, 2, 3, 4, 5, 6])

const windowOf = ({ from, until, zone }: QuietHours): MaintenanceWindow | null =>
  quietFault({ from, until, zone }) === null ? { days: everyDay, from: minutesOf(from)!, to: minutesOf(until)!, zone } : null

/**
 * When a message of this severity may go: now (null) or at that time. A time that the change to summer time leaves out is the moment of the change; one that comes
 * twice is its first. Quiet hours that cannot be read hold nothing back.
 */
export const quietUntil = (quiet: QuietHours | null, severity: Severity, now: Date): Date | null => {
  if (quiet === null || (severity === 0 && !quiet.holdsCritical)) return null
  const window = windowOf(quiet)
  if (window === null) return null
  const { isOpen, changesAt } = windowState([window], now)
  return isOpen ? changesAt : null
}
