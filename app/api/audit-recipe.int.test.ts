import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { getPool, inTransaction } from '@/db/pg/client'
import { verifyAudit, writeAudit } from '@/db/trail/audit'
import { type ApiServer, serveApi } from '@/e2e/harness/api'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { ensureLocalAdmin } from '@/lib/auth/bootstrap'
import { createToken } from '@/lib/auth/tokens'
import { systemActor } from '@/lib/kernel/access/access'
import { projectRoot } from '@/lib/playground/setup.mjs'

/** The README's own words, run as they stand there: curl and Python's standard library, nothing of ours. */
const recipe = /<!-- audit recipe -->\n```sh\n([\s\S]*?)\n```/.exec(readFileSync(join(projectRoot, 'README.md'), 'utf8'))![1]!
let database: TestDatabase
let api: ApiServer
let token: string

const recompute = (): Promise<{ code: number; out: string; err: string }> =>
  new Promise((resolve) => {
    const environment = { PATH: process.env.PATH, HOME: process.env.HOME, MATRIARCH_URL: api.url, MATRIARCH_TOKEN: token }
    const options = { env: environment as unknown as NodeJS.ProcessEnv }
    execFile('bash', ['-o', 'pipefail', '-c', recipe], options, (error, out, err) => resolve({ code: error ? 1 : 0, out, err }))
  })

const tamper = async (statement: string) => {
  await getPool().query('alter table audit disable trigger audit_append_only')
  await getPool().query(statement)
  await getPool().query('alter table audit enable trigger audit_append_only')
}

beforeAll(async () => {
  process.env.AUTH_SECRET = 'a secret of the tests that is long enough'
  process.env.DATABASE_URL = 'postgres://unused'
  database = await startDatabase()
  await ensureLocalAdmin('admin', 'the first password')
  const { rows } = await getPool().query("select id from people where user_name = 'admin'")
  const admin = { kind: 'person', personId: rows[0].id, name: 'admin', grants: [{ role: 'admin', environmentId: null }] } as const
  token = (await createToken(admin, { name: 'auditor', role: 'admin', environmentId: null, expiresAt: null })).token
  for (const detail of [
    { text: 'é “quoted” \\ \u0001\u001f\u007f\u2028 \u{1f418}\n\t/', none: null, list: [1, -2, 1.5, true, []], empty: {} },
    { b: 1, a: { z: 1, B: 2, é: 3, _: 4, '10': 5, '9': 6 }, big: 2 ** 53 - 1, small: 0.1 },
  ])
    await inTransaction((tx) => writeAudit(tx, { ...systemActor, from: '::1' }, { act: 'test', title: 'Ünïcode\u2029', detail }))
  api = await serveApi()
})
afterAll(async () => {
  await api?.close()
  await database?.stop()
})

test('anybody can recompute the audit log from its export, by the README alone, and comes to the same head', async () => {
  const { lines, head } = await verifyAudit()
  expect(lines).toBeGreaterThan(3)
  expect(await recompute()).toEqual({ code: 0, out: `${lines} lines, head ${head}\n`, err: '' })
})

test('a line that was changed, or is missing, is found by it and named', async () => {
  await tamper("update audit set detail = detail || '{\"b\": 2}' where act = 'test' and detail ? 'b'")
  const { rows } = await getPool().query("select seq::int from audit where act = 'test' order by seq")
  expect(await recompute()).toMatchObject({ code: 1, err: `line ${rows[1].seq} does not follow\n` })
  await tamper(`delete from audit where seq = ${rows[0].seq}`)
  expect(await recompute()).toMatchObject({ code: 1, err: `line ${rows[0].seq} does not follow\n` })
})
