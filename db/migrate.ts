import { fileURLToPath, pathToFileURL } from 'node:url'
import { drizzle } from 'drizzle-orm/node-postgres'
import { migrate as applyMigrations } from 'drizzle-orm/node-postgres/migrator'
import pg from 'pg'

/** Any number, as long as everything that migrates uses the same. */
const migrationLock = 7_301_991

/**
 * Brings the schema up to date. Safe to call again and from several processes at once: they wait for one another.
 * Needs the right to create the extension pg_trgm (trusted since PostgreSQL 13: the database's owner has it).
 */
export const migrate = async (connectionString: string): Promise<void> => {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 30_000, application_name: 'matriarch migrate' })
  client.on('error', () => {})
  await client.connect()
  try {
    await client.query('select pg_advisory_lock($1)', [migrationLock])
    await applyMigrations(drizzle(client), { migrationsFolder: fileURLToPath(new URL('./migrations', import.meta.url)) })
  } finally {
    await client.end().catch(() => {})
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { env } = await import('@/lib/env')
  await migrate(env().DATABASE_URL)
}
