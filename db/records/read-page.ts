import type { Json } from '@/lib/kernel/ground/json'
import type { ListQuery } from '@/lib/kernel/resource/query'
import type { Resource } from '@/lib/kernel/resource/resource'
import { hasWildcard } from '@/lib/kernel/resource/terms'
import { Fresh } from '../pg/cached'
import { shapeOf, targetOf } from '../pg/resource-table'
import { Params, queryRows } from '../pg/statement'
import { type Condition, conditionKey, conditionSql } from './condition'
import { totalOf } from './facets'

type Sort = ListQuery['sort']

interface OrderTerm {
  /** Over alias `t`. */
  sql: string
  down: boolean
  /** Whether null may occur: nulls come last both ways. */
  canBeNull: boolean
  /** The type to cast a bound to, or null where no bound can be set. */
  boundType: string | null
}

const measures: ReadonlySet<string> = new Set(['port', 'integer', 'bytes', 'seconds', 'moment', 'lsn'])

/**
 * The whole order: what was asked, then the list's own order where values are words that many rows share, then the id, which makes it stable.
 * Directions follow the last one asked, so that one index serves both ways.
 */
const orderOf = (resource: Resource, sort: Sort): { terms: OrderTerm[]; joins: string } => {
  const { columns } = shapeOf(resource)
  const first = resource.list.order
  const byDefault = { field: first.replace(/^-/, ''), down: first.startsWith('-') }
  const asked = sort.length > 0 ? [...sort] : [byDefault]
  const last = asked.at(-1)!
  const hasTies = asked.every(({ field }) => !measures.has(resource.fields[field]!.kind))
  if (hasTies && !measures.has(resource.fields[byDefault.field]!.kind) && !asked.some(({ field }) => field === byDefault.field))
    asked.push({ field: byDefault.field, down: last.down })
  const joins: string[] = []
  const terms = asked.map(({ field, down }, index): OrderTerm => {
    const column = columns[resource.fields[field]!.sortedBy ?? field]!
    const target = targetOf(resource, field)
    if (target) {
      const shape = shapeOf(target)
      const title = shape.columns[shape.titleColumns[0] ?? 'id']!
      joins.push(`left join ${shape.stored} s${index} on s${index}.id = t.${column.sql}`)
      return { sql: `s${index}.${title.sql}`, down, canBeNull: true, boundType: null }
    }
    if (resource.fields[field]!.kind === 'lsn')
      return { sql: `nullif(t.${column.sql}, '')::pg_lsn`, down, canBeNull: true, boundType: null }
    // Times come back cut to milliseconds, so they set no exact bound.
    const boundType = column.type === 'timestamp with time zone' ? null : column.type
    return { sql: `t.${column.sql}`, down, canBeNull: !column.isNotNull, boundType }
  })
  terms.push({ sql: 't.id', down: last.down, canBeNull: false, boundType: 'uuid' })
  return { terms, joins: joins.join(' ') }
}

// Descending without a word about nulls is what an ascending index gives when it is read backwards.
const orderSql = (terms: readonly OrderTerm[]): string =>
  terms.map(({ sql, down, canBeNull }) => `${sql}${down ? ' desc' : ''}${canBeNull ? ' nulls last' : ''}`).join(', ')

/** The values to order by as columns `k0`, `k1` …, and the order over those. */
const keysSql = (terms: readonly OrderTerm[]): string => terms.map((term, index) => `${term.sql} as k${index}`).join(', ')
const orderOfKeys = (terms: readonly OrderTerm[], prefix = ''): string =>
  orderSql(terms.map((term, index) => ({ ...term, sql: `${prefix}k${index}` })))

/** Where a page starts: the values its first row is ordered by. */
interface Bound {
  offset: number
  values: readonly Json[]
}

/** Per list: bounds seen a moment ago. A deep page then starts at the nearest one instead of walking there from the first row. */
const bounds = new Fresh<Bound[]>({ weightMax: 500 })
const boundsLifeMs = 2_000
const boundsPerList = 200
const deepFrom = 500

const boundSql = (terms: readonly OrderTerm[], bound: Bound, params: Params): string =>
  `(${terms.map((term) => term.sql).join(', ')}) ${terms[0]!.down ? '<=' : '>='} (${bound.values.map((value, index) => `${params.add(value)}::${terms[index]!.boundType}`).join(', ')})`

/** A row comparison says "from here on" only in one direction and without nulls. */
const takesBounds = (terms: readonly OrderTerm[]): boolean =>
  terms.every(({ down, boundType }) => boundType !== null && down === terms[0]!.down)

export interface PageRequest {
  sort: Sort
  offset: number
  limit: number
  /** Properties of the columns wanted. */
  columns: readonly string[]
}

