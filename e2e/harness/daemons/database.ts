import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrate } from '@/db/migrate'
import { closeDb, setDatabase } from '@/db/pg/client'
import { startEmbedded } from '@/lib/playground/start/embedded'

export interface TestDatabase {
  connectionString: string
  /** Closes the pool, ends the server and removes its folder. */
  stop: () => Promise<void>
}

/** A PostgreSQL of its own in a temporary folder, migrated, and what `db/client` of this process talks to until `stop`. */
export const startDatabase = async (): Promise<TestDatabase> => {
  const folder = await mkdtemp(join(tmpdir(), 'mdb-'))
  const server = await startEmbedded(folder)
  await migrate(server.connectionString)
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
