import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { saveHealth } from '@/db/health/save'
import { getPool } from '@/db/pg/client'
import { sumFleet } from '@/db/samples/fleet'
import { saveSamples } from '@/db/samples/save'
import { saveStatements } from '@/db/statements/save'
import { blueprintIsAnswered } from '@/e2e/harness/answers/blueprint'
import { dbInstanceIsAnswered, discoveryIsAnswered } from '@/e2e/harness/answers/discovery'
import { pygmyIsAnswered } from '@/e2e/harness/answers/pygmy'
import { sizingIsAnswered } from '@/e2e/harness/answers/sizing'
import { subscriptionIsAnswered } from '@/e2e/harness/answers/subscription'
import { type Body, DescribedApi, describedCalls } from '@/e2e/harness/described-api'
import { holdActs } from '@/e2e/harness/hold'
import { instanceId } from '@/e2e/harness/workers'
import { lookAtSettings } from '@/jobs/observer/observe-settings'
import { idOf } from '@/lib/adapters/memory'
import { Fault } from '@/lib/kernel/ground/errors'
import { resources } from '@/lib/resources'

/**
 * Every call that succeeds is held against /api/openapi.json with a validator that is not ours, and in its answer nothing may be that the document does not name.
 * The last test says which calls nobody has seen succeed.
 */
let stage: DescribedApi
let viewer: string
let shop: string
let crm: string
beforeAll(async () => {
  stage = await DescribedApi.open()
  viewer = await stage.tokenOf('admin', 'viewer', 'prod')
  ;[shop, crm] = [await stage.idOf('herds', 'name', 'shop'), await stage.idOf('herds', 'name', 'crm')]
})
afterAll(() => stage?.close())

describe.each(resources.map(({ path, name }) => [path, name] as const))('the list of %s', (path, name) => {
  test('gives what is there as described, with what a change needs, whatever is asked of it', async () => {
    const { items } = (await stage.ask('GET', `/api/v1/${path}?facets=1`)).body
    await stage.ask('GET', `/api/v1/${path}?per=1&page=2`)
    for (const format of ['csv', 'ndjson']) await stage.ask('GET', `/api/v1/${path}?format=${format}`)
    const [first] = items as { id: string; title: string; revision: number }[]
    if (!first) return
    const one = (await stage.ask('GET', `/api/v1/${path}/${first.id}`)).body
    expect({ title: first.title, revision: first.revision }).toEqual({ title: one.title, revision: one.revision })
    await stage.ask('GET', `/api/v1/${path}/${first.id}/history`)
    const column = Object.keys(resources.find((one) => one.name === name)!.fields)[0]
    const [narrow] = (await stage.ask('GET', `/api/v1/${path}?columns=${column}`)).body.items
    expect(narrow).toMatchObject({ title: expect.any(String), revision: expect.any(Number) })
  })

  test('names each parameter that it cannot use, and says what it takes', async () => {
    const query = 'colour-of-it=red&per=501&page=0&sort=nothing&columns=nothing&q='
    const { status, body } = await stage.ask('GET', `/api/v1/${path}?${query}`)
    expect(status).toBe(422)
    expect(body.fields.map((one: { path: string }) => one.path).sort()).toEqual(['colour-of-it', 'columns', 'page', 'per', 'q', 'sort'])
    expect(body.fields.find((one: { path: string }) => one.path === 'per').message).toContain('500')
    expect((await stage.ask('GET', `/api/v1/${path}?format=xml`)).body.fields[0].path).toBe('format')
  })
})

test('a list that was filtered by a name that nobody has is refused instead of empty', async () => {
  const { status, body } = await stage.ask('GET', '/api/v1/instances?env=typo')
  expect(status).toBe(422)
  expect(body.fields).toEqual([{ path: 'environmentId', message: 'There is no environment typo, or you may not see it.' }])
  expect((await stage.ask('GET', '/api/v1/instances?env=dev&state=stopped')).body.total).toBe(0)
  expect((await stage.ask('GET', '/api/v1/jobs?runId=')).body.fields[0].path).toBe('runId')
})