const deepPage = async (condition: Condition, request: PageRequest): Promise<Json[][]> => {
  const { table, columns } = shapeOf(condition.resource)
  const { terms, joins } = orderOf(condition.resource, request.sort)
  const canBound = takesBounds(terms)
  const seen = canBound
    ? await bounds.get(
        condition.resource.name,
        `${orderSql(terms)}|${conditionKey(condition)}`,
        async () => [],
        () => boundsLifeMs,
      )
    : []
  const nearest = seen.reduce<Bound | null>(
    (best, bound) => (bound.offset <= request.offset && bound.offset > (best?.offset ?? 0) ? bound : best),
    null,
  )

  const read = async (bound: Bound | null): Promise<Json[][]> => {
    const params = new Params()
    const where = conditionSql(condition, params)
    const from = bound ? ` and ${boundSql(terms, bound, params)}` : ''
    // Ids first, from the index alone where it holds the whole order; the wide rows are fetched for this page only.
    return queryRows(
      `with page as materialized (select t.id, ${keysSql(terms)} from ${table} t ${joins} where ${where}${from} order by ${orderSql(terms)} limit ${request.limit} offset ${params.add(request.offset - (bound?.offset ?? 0))})
        select ${request.columns.map((name) => `t.${columns[name]!.sql}`).join(', ')}, ${terms.map((_, index) => `page.k${index}`).join(', ')}
        from page join ${table} t on t.id = page.id order by ${orderOfKeys(terms, 'page.')}`,
      params,
    )
  }

  let rows = await read(nearest)
  // Rows with null lie beyond every bound: a short page says that the rest has to be looked for from the start.
  if (nearest && rows.length < request.limit) rows = await read(null)
  const keysOfFirst = rows[0]?.slice(request.columns.length)
  if (
    canBound &&
    keysOfFirst?.every((key) => key !== null) &&
    seen.length < boundsPerList &&
    !seen.some(({ offset }) => offset === request.offset)
  )
    seen.push({ offset: request.offset, values: keysOfFirst })
  return rows.map((row) => row.slice(0, request.columns.length))
}

/** As many hits as are cheaper to sort than to come across while walking a list in its order. */
const sortedHitsMax = 20_000

const isSearch = ({ words, filters }: Condition): boolean =>
  words.length > 0 ||
  Object.values(filters)
    .flat()
    .some(({ operator, value }) => operator === 'contains' || hasWildcard(value))

/**
 * Finds all hits by the trigram index, then orders them. Left to itself PostgreSQL walks the list in its order and hopes to meet a page of hits soon;
 * but hits lie together (what is searched for is often how titles begin), so it may meet none for a long time.
 */
const hitsPage = (condition: Condition, request: PageRequest): Promise<Json[][]> => {
  const { table, columns } = shapeOf(condition.resource)
  const { terms, joins } = orderOf(condition.resource, request.sort)
  const params = new Params()
  const where = conditionSql(condition, params)
  return queryRows(
    `with hits as materialized (select t.id, ${keysSql(terms)} from ${table} t ${joins} where ${where}),
      page as (select * from hits order by ${orderOfKeys(terms)} limit ${params.add(request.limit)} offset ${params.add(request.offset)})
      select ${request.columns.map((name) => `t.${columns[name]!.sql}`).join(', ')} from page join ${table} t on t.id = page.id order by ${orderOfKeys(terms, 'page.')}`,
    params,
  )
}

/** One page's rows, values in the order of `request.columns`. */
export const readPage = async (condition: Condition, request: PageRequest): Promise<Json[][]> => {
  if (condition.reach.kind === 'none') return []
  if (isSearch(condition) && (await totalOf(condition)) <= sortedHitsMax) return hitsPage(condition, request)
  if (request.offset >= deepFrom) return deepPage(condition, request)
  const { table, columns } = shapeOf(condition.resource)
  const { terms, joins } = orderOf(condition.resource, request.sort)
  const params = new Params()
  const where = conditionSql(condition, params)
  const hasValues = params.values.length > 0
  const text = `select ${request.columns.map((name) => `t.${columns[name]!.sql}`).join(', ')} from ${table} t ${joins} where ${where} order by ${orderSql(terms)} limit ${params.add(request.limit)} offset ${params.add(request.offset)}`
  // A list without conditions has one good plan, kept prepared. With values the plan depends on them (a rare state, a common word).
  return queryRows(text, params, { isPrepared: !hasValues })
}

/** Statement and values of the whole list in its order, for a cursor or for ids. */
export const wholeList = (
  condition: Condition,
  sort: Sort,
  columnNames: readonly string[],
  limit: number | null,
): { text: string; values: unknown[] } => {
  const { table, columns } = shapeOf(condition.resource)
  const { terms, joins } = orderOf(condition.resource, sort)
  const params = new Params()
  const where = conditionSql(condition, params)
  const end = limit === null ? '' : ` limit ${params.add(limit)}`
  return {
    text: `select ${columnNames.map((name) => `t.${columns[name]!.sql}`).join(', ')} from ${table} t ${joins} where ${where} order by ${orderSql(terms)}${end}`,
    values: params.values,
  }
}
