import { afterAll, beforeAll, expect, test } from 'vitest'
import { getPool } from '@/db/pg/client'
import { type ApiServer, serveApi } from '@/e2e/harness/api'
import { origin, setConsoleEnvironment, signIn } from '@/e2e/harness/browser-login'
import { type Bench, instanceId, openBench } from '@/e2e/harness/workers'
import { idOf } from '@/lib/adapters/memory'
import { ensureLocalAdmin } from '@/lib/auth/bootstrap'
import { createToken } from '@/lib/auth/tokens'
import type { Actor, Role } from '@/lib/kernel/access/access'

const shapes = [
  { environment: 'dev', name: 'shop', hosts: ['d1', 'd2'] },
  { environment: 'prod', name: 'crm', hosts: ['p1', 'p2'] },
]
let bench: Bench
let api: ApiServer
let admin: Actor
const tokens: Record<string, string> = {}

// biome-ignore lint/suspicious/noExplicitAny: the answers of many calls, looked at field by field
type Answer = { status: number; body: any; headers: Headers }

const call = async (
  method: string,
  path: string,
  body?: unknown,
  { token = tokens.admin, headers = {} as Record<string, string> } = {},
): Promise<Answer> => {
  const response = await fetch(`${api.url}${path}`, {
    method,
    headers: {
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
  })
  const text = await response.text()
  return {
    status: response.status,
    body: /^application\/(problem\+)?json/.test(response.headers.get('content-type') ?? '') ? JSON.parse(text) : text,
    headers: response.headers,
  }
}
const territory = (name: string) => ({ name, colour: 'blue', protection: 'open' })
const tokenFor = async (role: Role, environment: string | null) =>
  (await createToken(admin, { name: `${role} ${environment}`, role, environmentId: environment && idOf(environment), expiresAt: null }))
    .token

beforeAll(async () => {
  setConsoleEnvironment()
  bench = await openBench(shapes, 'postgres')
  await bench.startWorker()
  await ensureLocalAdmin('admin', 'the first password')
  const { rows } = await getPool().query("select id from people where user_name = 'admin'")
  admin = { kind: 'person', personId: rows[0].id, name: 'admin', grants: [{ role: 'admin', environmentId: null }] }
  api = await serveApi()
  tokens.admin = await tokenFor('admin', null)
  tokens.viewer = await tokenFor('viewer', null)
  tokens.dev = await tokenFor('operator', 'dev')
})
afterAll(async () => {
  await api?.close()
  await bench?.close()
})

test('a caller without a token, or with a wrong one, gets a problem with a stable code', async () => {
  for (const token of ['', 'nonsense', `mat_abcdefgh_${'x'.repeat(36)}`]) {
    const { status, body, headers } = await call('GET', '/api/v1/herds', undefined, { token })
    expect(status).toBe(401)
    expect(headers.get('content-type')).toBe('application/problem+json')
    expect(body).toMatchObject({ type: 'urn:matriarch:problem:auth.required', status: 401, code: 'auth.required', canRetry: false })
  }
})

test('a resource is added, read, listed, changed, found in its history, and deleted', async () => {
  const made = await call('POST', '/api/v1/environments', { name: 'stage', colour: 'blue', protection: 'open' })
  expect(made.status).toBe(201)
  expect(made.headers.get('location')).toBe(`/api/v1/environments/${made.body.id}`)
  expect((await call('GET', '/api/v1/environments?name=stage')).body).toMatchObject({
    total: 1,
    page: 1,
    items: [{ id: made.body.id, name: 'stage' }],
  })
  const stale = made.body.revision
  const changed = await call('PATCH', `/api/v1/environments/${made.body.id}`, { description: 'rehearsal', revision: stale })
  expect(changed.body).toMatchObject({ description: 'rehearsal', revision: stale + 1 })
  const conflict = await call('PATCH', `/api/v1/environments/${made.body.id}`, { description: 'other', revision: stale })
  expect(conflict).toMatchObject({ status: 409, body: { code: 'record.conflict', current: { description: 'rehearsal' } } })
  expect(
    (await call('GET', `/api/v1/environments/${made.body.id}/history`)).body.items ??
      (await call('GET', `/api/v1/environments/${made.body.id}/history`)).body.lines,
  ).toHaveLength(2)
  expect((await call('DELETE', `/api/v1/environments/${made.body.id}`)).status).toBe(204)
  expect((await call('GET', `/api/v1/environments/${made.body.id}`)).body).toMatchObject({ status: 404, code: 'record.missing' })
})

test('what is wrong is named by its path: unknown filters, bad values, unknown fields, no JSON', async () => {
  expect((await call('GET', '/api/v1/instances?colour=red')).body).toMatchObject({
    status: 422,
    code: 'input.invalid',
    detail: expect.stringContaining('colour'),
  })
  expect(
    (
      await call('POST', '/api/v1/servers', { hostname: 'not a host!', address: 'x', environmentId: idOf('dev'), sshPort: 99999 })
    ).body.fields
      .map((one: { path: string }) => one.path)
      .sort(),
  ).toEqual(['hostname', 'sshPort'])
  expect((await call('POST', '/api/v1/environments', { ...territory('x'), passwordHash: 'y' })).body.fields).toEqual([
    expect.objectContaining({ path: 'passwordHash' }),
  ])
  expect((await call('POST', '/api/v1/environments', '{')).body).toMatchObject({ status: 400, detail: 'The body is not JSON in UTF-8.' })
  expect((await call('POST', '/api/v1/environments', 'x'.repeat(1024 * 1024 + 1))).status).toBe(413)
  expect((await call('GET', '/api/v1/unicorns')).status).toBe(404)
})

test('a token sees and does only what its scope holds', async () => {
  expect(
    (await call('GET', '/api/v1/herds', undefined, { token: tokens.dev })).body.items.map((one: { name: string }) => one.name),
  ).toEqual(['shop'])
  expect((await call('GET', `/api/v1/herds/${idOf('crm')}`, undefined, { token: tokens.dev })).status).toBe(404)
  expect((await call('POST', '/api/v1/environments', territory('mine'), { token: tokens.viewer })).body).toMatchObject({
    status: 403,
    code: 'access.denied',
  })
  expect((await call('GET', '/api/v1/people', undefined, { token: tokens.viewer })).status).toBe(403)
  expect((await call('GET', '/api/v1/me', undefined, { token: tokens.dev })).body).toMatchObject({
    kind: 'token',
    grants: [{ role: 'operator', environmentId: idOf('dev') }],
  })
})

test('a whole list streams as CSV and as lines of JSON', async () => {
  const csv = await call('GET', '/api/v1/instances?format=csv&columns=title,state&sort=title')
  expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8')
  expect(csv.body.split('\r\n').map((line: string) => line.split(',')[1])).toEqual([
    'title',
    'crm on p1',
    'crm on p2',
    'shop on d1',
    'shop on d2',
    undefined,
  ])
  const lines = (await call('GET', '/api/v1/instances?format=ndjson')).body.trim().split('\n')
  expect(lines.map((line: string) => JSON.parse(line).id)).toHaveLength(4)
})

test('an Idempotency-Key repeats the first answer, is bound to its request, and gives itself back after a failure', async () => {
  const headers = { 'idempotency-key': 'make-once' }
  const first = await call('POST', '/api/v1/environments', territory('once'), { headers })
  const again = await call('POST', '/api/v1/environments', territory('once'), { headers })
  expect(again).toMatchObject({ status: 201, body: { id: first.body.id } })
  expect(again.headers.get('idempotency-replayed')).toBe('true')
  expect((await call('POST', '/api/v1/environments', territory('other'), { headers })).body).toMatchObject({
    status: 422,
    fields: [{ path: 'Idempotency-Key' }],
  })
  const failing = { 'idempotency-key': 'fails-first' }
  expect((await call('POST', '/api/v1/environments', territory('once'), { headers: failing })).status).toBe(409)
  expect((await call('POST', '/api/v1/environments', territory('twice'), { headers: failing })).status).toBe(201)
  const together = await Promise.all(
    Array.from({ length: 5 }, () => call('POST', '/api/v1/environments', territory('raced'), { headers: { 'idempotency-key': 'raced' } })),
  )
  expect(together.filter(({ status }) => status === 201).length).toBeGreaterThan(0)
  expect((await call('GET', '/api/v1/environments?name=raced')).body.total).toBe(1)
  // Another token of the same person is another caller: it gets neither the answer nor the reach of the first.
  const narrower = { headers: { 'idempotency-key': 'raced' }, token: await tokenFor('viewer', null) }
  const other = await call('POST', '/api/v1/environments', territory('raced'), narrower)
  expect([other.status, other.headers.get('idempotency-replayed')]).toEqual([403, null])
})

test('a new token is shown once, also to a repeated key, and works until it is revoked', async () => {
  const { sessionId, cookie } = await signIn(admin.personId!)
  const headers = { cookie, origin, 'idempotency-key': 'token' }
  const made = await call('POST', '/api/v1/tokens', { name: 'mine', role: 'viewer' }, { token: '', headers })
  expect(made.status).toBe(201)
  expect((await call('POST', '/api/v1/tokens', { name: 'mine', role: 'viewer' }, { token: '', headers })).body).toMatchObject({
    status: 409,
    code: 'record.duplicate',
  })
  expect((await call('POST', '/api/v1/tokens', { name: 'x' }, { token: '', headers: { cookie, origin: 'http://evil.test' } })).status).toBe(
    403,
  )
  expect((await call('GET', '/api/v1/me', undefined, { token: made.body.token })).status).toBe(200)
  expect((await call('DELETE', `/api/v1/tokens/${made.body.id}`)).status).toBe(204)
  expect((await call('GET', '/api/v1/me', undefined, { token: made.body.token })).status).toBe(401)
  expect((await call('DELETE', `/api/v1/sessions/${sessionId}`)).status).toBe(204)
  expect((await call('GET', '/api/v1/me', undefined, { token: '', headers: { cookie } })).status).toBe(401)
})

test('a plan is made by a worker, run by its digest, and its events can be read again from any line', async () => {
  const made = await call('POST', '/api/v1/plans', { operation: 'restart', filter: 'env=dev&herd=shop' })
  expect(made.status).toBe(200)
  expect(made.body.plan).toMatchObject({ eligible: 2, excluded: 0 })
  const wrong = await call('POST', '/api/v1/runs', { planId: made.body.id, digest: 'f'.repeat(64) })
  expect(wrong.body).toMatchObject({ status: 409, code: 'plan.moved', plan: { eligible: 2 } })
  const { status, body } = await call(
    'POST',
    '/api/v1/runs',
    { planId: made.body.id, digest: made.body.digest, reason: 'test' },
    { headers: { 'idempotency-key': 'run-1' } },
  )
  expect(status).toBe(202)
  expect(
    (
      await call(
        'POST',
        '/api/v1/runs',
        { planId: made.body.id, digest: made.body.digest, reason: 'test' },
        { headers: { 'idempotency-key': 'run-1' } },
      )
    ).body.id,
  ).toBe(body.id)
  const events = (await call('GET', `/api/v1/runs/${body.id}/events`)).body as string
  const ids = [...events.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id))
  expect(ids.length).toBeGreaterThan(6)
  expect(events.trimEnd().endsWith('event: end\ndata: "finished"')).toBe(true)
  const later = (await call('GET', `/api/v1/runs/${body.id}/events`, undefined, { headers: { 'last-event-id': String(ids[3]) } }))
    .body as string
  expect([...later.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id))).toEqual(ids.slice(4))
  expect((await call('GET', `/api/v1/runs/${body.id}`)).body).toMatchObject({
    state: 'done',
    reason: 'test',
    jobs: [{ state: 'done' }, { state: 'done' }],
  })
  expect((await call('GET', '/api/v1/runs?state=done')).body.total).toBe(1)
  expect((await call('POST', `/api/v1/runs/${body.id}/cancel`)).body).toMatchObject({ status: 409, code: 'run.closed' })
  expect((await call('POST', `/api/v1/runs/${body.id}/retry`)).body).toMatchObject({ status: 409, code: 'plan.refused' })
  expect((await call('GET', `/api/v1/runs/${body.id}/events`, undefined, { token: await tokenFor('viewer', 'prod') })).status).toBe(404)
})

