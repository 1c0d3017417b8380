import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { getPool } from '@/db/pg/client'
import { type ApiServer, serveApi } from '@/e2e/harness/api'
import { runCli } from '@/e2e/harness/cli'
import { type Bench, openBench } from '@/e2e/harness/workers'
import { ensureLocalAdmin } from '@/lib/auth/bootstrap'
import { createToken } from '@/lib/auth/tokens'
import { readerLines } from '@/lib/domain/reader/reader-role'
import { Fault } from '@/lib/kernel/ground/errors'
import { getJson, request } from './client'
import { exitCodes } from './exit-codes'

const nobody = '3f1c0000-0000-4000-8000-000000000001'

const shapes = [
  { environment: 'dev', name: 'shop', hosts: ['d1', 'd2'] },
  { environment: 'prod', name: 'crm', hosts: ['p1'] },
]
let bench: Bench
let api: ApiServer
let token: string
let home: string

const matriarch = (args: string[], more?: Parameters<typeof runCli>[2]) => runCli({ url: api.url, token, home }, args, more)

beforeAll(async () => {
  process.env.AUTH_SECRET = 'a secret of the tests that is long enough'
  process.env.DATABASE_URL = 'postgres://unused'
  home = mkdtempSync(join(tmpdir(), 'mcli-'))
  bench = await openBench(shapes, 'postgres')
  await bench.startWorker()
  await ensureLocalAdmin('admin', 'the first password')
  const { rows } = await getPool().query("select id from people where user_name = 'admin'")
  api = await serveApi()
  const admin = { kind: 'person', personId: rows[0].id, name: 'admin', grants: [] } as const
  token = (await createToken(admin, { name: 'cli', role: 'admin', environmentId: null, expiresAt: null })).token
})
afterAll(async () => {
  await api?.close()
  await bench?.close()
  rmSync(home, { recursive: true, force: true })
})

test('a list comes as a table, as JSON and as CSV, with the filters of the page', async () => {
  const asTable = await matriarch(['instances', '--env', 'dev', '--sort', 'title'])
  expect(asTable.code).toBe(0)
  expect(asTable.out).toMatch(/^INSTANCE +ENVIRONMENT +ROLE +STATE.* ID\n/)
  expect(asTable.out.split('\n').filter((line) => line.startsWith('shop on'))).toHaveLength(2)
  expect(asTable.err).toContain('2 in all')
  const asJson = await matriarch(['instances', '--env', 'prod', '-o', 'json'])
  expect(JSON.parse(asJson.out)).toMatchObject([{ title: 'crm on p1' }])
  const asCsv = await matriarch(['herds', '-o', 'csv', '--columns', 'name', '--sort', 'name'])
  expect(asCsv.out.split('\r\n').map((line) => line.split(',')[1])).toEqual(['name', 'crm', 'shop', undefined])
  expect((await matriarch(['instances', '--state', 'down', '-o', 'json'])).code).toBe(0)
  expect((await matriarch(['certificates', '--verdict', 'proven'])).out).toMatch(/^\S.* ID\n/)
})

test('usage faults say what to do and exit with 2', async () => {
  for (const args of [
    [],
    ['instances', '--colour', 'red'],
    ['plan', 'explode', '--env', 'dev'],
    ['plan', 'stop'],
    ['run', 'reload', '--env', 'dev', '--yes'],
    ['watch'],
    ['instances', '-o', 'xml'],
    ['instances', '--env'],
  ]) {
    const { code, out, err } = await matriarch(args)
    expect(code, args.join(' ')).toBe(2)
    expect((out + err).length).toBeGreaterThan(20)
  }
  expect((await matriarch(['herds'], { environment: { MATRIARCH_TOKEN: '' } })).err).toContain('matriarch login')
})

test('who is refused, what is not there and a console that does not answer have codes of their own', async () => {
  expect((await matriarch(['me'], { environment: { MATRIARCH_TOKEN: 'wrong' } })).code).toBe(exitCodes.denied)
  expect((await matriarch(['herds', nobody])).code).toBe(exitCodes.denied)
  expect((await matriarch(['cancel', nobody])).code).toBe(exitCodes.denied)
  const away = await matriarch(['herds'], { environment: { MATRIARCH_URL: 'http://127.0.0.1:1' } })
  expect(away).toMatchObject({ code: exitCodes.unanswered, err: expect.stringContaining('does not answer') })
  for (const args of [
    ['unicorns'],
    ['unicorns', nobody],
    ['help', 'nonsense'],
    ['bogus', '--help'],
    ['herds', 'nosuchherd'],
    ['instances', '--env', 'typo'],
  ])
    expect((await matriarch(args)).code, args.join(' ')).toBe(exitCodes.usage)
})

