import type { Actor } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import type { Json } from '@/lib/kernel/ground/json'
import type { ListQuery } from '@/lib/kernel/resource/query'
import type { Resource } from '@/lib/kernel/resource/resource'
import { uuidPattern } from '@/lib/kernel/resource/terms'
import type { ListPage } from '@/lib/shapes/list'
import { shapeOf, targetOf } from '../pg/resource-table'
import { Params, queryRows } from '../pg/statement'
import { conditionOf } from './condition'
import { facetsOf, totalOf } from './facets'
import { reachOf, reachSql } from './reach'
import { readPage, wholeList } from './read-page'
import { titlesOf } from './titles'

const fieldsOf = (resource: Resource, wanted: readonly string[] | null): string[] => {
  const known = (wanted ?? resource.list.columns).filter((name) => Object.hasOwn(resource.fields, name))
  return known.length > 0 ? [...known] : [...resource.list.columns]
}

/** Throws `access.denied` for an actor who may see nothing of the resource anywhere. */
const mustReach = (actor: Actor, resource: Resource): void => {
  if (!maySeeAny(actor, resource)) throw new Fault('access.denied', { because: `You do not have the permission ${resource.name}.view.` })
}

const titlesByField = async (actor: Actor, resource: Resource, names: readonly string[], rows: readonly (readonly Json[])[]) => {
  const references: Record<string, Record<string, string>> = {}
  await Promise.all(
    names.map(async (name, index) => {
      const target = targetOf(resource, name)
      if (!target) return
      const ids = new Set<string>()
      for (const row of rows) if (row[index] !== null) ids.add(row[index] as string)
      references[name] = Object.fromEntries(await titlesOf(actor, target, ids))
    }),
  )
  return references
}

/** One page of a list. Counts and deep pages may be up to two seconds old where only observed values moved; saves show at once. */
export const listRecords = async (
  actor: Actor,
  resource: Resource,
  query: ListQuery,
  options: {
    facets?: boolean /** Columns that are read after those of the query, though no field may be of that name. */
    besides?: readonly string[]
  } = {},
): Promise<ListPage> => {
  mustReach(actor, resource)
  const { besides = [] } = options
  const names = fieldsOf(resource, query.columns)
  const condition = await conditionOf(actor, resource, query)
  // Read last, and only where it stands in no column by itself.
  const read = [...names, ...besides]
  const seen = resource.observedAt && !read.includes(resource.observedAt) ? [resource.observedAt] : []
  const [rows, total, facets] = await Promise.all([
    readPage(condition, {
      sort: query.sort.filter(({ field }) => Object.hasOwn(resource.fields, field) && resource.fields[field]!.kind !== 'json'),
      offset: (query.page - 1) * query.perPage,
      limit: query.perPage,
      columns: [...read, 'id', ...seen],
    }),
    totalOf(condition),
    options.facets ? facetsOf(actor, condition) : null,
  ])
  const seenAt = read.indexOf(resource.observedAt ?? '')
  const observedAt = resource.observedAt ? rows.map((row) => (seenAt >= 0 ? row[seenAt] : row.pop()) as string | null) : null
  const ids = rows.map((row) => row.pop() as string)
  return {
    columns: names,
    ids,
    rows,
    references: await titlesByField(actor, resource, names, rows),
    observedAt,
    total,
    page: query.page,
    perPage: query.perPage,
    facets,
  }
}

/** A page for a script: each row as an object with its id, its title and the revision that a change has to name, whatever columns were asked for. */
export interface ObjectPage extends Omit<ListPage, 'columns' | 'ids' | 'rows' | 'observedAt'> {
  items: ({ id: string; title: string; revision: number } & Record<string, Json>)[]
}

/** As `listRecords`; titles and revisions are read with the page. */
export const listObjects = async (
  actor: Actor,
  resource: Resource,
  query: ListQuery,
  options: { facets?: boolean } = {},
): Promise<ObjectPage> => {
  const { titleColumns, hasRevision } = shapeOf(resource)
  const names = fieldsOf(resource, query.columns)
  const besides = [...titleColumns, ...(hasRevision ? ['revision'] : [])].filter((name) => !names.includes(name))
  const { columns, ids, rows, observedAt, ...page } = await listRecords(actor, resource, query, { ...options, besides })
  const items = rows.map((row, index) => {
    const record = Object.fromEntries([...columns, ...besides].map((name, column) => [name, row[column] ?? null])) as Record<string, Json>
    return {
      id: ids[index]!,
      title: resource.title(record),
      revision: Number(record.revision ?? 0),
      ...Object.fromEntries(names.map((name) => [name, record[name]!])),
      ...(observedAt ? { observedAt: observedAt[index]! } : {}),
    }
  })
  return { ...page, items }
}

