import { appendFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrate } from '@/db/migrate'
import { closeDb, setDatabase } from '@/db/pg/client'
import { startEmbedded } from '@/lib/playground/start/embedded'
import { madeOnce } from './made-once'

export interface TestDatabase {
  connectionString: string
  /** Closes the pool, ends the server and removes its folder. */
  stop: () => Promise<void>
}

/** Fills an empty folder with what `startEmbedded` then starts: a migrated database. */
export const migratedOnce = (folder: string): Promise<void> =>
  madeOnce('embedded', folder, async (first) => {
    const server = await startEmbedded(first)
    try {
      await migrate(server.connectionString)
    } finally {
      await server.stop()
    }
  })

/** A PostgreSQL of its own in a temporary folder, migrated, and what `db/client` of this process talks to until `stop`. */
export const startDatabase = async (): Promise<TestDatabase> => {
  const folder = await mkdtemp(join(tmpdir(), 'mdb-'))
  await migratedOnce(folder)
  appendFileSync(join(folder, 'postgres/postgresql.conf'), 'fsync = off\n') // The kernel outlives every test.
  const server = await startEmbedded(folder)
  setDatabase(server.connectionString)
  return {
    connectionString: server.connectionString,
    stop: async () => {
      await closeDb()
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
