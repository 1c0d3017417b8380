import type { Actor } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import type { Json } from '@/lib/kernel/ground/json'
import type { ListQuery } from '@/lib/kernel/resource/query'
import type { Resource } from '@/lib/kernel/resource/resource'
import { databaseFault, openClient } from '../pg/client'
import { takePlace } from '../pg/places'
import { targetOf } from '../pg/resource-table'
import { asJson } from '../pg/statement'
import { writeOften } from '../trail/folds'
import { conditionOf } from './condition'
import { wholeList } from './read-page'
import { titlesOf } from './titles'

const batchSize = 1_000
const slowestReader = '10min'
const slowestStatement = '30s'
/** From the first row to the last: a reader that takes longer is cut off. */
const longestMs = 10 * 60_000
/** Each holds a connection of its own as long as its reader reads. Workers and pages need the others. */
const places = { all: 4, each: 2, what: 'exports' }

/**
 * Every row of a list, in its order and columns, as of one moment, a thousand at a time: memory does not grow with the list. `references: 'titles'`
 * (the default) gives what the page shows, `'ids'` what a script joins by, `'both'` the id and, as `environmentId.title`, the title; of what the actor may not see
 * there is only the id. Stop reading and the cursor closes. Throws `access.denied`, `limit.reached` (too many at once, or not read to its end within
 * `longestMs`), `database.down`.
 */
export async function* exportRecords(
  actor: Actor,
  resource: Resource,
  query: ListQuery,
  options: { references?: 'titles' | 'ids' | 'both'; longestMs?: number } = {},
): AsyncGenerator<Record<string, Json>> {
  const condition = await conditionOf(actor, resource, query)
  if (condition.reach.kind === 'none')
    throw new Fault('access.denied', { because: `You do not have the permission ${resource.name}.view.` })
  const columns = (query.columns ?? resource.list.columns).filter((name) => Object.hasOwn(resource.fields, name))
  const { text, values } = wholeList(condition, query.sort, ['id', ...columns], null)
  // Outside the pool: a slow reader must not keep a connection from everybody else.
  const leave = takePlace(places, actor.personId ?? actor.name)
  const client = await openClient().catch((error: unknown) => {
    leave()
    throw error
  })
  let isLate = false
  // Not in the loop below: it stands still while nobody reads.
  const limit = setTimeout(() => {
    isLate = true
    leave()
    void client.end().catch(() => {})
  }, options.longestMs ?? longestMs)
  try {
    await writeOften(
      actor,
      {
        act: `${resource.name}.export`,
        resource: resource.name,
        title: resource.noun[1],
        detail: { columns, search: query.search, filters: query.filters },
      },
      `${resource.name} ${JSON.stringify(query.filters)}`,
    )
    await client.query('begin isolation level repeatable read read only')
    await client.query(`set local statement_timeout = '${slowestStatement}'`)
    await client.query(`set local idle_in_transaction_session_timeout = '${slowestReader}'`)
    await client.query(`declare whole_list no scroll cursor for ${text}`, values)
    for (;;) {
      const { rows } = await client.query<Json[]>({ text: `fetch ${batchSize} from whole_list`, rowMode: 'array', types: asJson })
      const titles =
        options.references === 'ids'
          ? []
          : await Promise.all(columns.map((name, index) => titlesOfColumn(actor, resource, name, rows, index + 1)))
      for (const row of rows) {
        const record: Record<string, Json> = { id: row[0]! }
        for (const [index, name] of columns.entries()) {
          const value = row[index + 1]!
          const title = (typeof value === 'string' && titles[index]?.get(value)) || null
          record[name] = options.references === 'both' ? value : (title ?? value)
          if (options.references === 'both' && titles[index]) record[titleColumn(name)] = title
        }
        yield record
      }
      if (rows.length < batchSize) break
    }
  } catch (error) {
    throw isLate ? new Fault('limit.reached', { because: 'This export took too long to be read.' }) : databaseFault(error)
  } finally {
    clearTimeout(limit)
    leave()
    // A reader that stops early leaves here as well; ending the connection closes the cursor.
    await client.end().catch(() => {})
  }
}

/** Where `references: 'both'` gives the title of what a field refers to. */
export const titleColumn = (name: string): string => `${name}.title`

const titlesOfColumn = async (actor: Actor, resource: Resource, name: string, rows: readonly (readonly Json[])[], index: number) => {
  const target = targetOf(resource, name)
  return target
    ? titlesOf(
        actor,
        target,
        rows.flatMap((row) => (typeof row[index] === 'string' ? [row[index]] : [])),
      )
    : null
}