test('a run needs the permission where its targets are, and a filter has to choose something', async () => {
  expect(
    (await call('POST', '/api/v1/plans', { operation: 'restart', targets: [instanceId('crm on p1')] }, { token: tokens.dev })).status,
  ).toBe(422)
  expect(
    (await call('POST', '/api/v1/plans', { operation: 'restart', targets: [instanceId('crm on p1')] }, { token: tokens.viewer })).status,
  ).toBe(403)
  expect((await call('POST', '/api/v1/plans', { operation: 'restart', filter: '' })).body).toMatchObject({
    status: 422,
    fields: [{ path: 'filter' }],
  })
  expect((await call('POST', '/api/v1/plans', { operation: 'restart' })).status).toBe(422)
  expect(
    (await call('POST', '/api/v1/plans', { operation: 'stop', filter: 'herd=shop', input: { mode: 'gently' } })).body.fields[0].path,
  ).toBe('input.mode')
})

test('where two persons are asked, another person’s approval over the API lets the plan run, and only theirs: never a token’s', async () => {
  await getPool().query(`update environments set protection = 'two-person' where name = 'prod'`)
  await ensureLocalAdmin('ben', 'the second password')
  const { rows } = await getPool().query("select id from people where user_name = 'ben'")
  const ben: Actor = { kind: 'person', personId: rows[0].id, name: 'ben', grants: [{ role: 'admin', environmentId: null }] }
  const { token } = await createToken(ben, { name: 'ben', role: 'admin', environmentId: null, expiresAt: null })
  const { body: made } = await call('POST', '/api/v1/plans', { operation: 'restart', targets: [instanceId('crm on p1')] })
  expect(made.plan).toMatchObject({ needsApproval: true })
  expect(made.page).toBe(`/instances/run/restart?plan=${made.id}`)
  const submission = { planId: made.id, digest: made.digest, phrase: made.plan.phrase }
  expect((await call('POST', '/api/v1/runs', submission)).body).toMatchObject({ code: 'plan.approval' })
  const approve = async (by: Parameters<typeof call>[3], digest = made.digest) =>
    call('POST', `/api/v1/plans/${made.id}/approve`, { digest }, by)
  const inPerson = async (personId: string) => ({ token: '', headers: { cookie: (await signIn(personId)).cookie, origin } })
  for (const by of [token, tokens.admin, tokens.viewer])
    expect((await approve({ token: by })).body).toMatchObject({ status: 403, code: 'access.denied' })
  expect((await approve(await inPerson(admin.personId!))).body).toMatchObject({ code: 'plan.approval' })
  expect((await approve(await inPerson(ben.personId!), 'f'.repeat(64))).body).toMatchObject({ status: 409, code: 'plan.moved' })
  expect((await approve(await inPerson(ben.personId!))).status).toBe(204)
  expect((await call('POST', '/api/v1/runs', submission)).status).toBe(202)
})