test('in CSV a name stands beside each id', async () => {
  const [head, row] = (await stage.ask('GET', '/api/v1/instances?format=csv&columns=herdId,state&env=dev')).body.split('\r\n')
  expect(head).toBe('id,herdId,herdId.title,state')
  expect(row.split(',').slice(1, 3)).toEqual([shop, 'shop'])
})

test('objects are added, changed, found twice, changed by two at once, and deleted', async () => {
  const made = await stage.ask('POST', '/api/v1/environments', { body: { name: 'stage', colour: 'blue', protection: 'open' } })
  const path = `/api/v1/environments/${made.body.id}`
  expect((await stage.ask('POST', '/api/v1/environments', { body: { name: 'stage', colour: 'blue', protection: 'open' } })).status).toBe(
    409,
  )
  const [listed] = (await stage.ask('GET', '/api/v1/environments?name=stage')).body.items
  expect((await stage.ask('PATCH', path, { body: { description: 'x', revision: listed.revision } })).status).toBe(200)
  expect((await stage.ask('PATCH', path, { body: { description: 'y', revision: listed.revision } })).body.code).toBe('record.conflict')
  expect((await stage.ask('PATCH', path, { body: { description: 'y' } })).body.fields[0].path).toBe('revision')
  expect((await stage.ask('GET', `${path}/history`)).body.lines).toHaveLength(2)
  expect((await stage.ask('DELETE', `/api/v1/environments/${idOf('dev')}`)).status).toBe(409)
  expect((await stage.ask('POST', `${path}/key`, { body: { step: 'new' } })).status).toBe(204)
  expect((await stage.ask('POST', `${path}/key`, { body: { step: 'new' } })).status).toBe(409)
  expect((await stage.ask('GET', `${path}/key`)).status).toBe(200)
  expect((await stage.ask('DELETE', path)).status).toBe(204)
  expect(
    (await stage.ask('POST', '/api/v1/environments', { by: viewer, body: { name: 'z', colour: 'blue', protection: 'open' } })).status,
  ).toBe(403)
})

test('a repeated key gives the first answer, and none for a secret', async () => {
  const headers = { 'idempotency-key': 'once' }
  const body = { name: 'once', role: 'viewer' }
  await stage.ask('POST', '/api/v1/environments', { body: { name: 'twice', colour: 'blue', protection: 'open' }, headers })
  expect(
    (await stage.ask('POST', '/api/v1/environments', { body: { name: 'twice', colour: 'blue', protection: 'open' }, headers })).status,
  ).toBe(201)
  expect(
    (await stage.ask('POST', '/api/v1/environments', { body: { name: 'other', colour: 'blue', protection: 'open' }, headers })).status,
  ).toBe(422)
  expect((await stage.ask('POST', '/api/v1/servers/check', { body: {}, headers: { 'idempotency-key': 'x'.repeat(201) } })).status).toBe(422)
  expect((await stage.ask('POST', '/api/v1/tokens', { body, headers: { 'idempotency-key': 'secret' } })).status).toBeGreaterThan(200)
})