test('the operations are listed with their inputs, and each is explained with an example', async () => {
  const all = await matriarch(['operations'])
  expect(all.code).toBe(0)
  expect(all.out).toMatch(/^stop +instance .*--mode/m)
  const one = await matriarch(['operations', 'run-sql'])
  expect(one.out).toContain('--sql TEXT  required. One statement.')
  expect(one.out).toContain("matriarch plan run-sql --env dev --herd shop --sql 'select 1'")
  expect(JSON.parse((await matriarch(['operations', '-o', 'json'])).out).length).toBeGreaterThan(10)
  expect((await matriarch(['operations', 'explode'])).code).toBe(exitCodes.usage)
})

test('a name is taken wherever an id is, and one that several have is refused with their ids', async () => {
  const byName = await matriarch(['herds', 'SHOP', '-o', 'json'])
  expect(JSON.parse(byName.out)).toMatchObject({ name: 'shop' })
  expect((await matriarch(['herds', 'shop'])).out).toMatch(/^FIELD +VALUE\n/)
  const planned = await matriarch(['plan', 'reload', 'shop on d1'])
  expect(planned.out).toContain('1 will run (1 in dev)')
  expect((await matriarch(['help', 'herds'])).out).toMatch(/^environmentId +Environment/m)
  expect((await matriarch(['--version'])).out).toMatch(/^\d+\.\d+\.\d+\n$/)
})

test('in CSV a name stands beside each id, and no column comes twice in a table', async () => {
  const { out } = await matriarch(['instances', '--env', 'dev', '-o', 'csv', '--columns', 'herdId'])
  expect(out).toMatch(/^id,herdId,herdId\.title\r\n[\w-]+,[\w-]+,shop\r\n/)
  const [head] = (await matriarch(['scheduled-runs'])).out.split('\n')
  expect(head!.match(/\bID\b/g)).toHaveLength(1)
})

test('login checks the token and keeps it for this user alone', async () => {
  const { code, out } = await matriarch(['login', '--url', api.url], {
    input: `${token}\n`,
    environment: { MATRIARCH_TOKEN: '', MATRIARCH_URL: '' },
  })
  expect(code).toBe(0)
  expect(out).toContain('admin')
  const file = join(home, '.config/matriarch/cli.json')
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ url: api.url, token })
  expect((await matriarch(['me'], { environment: { MATRIARCH_TOKEN: '', MATRIARCH_URL: '' } })).out).toContain('admin in every environment')
})

test('a plan is shown with its digest and changes nothing; a run with that digest is followed to its end', async () => {
  const planned = await matriarch(['plan', 'restart', '--herd', 'shop', '--mode', 'fast'])
  expect(planned.code).toBe(0)
  expect(planned.out).toContain('2 will run (2 in dev), 0 excluded')
  const digest = /^digest (\S+)$/m.exec(planned.out)![1]!
  expect((await matriarch(['runs', '-o', 'json'])).out.trim()).toBe('[]')
  const ran = await matriarch(['run', 'restart', '--herd', 'shop', '--mode', 'fast', '--yes', '--digest', digest, '--reason', 'test'])
  expect(ran.code).toBe(0)
  expect(ran.out).toMatch(/\d\d:\d\d:\d\d shop on d2: done/)
  expect(ran.out).toContain('done: 2 done')
  const runId = /^run (\S+)$/m.exec(ran.out)![1]!
  const watched = await matriarch(['watch', runId])
  expect(watched.code).toBe(0)
  expect(watched.out).toContain('shop on d1: done')
})

test('what is scheduled is moved to another time, and says why it cannot be', async () => {
  const planned = await matriarch(['plan', 'reload', '--herd', 'shop'])
  const digest = /^digest (\S+)$/m.exec(planned.out)![1]!
  const inDays = (days: number) => `${new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)}T02:00:00.000Z`
  const putOff = await matriarch(['run', 'reload', '--herd', 'shop', '--yes', '--digest', digest, '--at', inDays(2)])
  const id = /^scheduled (\S+) for/m.exec(putOff.out)![1]!
  expect(await matriarch(['move', id, '--at', inDays(3)])).toMatchObject({ code: 0, out: `Moved from ${inDays(2)} to ${inDays(3)}.\n` })
  const { code, err } = await matriarch(['move', id, '--at', '2026-01-01T02:00:00Z'])
  expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('This time has passed. Give one that lies ahead.') })
})

test('a plan that is not the one that was read runs nothing, is shown once and exits with 5', async () => {
  const { code, out } = await matriarch(['run', 'reload', '--env', 'dev', '--yes', '--digest', 'f'.repeat(64)])
  expect(code).toBe(5)
  expect(out).toContain('This is not the plan whose digest was given. Nothing has run.')
  expect(out.match(/^digest /gm)).toHaveLength(1)
})

test('targets that gates refuse exit with 4, before and at running', async () => {
  expect((await matriarch(['plan', 'start', '--herd', 'shop'])).code).toBe(4)
  expect((await matriarch(['run', 'start', '--herd', 'shop', '--yes', '--digest', 'x'])).code).toBe(4)
})

