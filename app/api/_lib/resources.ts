import {
  addRecord,
  changeRecord,
  deleteRecord,
  exportRecords,
  getRecord,
  listObjects,
  type RecordView,
  recordHistory,
  titleColumn,
} from '@/db/records/records'
import { csvLine } from '@/lib/fields/csv'
import type { Actor } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import type { Json } from '@/lib/kernel/ground/json'
import type { ListQuery } from '@/lib/kernel/resource/query'
import type { Resource } from '@/lib/kernel/resource/resource'
import { resourceByPath } from '@/lib/resources'
import { resourceCalls } from './calls/resources'
import { type Given, json, serve } from './serve'
import { streamText } from './stream'
import { mustName, strictQuery } from './strict-query'

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
  const query = strictQuery(resource, params)
  if (format !== null && format !== 'csv' && format !== 'ndjson')
    throw new Fault('input.invalid', { fields: [{ path: 'format', message: 'is csv or ndjson' }] })
  if (facets !== null && facets !== '0' && facets !== '1')
    throw new Fault('input.invalid', { fields: [{ path: 'facets', message: 'is 0 or 1' }] })
  const columns =
    query.columns ?? Object.keys(resource.fields).filter((name) => format === 'ndjson' || resource.fields[name]!.kind !== 'json')
  return { query: { ...query, columns }, facets: facets === '1', format }
}

const plain = (value: Json | undefined): string =>
  value === null || value === undefined ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value)

/** CSV has each title beside its id; NDJSON is for machines, which join by ids. */
const lines = async function* (actor: Actor, resource: Resource, query: ListQuery, format: string): AsyncGenerator<string> {
  const isCsv = format === 'csv'
  const ofField = (name: string) => (resource.fields[name]?.kind === 'reference' ? [name, titleColumn(name)] : [name])
  const columns = ['id', ...query.columns!.flatMap(ofField)]
  const rows = exportRecords(actor, resource, query, { references: isCsv ? 'both' : 'ids' })
  try {
    // Before the heading, so that a refusal is the first thing that comes.
    let row = await rows.next()
    if (isCsv) yield `${csvLine(columns)}\r\n`
    for (; !row.done; row = await rows.next()) {
      const { value } = row
      yield isCsv ? `${csvLine(columns.map((name) => plain(value[name])))}\r\n` : `${JSON.stringify(value)}\n`
    }
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
    const { total, page, perPage, references, items, facets: choices } = await listObjects(actor, resource, query, { facets })
    if (total === 0) await mustName(actor, resource, query)
    return { items, total, page, perPage, references, ...(facets ? { facets: choices } : {}) }
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