test('plans, runs, their events, locks and schedules', async () => {
  const wanted = { operation: 'restart', filter: 'env=dev&herd=shop' }
  const plan = (await stage.ask('POST', '/api/v1/plans', { body: wanted })).body
  await stage.ask('GET', `/api/v1/plans/${plan.id}`)
  expect((await stage.ask('POST', '/api/v1/plans', { body: { ...wanted, filter: 'env=typo' } })).body.fields[0].path).toBe(
    'filter.environmentId',
  )
  expect((await stage.ask('POST', '/api/v1/plans', { body: { ...wanted, input: { mode: 'gently' } } })).body.fields[0].path).toBe(
    'input.mode',
  )
  expect((await stage.ask('POST', '/api/v1/plans', { body: { ...wanted, polcy: {} } })).body.fields).toEqual([
    { path: 'polcy', message: 'is not a field of this.' },
  ])
  expect((await stage.ask('POST', '/api/v1/runs', { body: { planId: plan.id, digest: 'f'.repeat(64) } })).body.code).toBe('plan.moved')
  expect((await stage.ask('POST', `/api/v1/plans/${plan.id}/approve`, { body: { digest: plan.digest } })).status).toBe(403)
  const lock = (await stage.ask('POST', `/api/v1/herds/${shop}/lock`, { body: { reason: 'a kernel', holder: 'app1:42' } })).body
  expect((await stage.ask('POST', `/api/v1/herds/${shop}/lock`, { body: { reason: 'too', holder: 'app2:1' } })).status).toBe(409)
  await stage.ask('GET', `/api/v1/herds/${shop}/lock`)
  await stage.ask('PUT', `/api/v1/locks/${lock.id}`, { body: {} })
  expect((await stage.ask('GET', `/api/v1/plans/${plan.id}`)).body.waitsFor[0]).toMatch(
    /^shop on d\d: the herd is locked by admin .* from app1:42: a kernel\.$/,
  )
  // As the plan has it, null included.
  const run = (await stage.ask('POST', '/api/v1/runs', { body: { planId: plan.id, digest: plan.digest, phrase: plan.phrase } })).body
  await expect
    .poll(async () => (await stage.ask('GET', `/api/v1/runs/${run.id}`)).body.jobs[0].waitsFor, { timeout: 30_000 })
    .toMatch(/^Waits: the herd is locked by admin/)
  await stage.ask('DELETE', `/api/v1/locks/${lock.id}`)
  const events = (await stage.ask('GET', `/api/v1/runs/${run.id}/events`)).body as string
  expect(events).toContain('event: run')
  expect(events).toContain('event: end')
  expect((await stage.ask('GET', `/api/v1/runs/${run.id}/events?after=abc`)).body.fields).toEqual([
    { path: 'after', message: 'is the whole number of an event' },
  ])
  expect((await stage.ask('GET', `/api/v1/runs/${run.id}`)).body.jobs.map((job: Body) => job.waitsFor)).toEqual([null, null])
  expect((await stage.ask('POST', `/api/v1/runs/${run.id}/cancel`)).status).toBe(409)
  expect((await stage.ask('POST', `/api/v1/runs/${run.id}/resume`, { body: { decision: 'resume' } })).status).toBe(409)
  expect((await stage.ask('POST', `/api/v1/runs/${run.id}/retry`)).status).toBe(409)
  const at = new Date(Date.now() + 86_400_000).toISOString()
  const again = (await stage.ask('POST', '/api/v1/plans', { body: wanted })).body
  const scheduled = (await stage.ask('POST', '/api/v1/scheduled-runs', { body: { planId: again.id, digest: again.digest, at } })).body
  const { revision } = (await stage.ask('GET', `/api/v1/scheduled-runs/${scheduled.id}`)).body
  const later = new Date(Date.now() + 2 * 86_400_000).toISOString()
  await stage.ask('POST', `/api/v1/scheduled-runs/${scheduled.id}/move`, { body: { at: later, revision } })
  expect((await stage.ask('POST', `/api/v1/scheduled-runs/${scheduled.id}/move`, { body: { at, revision } })).status).toBe(409)
  expect((await stage.ask('POST', `/api/v1/scheduled-runs/${scheduled.id}/cancel`)).status).toBe(204)
  expect((await stage.ask('POST', `/api/v1/scheduled-runs/${scheduled.id}/cancel`)).status).toBe(409)
  await stage.ask('POST', `/api/v1/herds/${crm}/lock`, { body: { reason: 'a kernel', holder: 'app1:42' } })
  expect((await stage.ask('DELETE', `/api/v1/herds/${crm}/lock`)).status).toBe(204)
})

