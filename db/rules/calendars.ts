import { type CalendarLine, lineAt, parseCalendar, pieceAt } from '@/lib/domain/rules/calendar'
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
  staysBig: boolean
  growBeforeMinutes: number
}

/** How long before its days standbys grow, where a calendar says nothing. */
const growBeforeMinutes = 60

/** Those that may concern rules of these environments, null: of any; one that cannot be read holds nothing. */
export const readCalendars = async (environmentIds: readonly string[] | null): Promise<KnownCalendar[]> => {
  try {
    const { rows } = await getPool().query<Omit<KnownCalendar, 'lines'> & { dates: string }>(
      `select name, environment_id as "environmentId", herd_id as "herdId", zone, dates, holds_down as "holdsDown", holds_up as "holdsUp",
          stays_big as "staysBig", coalesce(grow_before_minutes, ${growBeforeMinutes}) as "growBeforeMinutes"
        from calendars where $1::uuid[] is null or environment_id is null or environment_id = any($1) order by name`,
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

export interface HeldRule {
  /** It makes standbys smaller: it shrinks them, or takes back what grew them. */
  shrinks: boolean
  environmentId: string
  herdId: string
}

const concerns = ({ environmentId, herdId }: KnownCalendar, rule: HeldRule): boolean =>
  (environmentId === null || environmentId === rule.environmentId) && (herdId === null || herdId === rule.herdId)

/** Why a rule rests at a moment, as a sentence; null: it does not. */
export const heldBy = (calendars: readonly KnownCalendar[], rule: HeldRule, at: Date): string | null => {
  for (const calendar of calendars) {
    const { name, zone, lines, holdsDown, holdsUp } = calendar
    if (!concerns(calendar, rule)) continue
    const line = (rule.shrinks ? holdsDown : holdsUp) ? lineAt(lines, zone, at) : undefined
    if (line) return `The calendar ${name} holds it: ${line.line} (${zone}).`
    const big = rule.shrinks ? bigPiece(calendar, at) : undefined
    if (big) return `The calendar ${name} keeps standbys large: ${big.line.line} (${zone}).`
  }
  return null
}

/** The times of a calendar, begun or about to begin, in which a rule's standbys are to be as large as they were before it; null: none. */
export const staysBigAt = (calendars: readonly KnownCalendar[], rule: HeldRule, at: Date): Date | null => {
  for (const calendar of calendars) {
    const piece = concerns(calendar, rule) ? bigPiece(calendar, at) : undefined
    if (piece) return piece.from
  }
  return null
}

const bigPiece = ({ staysBig, lines, zone, growBeforeMinutes }: KnownCalendar, at: Date) =>
  staysBig ? (pieceAt(lines, zone, at) ?? pieceAt(lines, zone, new Date(at.getTime() + growBeforeMinutes * 60_000))) : undefined
