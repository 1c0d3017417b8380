import { type CalendarLine, lineAt, parseCalendar } from '@/lib/domain/rules/calendar'
import type { RuleQuestion } from '@/lib/domain/rules/question'
import { databaseFault, getPool } from '../pg/client'

export interface KnownCalendar {
  name: string
  /** null: every one. */
  environmentId: string | null
  herdId: string | null
  zone: string
  lines: CalendarLine[]
  holdsDown: boolean
  holdsUp: boolean
}

/** Those that may concern rules of these environments; one that cannot be read holds nothing. */
export const readCalendars = async (environmentIds: readonly string[]): Promise<KnownCalendar[]> => {
  try {
    const { rows } = await getPool().query<Omit<KnownCalendar, 'lines'> & { dates: string }>(
      `select name, environment_id as "environmentId", herd_id as "herdId", zone, dates, holds_down as "holdsDown", holds_up as "holdsUp"
        from calendars where environment_id is null or environment_id = any($1) order by name`,
      [environmentIds],
    )
    return rows.map(({ dates, ...calendar }) => {
      const lines = parseCalendar(dates)
      return { ...calendar, lines: typeof lines === 'string' ? [] : lines }
    })
  } catch (error) {
    throw databaseFault(error)
  }
}

/** Why a rule rests at a moment, as a sentence; null: it does not. */
export const heldBy = (
  calendars: readonly KnownCalendar[],
  rule: { action: RuleQuestion['action']; environmentId: string; herdId: string },
  at: Date,
): string | null => {
  for (const { name, environmentId, herdId, zone, lines, holdsDown, holdsUp } of calendars) {
    if (!(rule.action === 'down' ? holdsDown : holdsUp)) continue
    if ((environmentId !== null && environmentId !== rule.environmentId) || (herdId !== null && herdId !== rule.herdId)) continue
    const line = lineAt(lines, zone, at)
    if (line) return `The calendar ${name} holds it: ${line.line} (${zone}).`
  }
  return null
}