test('a job that needs attention is resumed and cancelled, a failed one is planned again, and another person approves', async () => {
  const { fleet } = stage.bench.served
  fleet.calls.interfere = ({ act, target }) => {
    if (act !== 'start' || target !== 'crm on p1') return undefined
    fleet.host('p1').power = 'off'
    return { how: 'fail', fault: new Fault('shell.unreachable', { because: 'The connection was lost.' }) }
  }
  try {
    const submit = async (operation: string, title: string) => {
      const plan = (await stage.ask('POST', '/api/v1/plans', { body: { operation, targets: [instanceId(title)] } })).body
      return (await stage.ask('POST', '/api/v1/runs', { body: { planId: plan.id, digest: plan.digest, phrase: plan.phrase } })).body
        .id as string
    }
    const stateOf = async (id: string) => (await stage.ask('GET', `/api/v1/runs/${id}`)).body.state
    const id = await submit('restart', 'crm on p1')
    await expect.poll(() => stateOf(id), { timeout: 60_000 }).toBe('attention')
    expect((await stage.ask('POST', `/api/v1/runs/${id}/resume`, { body: { decision: 'abandon' } })).status).toBe(200)
    await expect.poll(() => stateOf(id), { timeout: 60_000 }).toBe('failed')
    fleet.calls.interfere = () => undefined
    fleet.host('p1').power = 'on'
    expect((await stage.ask('POST', `/api/v1/runs/${id}/retry`)).status).toBe(200)
    await stage.ask('POST', `/api/v1/herds/${shop}/lock`, { body: { reason: 'a kernel', holder: 'app1:42' } })
    const waiting = await submit('restart', 'shop on d2')
    expect((await stage.ask('POST', `/api/v1/runs/${waiting}/cancel`)).status).toBe(204)
    await stage.ask('DELETE', `/api/v1/herds/${shop}/lock`)
  } finally {
    fleet.calls.interfere = () => undefined
    fleet.host('p1').power = 'on'
  }
  await getPool().query(`update environments set protection = 'two-person' where name = 'dev'`)
  const { headers } = await stage.login('ben')
  const plan = (await stage.ask('POST', '/api/v1/plans', { body: { operation: 'restart', targets: [instanceId('shop on d2')] } })).body
  expect((await stage.ask('POST', '/api/v1/runs', { body: { planId: plan.id, digest: plan.digest, phrase: plan.phrase } })).status).toBe(
    403,
  )
  expect((await stage.ask('POST', `/api/v1/plans/${plan.id}/approve`, { body: { digest: plan.digest }, by: null, headers })).status).toBe(
    204,
  )
  const allow = `/api/v1/environments/${idOf('dev')}/allow-lowering`
  expect((await stage.ask('POST', allow)).status, 'a token is no person').toBe(403)
  expect((await stage.ask('POST', allow, { by: null, headers })).status).toBe(204)
  await getPool().query(`update environments set protection = 'open' where name = 'dev'`)
})

test('the rows that a statement answered with, as JSON and as CSV', async () => {
  const body = { operation: 'run-sql', targets: [instanceId('shop on d1')], input: { sql: 'select 1' } }
  const plan = (await stage.ask('POST', '/api/v1/plans', { body })).body
  const { id } = (await stage.ask('POST', '/api/v1/runs', { body: { planId: plan.id, digest: plan.digest, phrase: plan.phrase } })).body
  await expect.poll(async () => (await stage.ask('GET', `/api/v1/runs/${id}`)).body.state, { timeout: 60_000 }).toBe('done')
  expect((await stage.ask('GET', `/api/v1/runs/${id}/results`)).body.jobs[0]).toMatchObject({ instance: 'shop on d1' })
  expect((await stage.ask('GET', `/api/v1/runs/${id}/results?format=csv`)).body).toMatch(/^instance,/)
  expect((await stage.ask('GET', `/api/v1/runs/${id}/results?format=xml`)).body.fields[0].path).toBe('format')
})