/** Ids of everything that matches, in the list's order, at most `max`. */
export const listIds = async (
  actor: Actor,
  resource: Resource,
  query: Pick<ListQuery, 'filters' | 'search' | 'sort'>,
  max: number,
): Promise<string[]> => {
  mustReach(actor, resource)
  const { text, values } = wholeList(await conditionOf(actor, resource, query), query.sort, ['id'], max)
  return (await queryRows(text, values)).map(([id]) => id as string)
}

export interface RecordView {
  id: string
  title: string
  /** 0 where the resource has none: it cannot be changed. */
  revision: number
  values: Record<string, Json>
  /** Title null: the actor may not see it. */
  references: Record<string, { id: string; title: string | null; resource: string }>
  observedAt: string | null
  environmentId: string | null
}

/** Those of the ids that exist and that the actor may see, in the order given. */
export const getRecords = async (actor: Actor, resource: Resource, ids: readonly string[]): Promise<RecordView[]> => {
  const shape = shapeOf(resource)
  const names = Object.keys(resource.fields)
  const wanted = [
    ...new Set([
      'id',
      ...names,
      ...shape.titleColumns,
      ...(shape.environmentColumn ? [shape.environmentColumn] : []),
      ...(resource.observedAt ? [resource.observedAt] : []),
      ...(shape.hasRevision ? ['revision'] : []),
    ]),
  ]
  const params = new Params()
  const place = params.add(ids.filter((id) => uuidPattern.test(id)))
  const rows = await queryRows(
    `select ${wanted.map((name) => `t.${shape.columns[name]!.sql}`).join(', ')} from ${shape.table} t
      where t.id = any(${place}::uuid[]) and ${reachSql(resource, reachOf(actor, resource), params)}`,
    params,
    { isPrepared: true },
  )
  const titles = await titlesByField(actor, resource, wanted, rows)
  const found = new Map(
    rows.map((row) => {
      const record = Object.fromEntries(wanted.map((name, index) => [name, row[index] ?? null])) as Record<string, Json>
      const references: RecordView['references'] = {}
      for (const name of names) {
        const id = record[name]
        const target = targetOf(resource, name)
        if (target && typeof id === 'string') references[name] = { id, title: titles[name]?.[id] ?? null, resource: target.name }
      }
      const view: RecordView = {
        id: record.id as string,
        title: resource.title(record),
        revision: Number(record.revision ?? 0),
        values: Object.fromEntries(names.map((name) => [name, record[name] ?? null])),
        references,
        observedAt: resource.observedAt ? (record[resource.observedAt] as string | null) : null,
        environmentId: shape.environmentColumn ? (record[shape.environmentColumn] as string | null) : null,
      }
      return [view.id, view] as const
    }),
  )
  return [...new Set(ids.map((id) => id.toLowerCase()))].map((id) => found.get(id)).filter((view) => view !== undefined)
}

/** Those of the ids that the actor may see, in no order. */
export const idsInReach = async (actor: Actor, resource: Resource, ids: readonly string[]): Promise<string[]> => {
  const reach = reachOf(actor, resource)
  if (reach.kind === 'none') return []
  if (reach.kind === 'all' && reach.hidden === undefined) return [...ids]
  const params = new Params()
  const place = params.add(ids.filter((id) => uuidPattern.test(id)))
  const rows = await queryRows(
    `select t.id from ${shapeOf(resource).table} t where t.id = any(${place}::uuid[]) and ${reachSql(resource, reach, params)}`,
    params,
  )
  return rows.map(([id]) => id as string)
}

/** Whether there may be anything of the resource that the actor may see. */
export const maySeeAny = (actor: Actor, resource: Resource): boolean => reachOf(actor, resource).kind !== 'none'

/** Throws `record.missing`, also for what the actor may not see. */
export const getRecord = async (actor: Actor, resource: Resource, id: string): Promise<RecordView> => {
  const [view] = await getRecords(actor, resource, [id])
  if (!view) throw new Fault('record.missing', { because: `There is no ${resource.noun[0]} with this id, or you may not see it.` })
  return view
}

export { unknownNames } from './condition'
export { type DeleteNode, type DeleteTree, deleteRecord, previewDelete } from './delete-tree'
export { exportRecords, titleColumn } from './export'
export { type HistoryLine, type HistoryPage, recordHistory } from './history'
export { referenceOptions } from './options'
export { addRecord, changeRecord } from './save'
