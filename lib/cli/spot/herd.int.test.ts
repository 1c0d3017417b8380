import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { getPool } from '@/db/pg/client'
import { type ApiServer, serveApi } from '@/e2e/harness/api'
import { runCli } from '@/e2e/harness/cli'
import { asLaunched } from '@/e2e/harness/launched-herd'
import { type Bench, openBench } from '@/e2e/harness/workers'
import { ensureLocalAdmin } from '@/lib/auth/bootstrap'
import { createToken } from '@/lib/auth/tokens'
import { exitCodes } from '../exit-codes'

let bench: Bench
let api: ApiServer
let token: string
let home: string
const query = async (text: string) => (await getPool().query(text)).rows

beforeAll(async () => {
  process.env.AUTH_SECRET = 'a secret of the tests that is long enough'
  process.env.DATABASE_URL = 'postgres://unused'
  home = mkdtempSync(join(tmpdir(), 'mspot-'))
  bench = await openBench([{ environment: 'dev', name: 'shop', hosts: ['shop-1', 'shop-2'] }], 'postgres')
  await bench.startWorker()
  await ensureLocalAdmin('admin', 'the first password')
  const [{ id: personId }] = await query("select id from people where user_name = 'admin'")
  api = await serveApi()
  const admin = { kind: 'person', personId, name: 'admin', grants: [] } as const
  token = (await createToken(admin, { name: 'cli', role: 'admin', environmentId: null, expiresAt: null })).token
  await asLaunched(bench, 'shop')
  await query(`update blueprints set admin_user = 'app', database = 'shop'`)
  await query(`update instances set role = case when title = 'shop on shop-2' then 'primary' else 'standby' end`)
})
afterAll(async () => {
  await api?.close()
  await bench?.close()
  rmSync(home, { recursive: true, force: true })
})

const spot = (...args: string[]) => runCli({ url: api.url, token, home }, ['spot', ...args])

test('the connection string stands alone on standard output and in a file of one’s own, the primary first, and a launch of what is launched changes nothing', async () => {
  const dsn = /^postgresql:\/\/app@[\w.-]+:5432,[\w.-]+:5432\/shop\?sslmode=require&target_session_attrs=read-write\n$/
  const [{ address }] = await query(`select address from servers where hostname = 'shop-2'`)
  const asked = await spot('--connstr-only', '--instance-name', 'SHOP', '--env', 'dev')
  expect(asked, asked.err).toMatchObject({ code: exitCodes.done, out: expect.stringMatching(dsn) })
  expect(asked.out).toContain(`app@${address}:5432,`)

  const file = join(home, 'connstr')
  const again = await spot('--launch', '--instance-name', 'shop', '--yes', '--connstr-only', '--connstr-output-path', file)
  expect(again).toMatchObject({ code: exitCodes.done, out: asked.out, err: expect.stringContaining('shop is launched already.') })
  expect(readFileSync(file, 'utf8')).toBe(asked.out)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(await query('select count(*)::int as runs from runs where actor_name = $$admin$$')).toEqual([{ runs: 0 }])
  await query('update blueprints set stopped_at = now()')
  expect((await spot('--launch', '--instance-name', 'shop', '--yes')).code).toBe(exitCodes.refused)
  await query('update blueprints set stopped_at = null')
})

test('a manifest that the console does not know becomes a blueprint once, and a launch that its plan refuses says why', async () => {
  const file = join(home, 'fresh.yaml')
  writeFileSync(
    file,
    'api_version: v1\nkind: pg_spot_operator_instance\ninstance_name: fresh\nregion: us-east-1\nvm: { cpu_min: 2, storage_min: 50 }\n',
  )
  const launch = (...more: string[]) => spot('--launch', '--manifest-path', file, '--yes', ...more)
  expect(await launch()).toMatchObject({ code: exitCodes.usage, err: expect.stringContaining('--env ENVIRONMENT') })
  for (const says of ['Added the blueprint fresh in dev.', 'excluded']) {
    const { code, out, err } = await launch('--env', 'dev')
    expect([code, out + err]).toEqual([expect.any(Number), expect.stringContaining(says)])
    expect(code).not.toBe(exitCodes.done)
  }
  expect(await query(`select name from blueprints where name = 'fresh'`)).toHaveLength(1)
  for (const [args, says] of [
    [['--stop', '--resume', '--instance-name', 'shop'], 'Say what to do'],
    [['--stop'], '--instance-name NAME'],
    [['--stop', '--instance-name', 'nowhere'], 'None of the blueprints is called nowhere.'],
  ] as const)
    expect(await spot(...args)).toMatchObject({ code: exitCodes.usage, err: expect.stringContaining(says) })
})

test('a herd is torn down for whoever gives the phrase, and not for --yes alone', async () => {
  const alone = await spot('--teardown', '--instance-name', 'shop', '--yes')
  expect(alone).toMatchObject({ code: exitCodes.usage, err: expect.stringContaining('tear down 1 in dev') })
  expect(await query(`select from runs where operation = 'tear-down'`)).toEqual([])
  const { code, err } = await spot('--teardown', '--instance-name', 'shop', '--yes', '--phrase', 'tear down 1 in dev')
  expect(code, err).toBe(exitCodes.done)
  expect(await query(`select state from runs where operation = 'tear-down'`)).toEqual([{ state: 'done' }])
})