test('a job that waits for a person ends the command with 3, and so does watching it later', async () => {
  const { fleet } = bench.served
  fleet.calls.interfere = ({ act, target }) => {
    if (act !== 'start' || target !== 'crm on p1') return undefined
    fleet.host('p1').power = 'off'
    return { how: 'fail', fault: new Fault('shell.unreachable', { because: 'The connection was lost.' }) }
  }
  try {
    const planned = await matriarch(['plan', 'restart', '--herd', 'crm', '--mode', 'fast'])
    const digest = /^digest (\S+)$/m.exec(planned.out)![1]!
    const ran = await matriarch(['run', 'restart', '--herd', 'crm', '--mode', 'fast', '--yes', '--digest', digest])
    expect(ran.code, ran.out + ran.err).toBe(3)
    expect(ran.out).toContain('attention: 1 attention')
    expect((await matriarch(['watch', /^run (\S+)$/m.exec(ran.out)![1]!])).code).toBe(3)
  } finally {
    fleet.calls.interfere = () => undefined
    fleet.host('p1').power = 'on'
  }
})

test('a statement prints its rows as a table, and with -o as CSV or JSON with nothing else on standard output', async () => {
  const { world } = bench.served.fleet
  world.sql = (instance) => ({
    columns: ['name', 'n'],
    types: ['text', 'integer'],
    rows: [
      [instance.inventory.title, '42'],
      ['a\tb', null],
    ],
    rowCount: 2,
    isCut: true,
    command: 'SELECT',
    tookMs: 1,
  })
  for (const instance of world.instances.values()) {
    world.readers.set(instance.systemIdentifier, { madeBy: null, excess: [] })
    instance.activeReaderLines = readerLines('postgres')
  }
  const asked = ['--herd', 'shop', '--sql', 'select name, n from t', '--parallel', '1']
  const digest = /^digest (\S+)$/m.exec((await matriarch(['plan', 'run-sql', ...asked])).out)![1]!
  const asTable = await matriarch(['run-sql', ...asked, '--yes', '--digest', digest])
  expect([asTable.code, asTable.err]).toEqual([0, expect.stringContaining('4 rows from 2 targets')])
  expect(asTable.err).toContain('Rows beyond the limit were left out on 2 targets')
  expect(asTable.out).toMatch(/\ndone: 2 done\ninstance +name +n\nshop on d[12] +shop on d[12] +42\n/)
  expect(asTable.out).toContain('a\uFFFDb')
  const runId = /^run (\S+)$/m.exec(asTable.out)![1]!
  const asCsv = await matriarch(['run', 'run-sql', ...asked, '--yes', '--digest', digest, '-o', 'csv'])
  expect(asCsv.code).toBe(0)
  expect(asCsv.out.split('\r\n')).toEqual(expect.arrayContaining(['instance,name,n', 'shop on d1,shop on d1,42']))
  expect(asCsv.out.split('\r\n')[0]).toBe('instance,name,n')
  expect(asCsv.err).toContain('done: 2 done')
  const asJson = await matriarch(['results', runId, '-o', 'json'])
  expect(JSON.parse(asJson.out)).toMatchObject({
    runId,
    jobs: [{ columns: [{ name: 'name', type: 'text' }, { type: 'integer' }], isCut: true }, {}],
  })
  expect((await matriarch(['results', runId])).out).toMatch(/^instance +name +n\n/)
  expect(await matriarch(['run', 'reload', '--herd', 'shop', '-o', 'csv'])).toMatchObject({ code: 2, out: '' })
  expect((await matriarch(['results'])).code).toBe(2)
})

test('without a terminal and without --yes nothing runs', async () => {
  const { code, err } = await matriarch(['run', 'reload', '--env', 'dev'])
  expect(code).toBe(2)
  expect(err).toContain('--yes --digest')
})

test('a run that waits for a lock says so where it is watched', async () => {
  const planned = await matriarch(['plan', 'restart', '--herd', 'shop', '--mode', 'fast'])
  const digest = /^digest (\S+)$/m.exec(planned.out)![1]!
  const { rows } = await getPool().query("select id from herds where name = 'shop'")
  const where = { url: api.url, token }
  const lock = await getJson<{ id: string }>(where, `/api/v1/herds/${rows[0].id}/lock`, {
    method: 'POST',
    body: { reason: 'a kernel', holder: 'app1:42' },
  })
  const args = ['run', 'restart', '--herd', 'shop', '--mode', 'fast', '--yes', '--digest', digest]
  let released: Promise<unknown> | null = null
  const ran = matriarch(args, {
    onOut: (out) => {
      if (out.includes('Waits: the herd is locked by')) released ??= request(where, `/api/v1/locks/${lock.id}`, { method: 'DELETE' })
    },
  })
  expect(await ran).toMatchObject({
    code: 0,
    out: expect.stringMatching(/shop on d\d: Waits: the herd is locked by admin .*, from app1:42: a kernel\./),
  })
  await released
})
