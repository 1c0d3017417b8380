import {
  addRecord,
  changeRecord,
  deleteRecord,
  exportRecords,
  getRecord,
  listRecords,
  type RecordView,
  recordHistory,
} from '@/db/records/records'
import { csvLine } from '@/lib/fields/csv'
import type { Actor } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import type { Json } from '@/lib/kernel/ground/json'
import { type ListQuery, parseListQuery } from '@/lib/kernel/resource/query'
import { describe as described, type Resource } from '@/lib/kernel/resource/resource'
import { resourceByPath } from '@/lib/resources'
import { resourceCalls } from './calls/resources'
import { type Given, json, serve } from './serve'
import { streamText } from './stream'

/** Where the folder is a resource's own (`/api/v1/tokens`) Next gives no parameter, so the path is given here. */
type At = string | null

const resourceAt = (at: At, params: Record<string, string>): Resource => {
  const resource = resourceByPath(at ?? params.resource ?? '')
  if (!resource) throw new Fault('record.missing', { because: 'There is no such resource.' })
  return resource
}

const shown = (view: RecordView) => ({
  id: view.id,
  title: view.title,
  revision: view.revision,
  ...view.values,
  references: view.references,
  ...(view.observedAt ? { observedAt: view.observedAt } : {}),
})

const readQuery = (resource: Resource, given: URLSearchParams): { query: ListQuery; facets: boolean; format: string | null } => {
  const params = new URLSearchParams(given)
  const [facets, format] = [params.get('facets'), params.get('format')]
  params.delete('facets')
  params.delete('format')
  const { query, dropped } = parseListQuery(described(resource), params)
  // A page goes to a clean list and says so; a script must not take everything for what it filtered.
  if (dropped.length > 0)
    throw new Fault('input.invalid', {
      because: `Not understood: ${dropped.join(' · ')}`,
      fields: dropped.map((path) => ({ path, message: 'is not understood' })),
    })
  if (format !== null && format !== 'csv' && format !== 'ndjson')
    throw new Fault('input.invalid', { fields: [{ path: 'format', message: 'is csv or ndjson' }] })
  const columns = query.columns ?? Object.keys(resource.fields).filter((name) => resource.fields[name]!.kind !== 'json')
  return { query: { ...query, columns }, facets: facets === '1', format }
}

const plain = (value: Json | undefined): string =>
  value === null || value === undefined ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value)

const lines = async function* (actor: Actor, resource: Resource, query: ListQuery, format: string): AsyncGenerator<string> {
  const columns = ['id', ...query.columns!]
  const rows = exportRecords(actor, resource, query, { references: 'ids' })
  try {
    // Before the heading, so that a refusal is the first thing that comes.
    let row = await rows.next()
    if (format === 'csv') yield `${csvLine(columns)}\r\n`
    for (; !row.done; row = await rows.next())
      yield format === 'csv' ? `${csvLine(columns.map((name) => plain(row.value[name])))}\r\n` : `${JSON.stringify(row.value)}\n`
  } finally {
    await rows.return(undefined)
  }
}

const list = (at: At) =>
  serve(resourceCalls.list, async ({ actor, params, query: given }) => {
    const resource = resourceAt(at, params)
    const { query, facets, format } = readQuery(resource, given)
    if (format !== null)
      return streamText(lines(actor, resource, query, format), format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson')
    const page = await listRecords(actor, resource, query, { facets })
    const items = page.rows.map((row, index) => ({
      id: page.ids[index],
      ...Object.fromEntries(page.columns.map((name, column) => [name, row[column]])),
      ...(page.observedAt ? { observedAt: page.observedAt[index] } : {}),
    }))
    const { total, perPage, references } = page
    return { items, total, page: page.page, perPage, references, ...(facets ? { facets: page.facets } : {}) }
  })

const one = async ({ actor, params }: Pick<Given<unknown>, 'actor' | 'params'>, resource: Resource, id = params.id!) =>
  shown(await getRecord(actor, resource, id))

const add = (at: At) =>
  serve(resourceCalls.add, async ({ actor, params, input }) => {
    const resource = resourceAt(at, params)
    const { id } = await addRecord(actor, resource, input)
    return json(await one({ actor, params }, resource, id), 201, { location: `/api/v1/${resource.path}/${id}` })
  })

const get = (at: At) => serve(resourceCalls.get, async (given) => one(given, resourceAt(at, given.params)))

const change = (at: At) =>
  serve(resourceCalls.change, async (given) => {
    const { revision, ...values } = given.input
    if (!Number.isInteger(revision))
      throw new Fault('input.invalid', { fields: [{ path: 'revision', message: 'is the whole number that was read with the object' }] })
    const resource = resourceAt(at, given.params)
    await changeRecord(given.actor, resource, given.params.id!, values, revision as number)
    return one(given, resource)
  })

const remove = (at: At) => serve(resourceCalls.remove, async ({ actor, params }) => deleteRecord(actor, resourceAt(at, params), params.id!))

const history = (at: At) =>
  serve(resourceCalls.history, async ({ actor, params, query }) => {
    const page = Number(query.get('page') ?? 1)
    if (!Number.isInteger(page) || page < 1)
      throw new Fault('input.invalid', { fields: [{ path: 'page', message: 'is a whole number from 1' }] })
    return recordHistory(actor, resourceAt(at, params), params.id!, page)
  })

/** The handlers of a resource; `at` is its path where the folder is its own, null under `[resource]`. */
export const resourceRoutes = (at: At) => ({
  list: list(at),
  add: add(at),
  get: get(at),
  change: change(at),
  remove: remove(at),
  history: history(at),
})
