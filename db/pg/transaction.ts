import { drizzle } from 'drizzle-orm/node-postgres'
import type pg from 'pg'
import * as schema from '../schema'
import { databaseFault, getPool, type Tx } from './client'

export interface Queryable {
  query: pg.PoolClient['query']
}

/** Drizzle reads the whole schema each time it is made, which would be a tenth of what an observer does; most transactions need none of it. */
const lazyTx = (client: pg.PoolClient): Tx => {
  let made: Tx | null = null
  return new Proxy({} as Tx, {
    get: (_, name) => {
      made ??= drizzle(client, { schema }) as unknown as Tx
      const value: unknown = Reflect.get(made, name)
      return typeof value === 'function' ? value.bind(made) : value
    },
  })
}

/**
 * A transaction for statements written by hand, where whole batches travel as arrays; `tx` is the same transaction for callers of Drizzle.
 * `isSeenAgain`: what is written comes again in seconds, so that its commit does not wait for the disk.
 * Throws `database.down` when the connection broke: whether it was committed is then not known.
 */
export const inPgTransaction = async <T>(
  work: (client: Queryable, tx: Tx) => Promise<T>,
  { isSeenAgain = false }: { isSeenAgain?: boolean } = {},
): Promise<T> => {
  let client: pg.PoolClient
  try {
    client = await getPool().connect()
  } catch (error) {
    throw databaseFault(error)
  }
  // A connection that breaks between two statements says so here, and the next statement fails anyway.
  const ignore = () => {}
  client.on('error', ignore)
  let broken: Error | undefined
  try {
    await client.query(isSeenAgain ? 'begin; set local synchronous_commit = off' : 'begin')
    const result = await work(client, lazyTx(client))
    await client.query('commit')
    return result
  } catch (error) {
    await client.query('rollback').catch((failed: Error) => {
      broken = failed
    })
    throw databaseFault(error)
  } finally {
    client.off('error', ignore)
    client.release(broken)
  }
}
