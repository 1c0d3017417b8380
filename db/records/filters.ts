import type { FieldKind, FieldSpec } from '@/lib/kernel/resource/field'
import { hasWildcard, type Operator, splitTerms, type Term, uuidPattern } from '@/lib/kernel/resource/terms'
import type { ShapeColumn } from '../pg/resource-table'
import type { Params } from '../pg/statement'

interface Place {
  /** The column with its alias. */
  sql: string
  column: ShapeColumn
  params: Params
}

/** One plain or negated term as a condition that is never null for a column that is not. */
type KindSql = {
  /** `is` over all its values at once. */
  isAny: (place: Place, values: readonly string[]) => string
  contains?: (place: Place, value: string) => string
  /** What comparisons cast to and compare by. */
  measure?: { column: (sql: string) => string; value: (place: string, text: string) => string }
  empty: (sql: string, column: ShapeColumn) => string
}

export const escapeLike = (text: string): string => text.replace(/[\\%_]/g, '\\$&')
const globToLike = (glob: string): string => glob.split('*').map(escapeLike).join('%')

const emptyText = (sql: string, column: ShapeColumn): string => (column.isNotNull ? `${sql} = ''` : `(${sql} is null or ${sql} = '')`)
const emptyNull = (sql: string): string => `${sql} is null`

const equalAny =
  (cast: string) =>
  ({ sql, params }: Place, values: readonly string[]) =>
    values.length === 1 ? `${sql} = ${params.add(values[0])}::${cast}` : `${sql} = any(${params.add(values)}::${cast}[])`

const anyOf = (conditions: readonly string[]): string => (conditions.length === 1 ? conditions[0]! : `(${conditions.join(' or ')})`)

const words = (isCaseBlind: boolean): KindSql => ({
  isAny: ({ sql, params }, values) => {
    const globs = values.filter(hasWildcard).map((value) => `${sql} ilike ${params.add(globToLike(value))}`)
    const exact = values.filter((value) => !hasWildcard(value))
    if (exact.length === 0) return anyOf(globs)
    const column = isCaseBlind ? `lower(${sql})` : sql
    const wanted = isCaseBlind ? exact.map((value) => value.toLowerCase()) : exact
    const equal = wanted.length === 1 ? `${column} = ${params.add(wanted[0])}::text` : `${column} = any(${params.add(wanted)}::text[])`
    return anyOf([...globs, equal])
  },
  contains: ({ sql, params }, value) => `${sql} ilike ${params.add(`%${escapeLike(value)}%`)}`,
  empty: emptyText,
})

/** An id shown as text: whole ids use the index, anything else finds nothing. */
const idWords: KindSql = {
  isAny: ({ sql, params }, values) => `${sql} = any(${params.add(values.filter((value) => uuidPattern.test(value)))}::uuid[])`,
  contains: ({ sql, params }, value) => `${sql}::text ilike ${params.add(`%${escapeLike(value)}%`)}`,
  empty: emptyNull,
}

/** Several ids, of which any may be meant. */
const idLists: KindSql = {
  isAny: ({ sql, params }, values) => `${sql} && ${params.add(values)}::uuid[]`,
  empty: (sql) => `cardinality(${sql}) = 0`,
}

const numbers = (cast: string): KindSql => ({
  isAny: equalAny(cast),
  measure: { column: (sql) => sql, value: (place) => `${place}::${cast}` },
  empty: emptyNull,
})

const exactly = (cast: string): KindSql => ({ isAny: equalAny(cast), empty: emptyNull })

const moments: KindSql = {
  // An equal to the millisecond, which is what the console shows and sends.
  isAny: ({ sql, params }, values) =>
    anyOf(values.map((value) => `date_trunc('milliseconds', ${sql}) = ${momentValue(params.add(momentParameter(value)), value)}`)),
  measure: { column: (sql) => sql, value: (place, text) => momentValue(place, text) },
  empty: emptyNull,
}
const isAge = (text: string): boolean => text.startsWith('-')
const momentParameter = (text: string): string => (isAge(text) ? text.slice(1) : text)
function momentValue(place: string, text: string): string {
  return isAge(text) ? `now() - make_interval(secs => ${place}::double precision)` : `${place}::timestamptz`
}

export const filterSql = {
  text: words(false),
  longText: words(false),
  hostname: words(true),
  path: words(false),
  port: numbers('integer'),
  integer: numbers('numeric'),
  bytes: numbers('bigint'),
  seconds: numbers('double precision'),
  flag: exactly('boolean'),
  secret: exactly('boolean'),
  choice: { isAny: equalAny('text'), empty: emptyText },
  moment: moments,
  lsn: {
    isAny: ({ sql, params }, values) => `${sql} = any(${params.add(values)}::text[])`,
    measure: { column: (sql) => `nullif(${sql}, '')::pg_lsn`, value: (place) => `${place}::text::pg_lsn` },
    empty: emptyText,
  },
  tags: {
    isAny: ({ sql, params }, values) => `${sql} && ${params.add(values)}::text[]`,
    contains: ({ sql, params }, value) =>
      `exists (select 1 from unnest(${sql}) tag where tag ilike ${params.add(`%${escapeLike(value)}%`)})`,
    empty: (sql) => `coalesce(cardinality(${sql}), 0) = 0`,
  },
  reference: exactly('uuid'),
  json: { isAny: () => 'false', empty: (sql) => `(${sql} is null or ${sql} = '{}'::jsonb)` },
} satisfies Record<FieldKind, KindSql>

const signs: Partial<Record<Operator, string>> = { above: '>', atLeast: '>=', below: '<', atMost: '<=' }

/** The terms on one field as a condition, never null; the same answer as `matchesTerms` gives. Reference values must be ids by now. */
export const termsSql = (spec: FieldSpec, column: ShapeColumn, sql: string, terms: readonly Term[], params: Params): string => {
  const kind: KindSql = column.type === 'uuid[]' ? idLists : spec.kind === 'text' && column.type === 'uuid' ? idWords : filterSql[spec.kind]
  const place: Place = { sql, column, params }
  const { plain, ranges, not } = splitTerms(terms)
  const valuesOf = (list: readonly Term[]) => list.map((term) => term.value)
  const alternatives: string[] = []
  const is = plain.filter((term) => term.operator === 'is')
  if (is.length > 0) alternatives.push(kind.isAny(place, valuesOf(is)))
  for (const { operator, value } of plain) {
    if (operator === 'contains' && kind.contains) alternatives.push(kind.contains(place, value))
    else if (operator === 'empty') alternatives.push(kind.empty(sql, column))
    else if (operator === 'filled') alternatives.push(`not (${kind.empty(sql, column)})`)
  }
  const { measure } = kind
  if (ranges.length > 0 && measure)
    alternatives.push(
      `(${ranges
        .map(({ operator, value }) => {
          const parameter = params.add(spec.kind === 'moment' ? momentParameter(value) : value)
          return `${measure.column(sql)} ${signs[operator]} ${measure.value(parameter, value)}`
        })
        .join(' and ')})`,
    )
  const conditions = alternatives.length > 0 ? [anyOf(alternatives)] : []
  if (not.length > 0) {
    const isOne = kind.isAny(place, valuesOf(not))
    conditions.push(column.isNotNull ? `not (${isOne})` : `(${sql} is null or not (${isOne}))`)
  }
  return conditions.length > 0 ? conditions.join(' and ') : 'true'
}
