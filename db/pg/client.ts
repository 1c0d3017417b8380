import { sql } from 'drizzle-orm'
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres'
import pg from 'pg'
import { env } from '@/lib/env'
import { Fault } from '@/lib/kernel/ground/errors'
import * as schema from '../schema'
import { Listener } from './listener'

export type Db = NodePgDatabase<typeof schema>
export type Tx = Parameters<Parameters<Db['transaction']>[0]>[0]

export type Channel = 'journal' | 'runs' | 'plans' | 'facts' | 'records' | 'canary' | 'looks' | 'looked' | 'evictions'

interface Held {
  url: string | null
  pool: pg.Pool | null
  db: Db | null
  listener: Listener | null
}

/** Next loads this module once per bundle; one process still has one pool. */
const holder = globalThis as unknown as { __matriarchDatabase?: Held }
holder.__matriarchDatabase ??= { url: null, pool: null, db: null, listener: null }
const held: Held = holder.__matriarchDatabase

/** For tools and tests that have a database but not the whole environment. Call before the first query, or after `closeDb`. */
export const setDatabase = (connectionString: string): void => {
  held.url = connectionString
}

const connectionString = (): string => held.url ?? env().DATABASE_URL

/** Where the database is reached, as the connection string and the environment (PGHOST …) say; `host` is a folder where it is a socket. */
export const databaseDoor = (): { host: string; port: number } => {
  const { host, port } = new pg.Client({ connectionString: connectionString() })
  return { host, port }
}

/** Statements end after 30 s, a transaction that sits idle after 60 s, and waiting for a connection after 10 s. */
export const getPool = (): pg.Pool => {
  if (!held.pool) {
    held.pool = new pg.Pool({
      connectionString: connectionString(),
      max: 12,
      connectionTimeoutMillis: 10_000,
      idleTimeoutMillis: 60_000,
      statement_timeout: 30_000,
      idle_in_transaction_session_timeout: 60_000,
      application_name: 'matriarch',
      // The console's tables fit in memory, so a page out of order costs little more than the next one; and lists are small questions asked by many at
      // once, for which parallel workers and compiled expressions only take time.
      options: '-c random_page_cost=1.1 -c max_parallel_workers_per_gather=0 -c jit=off',
    })
    // An idle connection that breaks is dropped by the pool; without a listener it would end the process.
    held.pool.on('error', () => {})
  }
  return held.pool
}

/** A connection outside the pool, for what may take long at a reader's pace. The caller ends it. */
export const openClient = async (): Promise<pg.Client> => {
  const client = new pg.Client({
    connectionString: connectionString(),
    connectionTimeoutMillis: 10_000,
    application_name: 'matriarch export',
  })
  client.on('error', () => {})
  try {
    await client.connect()
    return client
  } catch (error) {
    throw databaseFault(error)
  }
}

export const getDb = (): Db => {
  held.db ??= drizzle(getPool(), { schema })
  return held.db
}

export const inTransaction = async <T>(fn: (tx: Tx) => Promise<T>): Promise<T> => {
  try {
    return await getDb().transaction(fn)
  } catch (error) {
    throw databaseFault(error)
  }
}

/** Ends the pool and the listening connection. The next call opens them again. */
export const closeDb = async (): Promise<void> => {
  const { pool, listener } = held
  held.pool = null
  held.db = null
  held.listener = null
  held.url = null
  await listener?.close()
  await pool?.end()
}

/**
 * Calls `handler` with each payload on the channel, over the one listening connection of this process. After a lost connection was
 * restored every handler is called with `''`: what happened meanwhile is not known, so read again. Returns the way to stop.
 */
export const listen = async (channel: Channel, handler: (payload: string) => void): Promise<() => void> => {
  held.listener ??= new Listener(connectionString())
  return held.listener.add(channel, handler)
}

/** Sent when the transaction commits. PostgreSQL refuses payloads of 8000 bytes and more. */
export const notify = async (tx: Tx | Db, channel: Channel, payload: string): Promise<void> => {
  await tx.execute(sql`select pg_notify(${channel}, ${payload})`)
}

const downCodes = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', '57P01', '57P02', '57P03', '53300'])

/** The PostgreSQL error behind what the driver or Drizzle threw, or null. */
export const databaseError = (error: unknown): (Error & { code?: string; constraint?: string; table?: string; detail?: string }) | null => {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++)
    if (typeof (at as { code?: unknown }).code === 'string') return at
  return null
}

/** A database that is gone becomes `database.down`; everything else is returned as it is. */
export const databaseFault = (error: unknown): unknown => {
  if (error instanceof Fault) return error
  const cause = databaseError(error)
  const isDown =
    (cause !== null && (downCodes.has(cause.code ?? '') || cause.code?.startsWith('08'))) ||
    (error instanceof Error &&
      /Connection terminated|is not queryable|timeout exceeded when trying to connect/.test(
        `${error.message} ${(error.cause as Error)?.message ?? ''}`,
      ))
  return isDown ? new Fault('database.down', {}, { cause: error }) : error
}
