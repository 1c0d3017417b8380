import { countErrors, errorKey } from './count'
import type { ErrorCount, LogEntry } from './entry'

/** Offsets in minutes of zones that servers write by their abbreviations. One that several places use for different times is left out. */
const zones: Readonly<Record<string, number>> = {
  ...{ Z: 0, UTC: 0, GMT: 0, WET: 0, WEST: 60, BST: 60, CET: 60, CEST: 120, EET: 120, EEST: 180, MSK: 180, JST: 540 },
  ...{ EST: -300, EDT: -240, CDT: -300, MST: -420, MDT: -360, PST: -480, PDT: -420 },
}

const written = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d(?:\.\d+)?)\s*([A-Za-z]+|[+-]\d\d(?::?\d\d)?)?$/

/** Milliseconds since 1970; a zone that is not known counts as UTC, which puts servers of one zone in their order all the same. null: it is no time. */
export const momentOf = (at: string | null): number | null => {
  if (at === null) return null
  if (/^\d{9,11}(\.\d+)?$/.test(at)) return Number(at) * 1000
  const found = written.exec(at.trim())
  if (found === null) return null
  const [, day, time, zone = 'UTC'] = found
  const base = Date.parse(`${day}T${time}Z`)
  const offset = /^[+-]/.exec(zone)
    ? (zone[0] === '-' ? -1 : 1) * (Number(zone.slice(1, 3)) * 60 + Number(zone.replace(':', '').slice(3, 5) || 0))
    : (zones[zone.toUpperCase()] ?? 0)
  return Number.isNaN(base) ? null : base - offset * 60_000
}

export interface MemberEntries {
  instanceId: string
  title: string
  /** Oldest first. */
  entries: readonly LogEntry[]
}

/** A message with the member that wrote it. */
export type MemberEntry = LogEntry & Omit<MemberEntries, 'entries'>

/** Of several logs one, oldest first; each keeps its own order, also where a clock was set back or a message has no time. */
export const mergeLogs = (members: readonly MemberEntries[]): MemberEntry[] =>
  members
    .flatMap(({ instanceId, title, entries }, member) => {
      let last = 0
      return entries.map((entry, place) => {
        last = Math.max(last, momentOf(entry.at) ?? 0)
        return { moment: last, member, place, entry: { ...entry, instanceId, title } }
      })
    })
    .sort((a, b) => a.moment - b.moment || a.member - b.member || a.place - b.place)
    .map(({ entry }) => entry)

export type MemberErrorCount = ErrorCount & {
  /** Who had how many of them, most first. */
  members: { title: string; count: number }[]
}

/** Errors by code over all members, most frequent first. */
export const countMemberErrors = (entries: readonly MemberEntry[]): MemberErrorCount[] => {
  const byKey = new Map<string, Map<string, number>>()
  for (const entry of entries) {
    const titles = byKey.get(errorKey(entry)) ?? new Map<string, number>()
    byKey.set(errorKey(entry), titles.set(entry.title, (titles.get(entry.title) ?? 0) + 1))
  }
  return countErrors(entries).map((one) => ({
    ...one,
    members: [...byKey.get(errorKey(one))!].map(([title, count]) => ({ title, count })).sort((a, b) => b.count - a.count),
  }))
}
