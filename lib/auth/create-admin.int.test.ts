import { spawn } from 'node:child_process'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { getPool } from '@/db/pg/client'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { projectRoot } from '@/lib/playground/setup.mjs'
import { verifyPassword } from './password'

let database: TestDatabase
beforeAll(async () => {
  database = await startDatabase()
})
afterAll(() => database?.stop())

const createAdmin = (args: string[], password: string): Promise<{ code: number | null; out: string; err: string }> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, ['--import', 'tsx', 'lib/auth/create-admin.ts', ...args], {
      cwd: projectRoot,
      env: {
        PATH: process.env.PATH!,
        DATABASE_URL: database.connectionString,
        AUTH_SECRET: 'a secret of the tests that is long enough',
      } as unknown as NodeJS.ProcessEnv,
    })
    const result = { code: null as number | null, out: '', err: '' }
    child.stdout.on('data', (text) => (result.out += text))
    child.stderr.on('data', (text) => (result.err += text))
    child.once('close', (code) => resolve({ ...result, code }))
    child.stdin.end(password)
  })
const people = async () => (await getPool().query('select user_name, password_hash from people order by user_name')).rows

test('the first administrator is made once, with the password from standard input, and never changed by a second call', async () => {
  expect(await createAdmin(['root'], 'a password for nights\n')).toMatchObject({ code: 0, out: 'root may sign in now.\n' })
  const [{ password_hash: hash }] = await people()
  expect(await verifyPassword('a password for nights', hash)).toMatchObject({ ok: true })
  expect(
    (await getPool().query(`select role, environment_id from grants g join people p on p.id = g.person_id where user_name = 'root'`)).rows,
  ).toEqual([{ role: 'admin', environment_id: null }])
  const again = await createAdmin(['root'], 'another password\n')
  expect(again).toMatchObject({ code: 0, out: 'There is a root already; nothing was changed.\n' })
  expect(await people()).toEqual([{ user_name: 'root', password_hash: hash }])
})

test('without a name it says how to call it, and a poor password makes nobody', async () => {
  expect(await createAdmin([], '')).toMatchObject({ code: 2, err: expect.stringContaining('create-admin.ts NAME') })
  expect((await createAdmin(['weak'], 'short\n')).code).not.toBe(0)
  expect(await people()).toHaveLength(1)
})
