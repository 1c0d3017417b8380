import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { drizzle } from 'drizzle-orm/node-postgres'
import { migrate as applyMigrations } from 'drizzle-orm/node-postgres/migrator'
import pg from 'pg'
import { grantRights, type LoginNames } from './pg/grant-rights'
import type { Login } from './pg/rights'

const migrationsFolder = fileURLToPath(new URL('./migrations', import.meta.url))
/** Any number, as long as everything that migrates uses the same. */
const migrationLock = 7_301_991

/**
 * Brings the schema up to date, and gives the logins of web and worker their rights. Safe to call again and from several processes at once: they wait for
 * one another. Needs the right to create the extension pg_trgm (trusted since PostgreSQL 13: the database's owner has it). Throws, and changes nothing, on
 * a database that is older than the baseline.
 */
export const migrate = async (connectionString: string, passwords: Partial<Record<Login, string>> = {}): Promise<LoginNames> => {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 30_000, application_name: 'matriarch migrate' })
  client.on('error', () => {})
  await client.connect()
  try {
    await client.query('select pg_advisory_lock($1)', [migrationLock])
    await refuseOlder(client)
    await applyMigrations(drizzle(client), { migrationsFolder })
    return await grantRights(client, passwords)
  } finally {
    await client.end().catch(() => {})
  }
}

/** There is no upgrade from before the baseline: nothing was released yet. */
const refuseOlder = async (client: pg.Client): Promise<void> => {
  const journal = readFileSync(join(migrationsFolder, 'meta/_journal.json'), 'utf8')
  const baseline = (JSON.parse(journal) as { entries: { when: number }[] }).entries[0]!.when
  const known = await client.query(`select to_regclass('drizzle.__drizzle_migrations') is not null as is_there`)
  if (!known.rows[0].is_there) return
  const { rows } = await client.query('select min(created_at) < $1 as is_older from drizzle.__drizzle_migrations', [baseline])
  if (rows[0].is_older === true)
    throw new Error(
      'The console’s database was made by an earlier development version, and cannot be brought up to date. Start with an empty one: for npm start, ' +
        'remove the state folder (.matriarch, or the one that MATRIARCH_STATE names); the playground will be created again. Else drop the database and create it again.',
    )
}