test('people, tokens, sessions and passwords', async () => {
  const { headers, sessionId } = await stage.login()
  const made = (await stage.ask('POST', '/api/v1/tokens', { body: { name: 'mine', role: 'viewer' }, by: null, headers })).body
  await stage.ask('GET', '/api/v1/me', { by: made.token })
  expect((await stage.ask('DELETE', `/api/v1/tokens/${made.id}`)).status).toBe(204)
  await stage.tokenOf('carl', 'viewer', null)
  const carl = await stage.idOf('people', 'user_name', 'carl')
  expect(
    (await stage.ask('PUT', `/api/v1/people/${carl}/password`, { body: { password: 'nine amber lanterns drift' }, by: null, headers }))
      .status,
  ).toBe(204)
  await stage.ask('GET', '/api/v1/sessions')
  expect((await stage.ask('DELETE', `/api/v1/sessions/${sessionId}`)).status).toBe(204)
})

test('a subscription: its signing secret is made, and a test is sent and answered', () => subscriptionIsAnswered(stage, viewer))

test('discovery: a host reports, is accepted and ignored', () => discoveryIsAnswered(stage))
test('discovery: a DB instance is registered with its herd', () => dbInstanceIsAnswered(stage))

test('the calls for machines, the audit chain, a server check and certificates', async () => {
  for (const path of ['/api/health', '/api/ready', '/api/openapi.json', '/metrics', '/api/v1/operations', '/api/v1/audit/verify'])
    await stage.ask('GET', path)
  await stage.ask('POST', '/api/v1/servers/check', { body: { serverId: await stage.idOf('servers', 'hostname', 'd1') } })
  const { rows } = await getPool().query<{ id: string }>('select id from environments limit 1')
  const environmentId = rows[0]!.id
  await stage.ask('POST', '/api/v1/servers/check', { body: { environmentId, address: 'not-registered.test' } })
  expect((await stage.ask('POST', '/api/v1/servers/check', { body: { environmentId } })).status).toBe(422)
})

test('samples of an instance, a herd and a host, as JSON and as CSV, what is asked in vain is named, activity and the log', async () => {
  const id = instanceId('shop on d2')
  await getPool().query('delete from samples_fresh where subject = $1', [id])
  await saveSamples([{ subject: id, secondsAgo: 20, figures: [3, 4] }])
  const server = await stage.idOf('servers', 'hostname', 'd1')
  const { body } = await stage.ask('GET', `/api/v1/instances/${id}/samples?metrics=active,commits`)
  expect(body.series.map(({ metric, points }: { metric: string; points: unknown[] }) => [metric, points.length])).toEqual([
    ['active', 1],
    ['commits', 0],
  ])
  expect((await stage.ask('GET', `/api/v1/herds/${shop}/samples`)).body.series.length).toBeGreaterThan(15)
  expect((await stage.ask('GET', `/api/v1/servers/${server}/samples?points=10`)).status).toBe(200)
  await sumFleet()
  const fleet = (await stage.ask('GET', '/api/v1/fleet/samples?metrics=active,seen')).body
  expect(fleet.series).toContainEqual(expect.objectContaining({ title: 'dev', metric: 'active', points: [expect.any(Array)] }))
  const csv = await stage.ask('GET', `/api/v1/instances/${id}/samples?metrics=active&format=csv`)
  expect(csv.body).toMatch(/^time,title,metric,low,mean,high\r\n\d{4}-.*Z,shop on d2,active,3,3,3\r\n$/)
  const wrong = await stage.ask('GET', `/api/v1/instances/${id}/samples?from=yesterday&points=0&format=xml&metrix=active`)
  expect(wrong.body.fields.map(({ path }: { path: string }) => path).sort()).toEqual(['format', 'from', 'metrix', 'points'])
  expect((await stage.ask('GET', `/api/v1/instances/${id}/log?level=errors`)).status).toBe(200)
  const unknown = await stage.ask('GET', `/api/v1/instances/${id}/log?level=worst&serch=x`)
  expect(unknown.body.fields.map(({ path }: { path: string }) => path).sort()).toEqual(['level', 'serch'])
  expect((await stage.ask('GET', `/api/v1/herds/${shop}/log?level=errors`)).status).toBe(200)
  for (const path of [`instances/${id}`, `herds/${shop}`]) expect((await stage.ask('GET', `/api/v1/${path}/activity`)).status).toBe(200)
})