test('a server is checked in one call and its steps come back', async () => {
  const { rows } = await getPool().query("select id from servers where hostname = 'd1'")
  const { status, body } = await call('POST', '/api/v1/servers/check', { serverId: rows[0].id })
  expect(status).toBe(200)
  expect(body).toMatchObject({ state: 'done', runId: expect.any(String) })
})

test('a host is checked before it is registered, as a server of an environment would be reached, by who may register one there', async () => {
  const { rows } = await getPool().query("select id from environments where name = 'dev'")
  const host = { environmentId: rows[0].id, address: 'not-registered.test' }
  const { status, body } = await call('POST', '/api/v1/servers/check', host)
  expect(status).toBe(200)
  expect(body).toMatchObject({ state: 'failed', runId: null, result: { steps: expect.any(Array) } })
  expect((await call('POST', '/api/v1/servers/check', host, { token: tokens.viewer })).body).toMatchObject({ code: 'access.denied' })
  for (const [wrong, path] of [
    [{ ...host, serverId: rows[0].id }, 'serverId'],
    [{ environmentId: rows[0].id }, 'serverId'],
    [{ ...host, address: 'a b' }, 'address'],
    [{ ...host, sshPort: 0 }, 'sshPort'],
    [{ ...host, hostKey: 'SHA256:short' }, 'hostKey'],
    [{ ...host, profile: 'windows' }, 'profile'],
  ] as const)
    expect((await call('POST', '/api/v1/servers/check', wrong)).body).toMatchObject({ status: 422, fields: [{ path }] })
  expect((await getPool().query(`select from servers where address = 'not-registered.test'`)).rowCount).toBe(0)
})

test('health answers alone, readiness names its parts, metrics count what the token sees', async () => {
  expect((await call('GET', '/api/health', undefined, { token: '' })).body).toEqual({ status: 'ok' })
  const ready = await call('GET', '/api/ready', undefined, { token: '' })
  expect(ready.body.parts.map((part: { name: string; ok: boolean }) => [part.name, part.ok])).toEqual([
    ['database', true],
    ['worker', true],
  ])
  const metrics = (await call('GET', '/metrics', undefined, { token: tokens.dev })).body as string
  expect(metrics).toMatch(/matriarch_instances\{environment="dev",/)
  expect(metrics).not.toContain('environment="prod"')
  expect(metrics).toMatch(/matriarch_request_duration_seconds_count\{method="GET",path="\/api\/health",status="200"\} [1-9]/)
})

test('the audit log is verified', async () => {
  expect((await call('GET', '/api/v1/audit/verify')).body).toMatchObject({ ok: true })
})
