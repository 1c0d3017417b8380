import type { Actor } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import type { Json } from '@/lib/kernel/ground/json'
import type { ListQuery } from '@/lib/kernel/resource/query'
import type { Resource } from '@/lib/kernel/resource/resource'
import { databaseFault, openClient } from '../pg/client'
import { targetOf } from '../pg/resource-table'
import { asJson } from '../pg/statement'
import { conditionOf } from './condition'
import { wholeList } from './read-page'
import { titlesOf } from './titles'

const batchSize = 1_000
const slowestReader = '10min'

/**
 * Every row of a list, in its order and columns, as of one moment, a thousand at a time: memory does not grow with the list. `references: 'titles'`
 * (the default) gives what the page shows, `'ids'` what a script joins by; what the actor may not see stays an id. Stop reading and the cursor closes.
 */
export async function* exportRecords(
  actor: Actor,
  resource: Resource,
  query: ListQuery,
  options: { references?: 'titles' | 'ids' } = {},
): AsyncGenerator<Record<string, Json>> {
  const condition = await conditionOf(actor, resource, query)
  if (condition.reach.kind === 'none')
    throw new Fault('access.denied', { because: `You do not have the permission ${resource.name}.view.` })
  const columns = (query.columns ?? resource.list.columns).filter((name) => Object.hasOwn(resource.fields, name))
  const { text, values } = wholeList(condition, query.sort, ['id', ...columns], null)
  // Outside the pool: a slow reader must not keep a connection from everybody else.
  const client = await openClient()
  try {
    await client.query('begin isolation level repeatable read read only')
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
          record[name] = (typeof value === 'string' && titles[index]?.get(value)) || value
        }
        yield record
      }
      if (rows.length < batchSize) break
    }
  } catch (error) {
    throw databaseFault(error)
  } finally {
    // A reader that stops early leaves here as well; ending the connection closes the cursor.
    await client.end().catch(() => {})
  }
}

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
