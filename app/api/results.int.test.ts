import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { getPool } from '@/db/pg/client'
import { tidy } from '@/db/tidy'
import { type ApiServer, serveApi } from '@/e2e/harness/api'
import { setConsoleEnvironment } from '@/e2e/harness/browser-login'
import { type Bench, instanceId, openBench } from '@/e2e/harness/workers'
import { idOf } from '@/lib/adapters/memory'
import { ensureLocalAdmin } from '@/lib/auth/bootstrap'
import { createToken } from '@/lib/auth/tokens'
import { readerLines } from '@/lib/domain/reader/reader-role'
import type { Actor, Role } from '@/lib/kernel/access/access'
import { sha256 } from '@/lib/kernel/ground/digest'

const shapes = [
  { environment: 'dev', name: 'shop', hosts: ['d1', 'd2'] },
  { environment: 'prod', name: 'crm', hosts: ['p1'] },
]
let bench: Bench
let api: ApiServer
let admin: Actor
let owner: string

const tokenFor = async (role: Role, environment: string | null): Promise<string> =>
  (await createToken(admin, { name: `${role} ${environment}`, role, environmentId: environment && idOf(environment), expiresAt: null }))
    .token

const fetchAs = (token: string, path: string, body?: unknown) =>
  fetch(`${api.url}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  })
// biome-ignore lint/suspicious/noExplicitAny: the answers of many calls, looked at field by field
const jsonAs = async (token: string, path: string, body?: unknown): Promise<any> => (await fetchAs(token, path, body)).json()

const titles = ['shop on d1', 'shop on d2', 'crm on p1']
const sql = "select title, secret from t where note = 'a ''quoted'' one'"

/** Runs it on all three and waits for the end. */
const runSql = async (statement = sql): Promise<string> => {
  const plan = await jsonAs(owner, '/api/v1/plans', { operation: 'run-sql', targets: titles.map(instanceId), input: { sql: statement } })
  const { id } = await jsonAs(owner, '/api/v1/runs', { planId: plan.id, digest: plan.plan.digest })
  await expect.poll(async () => (await jsonAs(owner, `/api/v1/runs/${id}`)).state, { timeout: 30_000 }).toBe('done')
  return id
}

const resultsOf = (token: string, runId: string, query = '') => jsonAs(token, `/api/v1/runs/${runId}/results${query}`)

beforeAll(async () => {
  setConsoleEnvironment()
  bench = await openBench(shapes, 'postgres')
  const { world } = bench.served.fleet
  for (const instance of world.instances.values()) {
    world.readers.set(instance.systemIdentifier, { madeBy: null, excess: [] })
    instance.readerLines = instance.activeReaderLines = readerLines('postgres')
  }
  world.sql = (instance) => ({
    columns: ['title', 'secret'],
    types: ['text', 'integer'],
    rows: [
      [instance.inventory.title, 'row-secret'],
      ['=1+1', null],
    ],
    rowCount: 2,
    isCut: false,
    command: 'SELECT',
    tookMs: 1,
  })
  await bench.startWorker()
  await ensureLocalAdmin('admin', 'the first password')
  const { rows } = await getPool().query("select id from people where user_name = 'admin'")
  admin = { kind: 'person', personId: rows[0].id, name: 'admin', grants: [{ role: 'admin', environmentId: null }] }
  api = await serveApi()
  owner = await tokenFor('dba', null)
})
afterAll(async () => {
  await api?.close()
  await bench?.close()
})

let runId: string
beforeEach(async () => {
  runId ??= await runSql()
})

test('come target by target with their types, or as one table of CSV', async () => {
  const { jobs, hidden, keptDays } = await resultsOf(owner, runId)
  expect({ hidden, keptDays }).toEqual({ hidden: 0, keptDays: 30 })
  expect(jobs.map(({ instance }: { instance: string }) => instance).sort()).toEqual([...titles].sort())
  expect(jobs[0]).toMatchObject({
    columns: [
      { name: 'title', type: 'text' },
      { name: 'secret', type: 'integer' },
    ],
    rows: [
      [jobs[0].instance, 'row-secret'],
      ['=1+1', null],
    ],
    kept: 2,
    rowCount: 2,
    isCut: false,
    without: null,
  })
  const csv = await fetchAs(owner, `/api/v1/runs/${runId}/results?format=csv`)
  expect(csv.headers.get('content-type')).toContain('text/csv')
  const lines = (await csv.text()).split('\r\n')
  expect(lines).toEqual(expect.arrayContaining(['instance,title,secret', 'crm on p1,crm on p1,row-secret', "crm on p1,'=1+1,"]))
  expect(lines).toHaveLength(1 + 3 * 2 + 1)
  expect((await resultsOf(owner, runId, `?job=${jobs[1].jobId}`)).jobs).toEqual([jobs[1]])
  expect((await fetchAs(owner, `/api/v1/runs/${runId}/results?format=xml`)).status).toBe(422)
})

test('a viewer and an operator see that it ran and how many rows came, and never a row, in whatever they read', async () => {
  for (const role of ['viewer', 'operator'] as const) {
    const token = await tokenFor(role, null)
    const refused = await fetchAs(token, `/api/v1/runs/${runId}/results`)
    expect([refused.status, (await refused.json()).code]).toEqual([403, 'access.denied'])
    const seen = await Promise.all(
      [`/api/v1/runs/${runId}`, `/api/v1/runs/${runId}/events`, '/api/v1/runs', '/api/v1/jobs'].map(async (path) =>
        (await fetchAs(token, path)).text(),
      ),
    )
    expect(seen[0]).toContain('"state":"done"')
    expect(seen[1]).toContain('"kept":2')
    expect(seen.join('')).not.toContain('row-secret')
  }
})

test('a DBA of one environment reads its rows, and how many targets are hidden', async () => {
  const { jobs, hidden } = await resultsOf(await tokenFor('dba', 'prod'), runId)
  expect([jobs.map(({ instance }: { instance: string }) => instance), hidden]).toEqual([['crm on p1'], 2])
})

test('a password in clear text is refused before anything of it is stored; a SCRAM verifier is masked in title and audit log', async () => {
  const clear = "alter role app password 'hush-hush'"
  const refused = await fetchAs(owner, '/api/v1/plans', {
    operation: 'run-sql',
    targets: [instanceId(titles[0]!)],
    input: { sql: clear, write: true },
  })
  expect([refused.status, (await refused.json()).fields[0].message]).toEqual([422, expect.stringContaining('password in clear text')])
  const dumped = await getPool().query("select count(*)::int as n from plans where input::text like '%hush-hush%'")
  expect(dumped.rows[0].n).toBe(0)
  const scram = "select 1 from t where password = 'SCRAM-SHA-256$4096:abc$def:ghi'"
  const id = await runSql(scram)
  const { rows } = await getPool().query("select title, detail from audit where object_id = $1 and act = 'run.submit'", [id])
  expect(rows[0].detail.input).toMatchObject({ sql: "select 1 from t where password = '…'", statementSha256: sha256(scram) })
  expect(JSON.stringify(rows)).not.toContain('SCRAM-SHA-256$4096')
  expect((await jsonAs(owner, `/api/v1/runs/${id}`)).title).not.toContain('SCRAM-SHA-256$4096')
})

test('who read the rows of a statement, and who exported a list, is in the audit log', async () => {
  await resultsOf(owner, runId)
  await fetchAs(owner, '/api/v1/instances?format=csv&state=online').then((answer) => answer.text())
  const { rows } = await getPool().query(
    "select act, actor_name, object_id, detail from audit where act in ('run.read-results', 'instance.export') order by act, seq desc",
  )
  expect(rows.find(({ act }) => act === 'instance.export')).toMatchObject({
    actor_name: expect.stringContaining('token'),
    detail: { filters: { state: ['online'] } },
  })
  expect(rows).toContainEqual({
    act: 'run.read-results',
    object_id: runId,
    actor_name: expect.stringContaining('token dba'),
    detail: { rows: 6, jobs: expect.arrayContaining(titles) },
  })
})

test('rows are removed once they are older than the retention, and only then; the answer says so', async () => {
  await tidy({ resultDays: 30 })
  expect((await resultsOf(owner, runId)).jobs[0].rows).toHaveLength(2)
  await getPool().query(`update result_grids g set at = now() - interval '31 days' from jobs j where j.id = g.job_id and j.run_id = $1`, [
    runId,
  ])
  await tidy({ resultDays: 30 })
  const { jobs } = await resultsOf(owner, runId)
  expect(jobs[0]).toMatchObject({ rows: null, without: 'removed', kept: 2 })
  const { rows } = await getPool().query(
    'select count(*)::int as n from result_grids g join jobs j on j.id = g.job_id where j.run_id = $1',
    [runId],
  )
  expect(rows[0].n).toBe(0)
})