test('the timeline of an instance, a herd and a server, as JSON and as CSV', async () => {
  const id = instanceId('shop on d2')
  const [{ server_id: server }] = (await getPool().query('select server_id from instances where id = $1', [id])).rows
  await getPool().query(
    `insert into fleet_events (at, kind, instance_id, herd_id, server_id, environment_id, title, was, became)
     select now(), 'role', id, herd_id, server_id, environment_id, title, 'standby', 'primary' from instances where id = $1`,
    [id],
  )
  for (const path of [`instances/${id}`, `herds/${shop}`, `servers/${server}`]) {
    const { body } = await stage.ask('GET', `/api/v1/${path}/timeline?kind=role&from=2026-01-01`)
    expect(body.lines[0]).toMatchObject({ kind: 'role', title: 'shop on d2', what: 'Is the primary now, was a standby', person: null })
    const csv = await stage.ask('GET', `/api/v1/${path}/timeline?kind=role&format=csv`)
    expect(csv.body).toMatch(/^at,kind,title,what,who,because,seconds,proof\r\n[^\n]*,role,shop on d2,/)
  }
  const wrong = await stage.ask('GET', `/api/v1/herds/${shop}/timeline?kind=rolle&from=yesterday&before=1&per=0&since=1`)
  expect(wrong.body.fields.map(({ path }: { path: string }) => path.split('.')[0]).sort()).toEqual([
    'before',
    'from',
    'kind',
    'per',
    'since',
  ])
})

test('settings of an instance, of a herd side by side and of the fleet, as JSON and as CSV', async () => {
  const id = instanceId('shop on d2')
  const { fleet } = stage.bench.served
  for (const title of ['shop on d1', 'shop on d2'])
    await lookAtSettings(
      fleet.read.serverSettings,
      { id: instanceId(title), address: fleet.instance(title).inventory.address },
      { timeoutMs: 5_000 },
    )
  const one = (await stage.ask('GET', `/api/v1/instances/${id}/settings`)).body
  expect(one).toMatchObject({ title: 'shop on d2', because: null, seenAt: expect.any(String) })
  const { name, shown } = one.settings.find(({ isDefault }: { isDefault: boolean }) => !isDefault)
  const herd = (await stage.ask('GET', `/api/v1/herds/${shop}/settings`)).body
  expect(herd.members.length).toBeGreaterThan(1)
  expect(herd.settings.map((setting: Body) => setting.name)).toContain(name)
  const found = (await stage.ask('GET', `/api/v1/settings?name=${name}&compare=is&value=${encodeURIComponent(shown)}&environment=dev`)).body
  expect(found.items).toContainEqual(expect.objectContaining({ instanceId: id, name, shown }))
  const csv = await stage.ask('GET', `/api/v1/settings?name=${name}&format=csv`)
  expect(csv.body).toMatch(new RegExp(`^instance,role,setting,value,.*\\r\\n(.*\\r\\n)*shop on d2,[a-z]+,${name},`))
  const wrong = await stage.ask('GET', '/api/v1/settings?nam=max_wal_size&compare=about&per=0')
  expect(wrong.body.fields.map(({ path }: { path: string }) => path).sort()).toEqual(['compare', 'nam', 'per'])
  expect((await stage.ask('GET', '/api/v1/settings?environment=nowhere')).body.fields[0].path).toBe('environment')
  expect((await stage.ask('GET', `/api/v1/instances/${id}/settings?look=later`)).body.fields[0].path).toBe('look')
  const counters = { calls: 2, totalMs: 3, rows: 2, blocksHit: 0, blocksRead: 0, ioMs: 0, tempBlocks: 0, walBytes: 0 }
  const text = 'select $1 from orders'
  await saveStatements(id, {
    state: 'seen',
    resetAt: null,
    statements: [{ queryId: '-7', user: 'app', database: 'shop', text, ...counters }],
  })
  const statements = (await stage.ask('GET', `/api/v1/instances/${id}/statements?order=calls`)).body
  expect(statements).toMatchObject({ state: 'seen', from: null, statements: [{ queryId: '-7', text, calls: 2, meanMs: 1.5 }] })
  expect((await stage.ask('GET', `/api/v1/instances/${id}/statements?from=yesterday`)).body.fields[0].path).toBe('from')
  const left = { database: '', object: 'left', value: 5e10, atLeast: null, details: { active: false } }
  await saveHealth(id, [{ kind: 'slot', found: [left], because: null, notApplicable: null }])
  const slotOf = ({ checks }: Body) => checks.find(({ kind }: Body) => kind === 'slot')
  for (const address of [`/api/v1/instances/${id}/health`, `/api/v1/herds/${shop}/health`])
    expect(slotOf((await stage.ask('GET', address)).body)).toMatchObject({
      state: 'critical',
      findings: [{ object: 'left', instanceId: id }],
    })
  expect((await stage.ask('GET', `/api/v1/herds/${shop}/health?look=later`)).body.fields[0].path).toBe('look')
})

