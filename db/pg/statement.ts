import { createHash } from 'node:crypto'
import type { QueryArrayResult, QueryConfig } from 'pg'
import pg from 'pg'
import type { Json } from '@/lib/kernel/ground/json'
import { databaseFault, getPool } from './client'

/** The values of one statement; `add` gives the place to write into its text. */
export class Params {
  readonly values: unknown[] = []

  add(value: unknown): string {
    return `$${this.values.push(value)}`
  }
}

/** `2026-11-21 06:49:28.123456+00`: in UTC, of a year with four digits. */
const isPlain = (text: string): boolean => text.charAt(4) === '-' && text.charAt(10) === ' ' && text.endsWith('+00')

/** PostgreSQL's text as ISO with milliseconds, as `Date` would write it but without making one: a page holds hundreds. */
const isoOf = (text: string): string =>
  isPlain(text)
    ? `${text.slice(0, 10)}T${text.slice(11, 19)}.${text.slice(20, -3).slice(0, 3).padEnd(3, '0')}Z`
    : new Date(pg.types.getTypeParser(1184, 'text')(text) as Date).toISOString()

const parsers = new Map<number, (text: string) => unknown>([
  [20, Number],
  [1184, isoOf],
  [1700, Number],
])

/** Values as JSON carries them: 64-bit numbers as numbers, times as ISO text. */
export const asJson: QueryConfig['types'] = {
  getTypeParser: ((oid: number, format: 'text') => parsers.get(oid) ?? pg.types.getTypeParser(oid, format)) as NonNullable<
    QueryConfig['types']
  >['getTypeParser'],
}

const names = new Map<string, string>()
const namesMax = 300

/** Named by what it says: every bundle of a process gives the same text the same name on a shared connection. */
const nameOf = (text: string): string | undefined => {
  const known = names.get(text)
  if (known || names.size >= namesMax) return known
  const name = createHash('sha1').update(text).digest('base64url')
  names.set(text, name)
  return name
}

/** Rows as arrays of JSON values. `isPrepared` keeps the plan on each connection: for statements whose plan does not hang on their values. */
export const queryRows = async (text: string, params: Params | unknown[], options: { isPrepared?: boolean } = {}): Promise<Json[][]> => {
  const values = Array.isArray(params) ? params : params.values
  const name = options.isPrepared ? nameOf(text) : undefined
  try {
    const result: QueryArrayResult<unknown[]> = await getPool().query<unknown[]>({
      text,
      values,
      rowMode: 'array',
      types: asJson,
      ...(name ? { name } : {}),
    })
    return result.rows as Json[][]
  } catch (error) {
    throw databaseFault(error)
  }
}
