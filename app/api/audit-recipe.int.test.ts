import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { certificateKeys } from '@/db/keys/certificate-key'
import { getPool, inTransaction } from '@/db/pg/client'
import { verifyAudit, writeAudit } from '@/db/trail/audit'
import { type ApiServer, serveApi } from '@/e2e/harness/api'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { AuditWatch } from '@/jobs/observer/watch-audit'
import { makeCheckpointFile } from '@/lib/adapters/audit/file'
import { makeVault } from '@/lib/adapters/vault'
import { ensureLocalAdmin } from '@/lib/auth/bootstrap'
import { createToken } from '@/lib/auth/tokens'
import { systemActor } from '@/lib/kernel/access/access'
import { makeCertificateKeys } from '@/lib/kernel/ground/certificate'
import { projectRoot } from '@/lib/playground/setup.mjs'

/** The README's own words, run as they stand there: curl and Python's standard library, nothing of ours. */
const recipe = /<!-- audit recipe -->\n```sh\n([\s\S]*?)\n```/.exec(readFileSync(join(projectRoot, 'README.md'), 'utf8'))![1]!
let database: TestDatabase
let api: ApiServer
let token: string
let folder: string
let watch: AuditWatch
const vault = makeVault(Buffer.alloc(32, 7).toString('base64'))

const recompute = (script = recipe): Promise<{ code: number; out: string; err: string }> =>
  new Promise((resolve) => {
    const environment = { PATH: process.env.PATH, HOME: process.env.HOME, MATRIARCH_URL: api.url, MATRIARCH_TOKEN: token }
    const options = { env: environment as unknown as NodeJS.ProcessEnv, cwd: folder }
    execFile('bash', ['-o', 'pipefail', '-c', script], options, (error, out, err) => resolve({ code: error ? 1 : 0, out, err }))
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
  folder = mkdtempSync(join(tmpdir(), 'matriarch-recipe-'))
  await ensureLocalAdmin('admin', 'the first password')
  const { rows } = await getPool().query("select id from people where user_name = 'admin'")
  const admin = { kind: 'person', personId: rows[0].id, name: 'admin', grants: [{ role: 'admin', environmentId: null }] } as const
  token = (await createToken(admin, { name: 'auditor', role: 'admin', environmentId: null, expiresAt: null })).token
  for (const detail of [
    { text: 'é “quoted” \\ \u0001\u001f\u007f\u2028 \u{1f418}\n\t/', none: null, list: [1, -2, 1.5, true, []], empty: {} },
    { b: 1, a: { z: 1, B: 2, é: 3, _: 4, '10': 5, '9': 6 }, big: 2 ** 53 - 1, small: 0.1 },
  ])
    await inTransaction((tx) => writeAudit(tx, { ...systemActor, from: '::1' }, { act: 'test', title: 'Ünïcode\u2029', detail }))
  watch = new AuditWatch({
    store: makeCheckpointFile(join(folder, 'own.jsonl')),
    sink: null,
    keys: () => certificateKeys(vault, makeCertificateKeys),
    holder: 'w',
    log: { info: () => {}, warn: () => {}, error: () => {} },
    pace: { checkpointEveryMs: 0, checkpointEveryLines: 1, wholeEveryMs: 0, wholeLines: 1_000 },
  })
  await watch.look()
  await watch.look()
  api = await serveApi()
})
afterAll(async () => {
  await api?.close()
  await database?.stop()
  rmSync(folder, { recursive: true, force: true })
})

test('anybody can recompute the audit log from its export and hold it against the signed checkpoints, by the README alone, and comes to the same head', async () => {
  const made = await recompute()
  // The two exports are lines of it themselves.
  const { lines, head, checkpoints } = await verifyAudit()
  expect(checkpoints).toBe(2)
  expect(made).toEqual({ code: 0, out: `${lines} lines, head ${head}\n`, err: '' })
  expect((await getPool().query("select act from audit where act like '%.export' order by seq")).rows.map(({ act }) => act)).toEqual([
    'audit-checkpoint.export',
    'audit.export',
  ])
  const own = recipe.replace('get "audit-checkpoints?format=ndjson&sort=number" > checkpoints.ndjson', 'cp own.jsonl checkpoints.ndjson')
  expect(await recompute(own)).toMatchObject({ code: 0, err: '' })
})

test('a signature that does not hold, an end that was cut off, a line that was changed or is missing is found by it and named', async () => {
  const named = async (because: string, script = recipe) => expect(await recompute(script)).toMatchObject({ code: 1, err: `${because}\n` })
  const otherKey = 'openssl genpkey -algorithm ed25519 | openssl pkey -pubout > key.pem\nget "audit?format'
  await named('checkpoint 1: the signature does not hold', recipe.replace('get "audit?format', otherKey))
  const { rows } = await getPool().query("select seq::int from audit where act = 'test' order by seq")
  const { rows: signed } = await getPool().query('select lines::int from audit_checkpoints order by number desc limit 1')
  await tamper(`delete from audit where seq >= ${signed[0].lines}`)
  // What is exported next takes the numbers anew.
  expect((await recompute()).err).toMatch(new RegExp(`^line ${signed[0].lines} is not the one that was signed`))
  await tamper("update audit set detail = detail || '{\"b\": 2}' where act = 'test' and detail ? 'b'")
  await named(`line ${rows[1].seq} does not follow`)
  await tamper(`delete from audit where seq = ${rows[0].seq}`)
  await named(`line ${rows[0].seq} does not follow`)
})
