import type { SettingKind } from '@/lib/domain/settings/setting'
import { showValue } from '@/lib/domain/settings/value'
import { type Actor, allowance } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import { uuidPattern } from '@/lib/kernel/resource/terms'
import type { TimelineLine, TimelinePage, TimelineQuery } from '@/lib/shapes/timeline'
import { databaseFault, getPool } from '../pg/client'
import { type Source, type Subject, sources } from './sources'

interface Row extends Omit<TimelineLine, 'at' | 'seconds'> {
  at: Date
  mark: string
  ended: Date | null
  /** Of a line about a setting, whose name is in `what`. */
  setting: (Pick<SettingKind, 'type' | 'unit'> & { was: string | null; became: string | null }) | null
}

const spelt = (value: string | null, setting: NonNullable<Row['setting']>): string => showValue(value, setting) || '(empty)'

const tables = { instance: 'instances', herd: 'herds', server: 'servers' } as const

/** null: the actor sees none of it. */
const branch = (actor: Actor, source: Source, { of }: Subject, query: TimelineQuery, add: (value: unknown) => string): string | null => {
  const from = source.from(of)
  if (from === null) return null
  const { at, id, environment, person, columns } = source
  const conditions = [`${at} is not null`]
  for (const permission of [source.permission, `${of}.view` as const]) {
    const allowed = allowance(actor, permission)
    if (allowed === 'none') return null
    if (allowed === 'all') continue
    // Of what concerns several environments the text names them all.
    const reached = `${add(allowed.environmentIds)}::uuid[]`
    conditions.push(
      environment.endsWith('_ids') ? `(${environment} <@ ${reached} and ${environment} <> '{}')` : `${environment} = any(${reached})`,
    )
  }
  if (query.kind.length > 0 && !source.kinds.some((kind) => query.kind.includes(kind))) return null
  if (query.person !== '') {
    if (person === null) return null
    conditions.push(`lower(${person}) = lower(${add(query.person)})`)
  }
  if (query.from !== '') conditions.push(`${at} >= ${add(query.from)}::timestamptz`)
  if (query.to !== '') conditions.push(`${at} < ${add(query.to)}::timestamptz`)
  if (query.before !== '') {
    const [moment, last] = query.before.split('_')
    // The first says the second again for the index.
    const before = add(moment)
    conditions.push(`${at} <= ${before}::timestamptz`, `(${at}, ${id}) < (${before}::timestamptz, ${add(last)}::uuid)`)
  }
  const where = `${/ where /.test(withoutParts(from)) ? 'and' : 'where'} ${conditions.join(' and ')}`
  const rows = `select ${at} as at, ${id} as id, ${person ?? 'null::text'} as person, ${columns} from ${from} ${where}`
  // One source may hold several kinds.
  const chosen =
    query.kind.length > 0 && source.kinds.length > 1 ? `select * from (${rows}) k where kind = any(${add(query.kind)}::text[])` : rows
  return `(${chosen} order by at desc, id desc limit ${query.per + 1})`
}

/** What stands in brackets has conditions of its own. */
const withoutParts = (sql: string): string => {
  const shorter = sql.replace(/\([^()]*\)/g, '')
  return shorter === sql ? sql : withoutParts(shorter)
}

/** The statement of a page, for its plan; null: nothing of it is the actor’s to see. */
export const timelineSql = (actor: Actor, subject: Subject, query: TimelineQuery): { text: string; values: unknown[] } | null => {
  const values: unknown[] = [subject.id]
  const add = (value: unknown) => `$${values.push(value)}`
  const branches = sources.map((source) => branch(actor, source, subject, query, add)).filter((one) => one !== null)
  if (branches.length === 0) return null
  return {
    text: `select l.*, to_char(l.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z_"') || l.id as mark
      from (${branches.join('\nunion all\n')}) l order by l.at desc, l.id desc limit ${query.per + 1}`,
    values,
  }
}

/** What happened to an instance, a herd or a server, newest first. Throws `record.missing`, `database.down`. */
export const readTimeline = async (actor: Actor, subject: Subject, query: TimelineQuery): Promise<TimelinePage> => {
  const allowed = allowance(actor, `${subject.of}.view`)
  try {
    const { rowCount } =
      allowed === 'none' || !uuidPattern.test(subject.id)
        ? { rowCount: 0 }
        : await getPool().query(`select from ${tables[subject.of]} where id = $1 and ($2::uuid[] is null or environment_id = any($2))`, [
            subject.id,
            allowed === 'all' ? null : allowed.environmentIds,
          ])
    if (rowCount === 0) throw new Fault('record.missing')
    const statement = timelineSql(actor, subject, query)
    const { rows } = statement === null ? { rows: [] } : await getPool().query<Row>(statement.text, statement.values)
    const shown = rows.slice(0, query.per)
    return {
      lines: shown.map(({ mark, at, ended, setting, what, ...rest }) => ({
        ...rest,
        what: setting === null ? what : `${what}: ${spelt(setting.became, setting)}, was ${spelt(setting.was, setting)}`,
        id: mark,
        at: at.toISOString(),
        seconds: ended === null ? null : Math.max(0, Math.round((ended.getTime() - at.getTime()) / 1000)),
      })),
      next: rows.length > query.per ? shown.at(-1)!.mark : null,
    }
  } catch (error) {
    throw databaseFault(error)
  }
}