test('a blueprint is imported, judged and written as a manifest', () => blueprintIsAnswered(stage, viewer))

test('a sizing rule is saved, judged over the last days, decided by hand and approved by another person, and what was saved is told', async () =>
  sizingIsAnswered(stage, shop, { viewer, other: (await stage.login('ben')).headers }))

test('scripts that were written for pygmy get its answers', () => pygmyIsAnswered(stage))

test('a run whose worker was killed says so, in the run and in its stream, until another has taken over', async () => {
  const hold = holdActs(stage.bench.served.fleet, ({ act }) => act.startsWith('stop'))
  const plan = (await stage.ask('POST', '/api/v1/plans', { body: { operation: 'restart', targets: [instanceId('shop on d2')] } })).body
  const { id } = (await stage.ask('POST', '/api/v1/runs', { body: { planId: plan.id, digest: plan.digest } })).body
  await hold.waitFor(1)
  const waitsFor = async () => (await stage.ask('GET', `/api/v1/runs/${id}`)).body.jobs[0].waitsFor
  expect(await waitsFor()).toBeNull()
  let heard = ''
  const watched = stage.ask('GET', `/api/v1/runs/${id}/events`, { heard: (text) => (heard = text) })
  await stage.worker.kill()
  await expect.poll(waitsFor, { timeout: 30_000 }).toMatch(/^Its worker \S+ is gone\. (Another takes over|No worker is running)/)
  await expect.poll(() => heard, { timeout: 30_000 }).toMatch(/Its worker \S+ is gone/)
  hold.open()
  await stage.bench.startWorker()
  expect((await watched).status).toBe(200)
  expect((await stage.ask('GET', `/api/v1/runs/${id}`)).body).toMatchObject({ state: 'done', jobs: [{ waitsFor: null }] })
})

test('of every call its success was seen, but for those that this stage cannot play', () => {
  const successes = describedCalls.flatMap(({ method, path, operation }) =>
    Object.keys(operation.responses)
      .filter((status) => status.startsWith('2'))
      .map((status) => `${method} ${path} ${status}`),
  )
  // Forms of resources beside environments are the same code.
  const generic = new RegExp(`^[A-Z]+ /api/v1/(${resources.map(({ path }) => path).join('|')})(/\\{id\\}(/history)?)? `)
  const unseen = successes.filter((call) => !stage.description.seen.has(call) && !generic.test(call))
  // A certificate needs a switchover: its own tests have it.
  expect(unseen.sort()).toEqual([
    'GET /api/v1/certificate-key 200',
    'GET /api/v1/certificates/{id}/document 200',
    // Refused to every script.
    'GET /v1/api/logs 200',
  ])
})
