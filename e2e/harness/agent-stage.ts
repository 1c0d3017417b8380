import { chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getPool } from '@/db/pg/client'
import { createEnrolmentKey } from '@/lib/auth/hosts'
import { systemActor } from '@/lib/kernel/access/access'
import { serveApi } from './api'
import { startDatabase } from './daemons/database'
import { testAccount } from './daemons/sshd'

export type AgentStage = Awaited<ReturnType<typeof openAgentStage>>

/** A console with an API, a key of its environment `prod`, and an account of a host with a folder of its own to run agents in. */
export const openAgentStage = async (prefix: string) => {
  process.env.AUTH_SECRET = 'a secret of the tests that is long enough'
  process.env.DATABASE_URL = 'postgres://unused'
  const [database, account] = await Promise.all([startDatabase(), testAccount()])
  const own = (folder: string): string => {
    chownSync(folder, account.uid, account.gid)
    return folder
  }
  const folder = own(mkdtempSync(join(tmpdir(), prefix)))
  const { rows } = await getPool().query("insert into environments (name) values ('prod') returning id")
  const expiresAt = new Date(Date.now() + 3_600_000)
  const { key } = await createEnrolmentKey(systemActor, { name: 'prod', environmentId: rows[0].id, expiresAt, usesLeft: null })
  const api = await serveApi()
  return {
    account,
    folder,
    key,
    url: api.url,
    /** A new state folder of an agent. */
    stateFolder: (name: string): string => {
      const state = join(folder, name)
      mkdirSync(state)
      return own(state)
    },
    stop: async () => {
      await api.close()
      await database.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
