import { afterAll, beforeAll, expect, test } from 'vitest'
import { getPool } from '@/db/pg/client'
import { heldBy, readCalendars } from '@/db/rules/calendars'
import { type ApiServer, serveApi } from '@/e2e/harness/api'
import { setConsoleEnvironment } from '@/e2e/harness/browser-login'
import { commands, openShell, type Shell } from '@/e2e/harness/pygmy/cookbook'
import { type Bench, openBench } from '@/e2e/harness/workers'
import { idOf } from '@/lib/adapters/memory'
import { ensureLocalAdmin } from '@/lib/auth/bootstrap'
import { createToken } from '@/lib/auth/tokens'
import { startEnv } from '@/lib/env'

const shapes = [
  { environment: 'dev', name: 'project-loadtest-1', hosts: ['db1', 'db2'] },
  { environment: 'dev', name: 'project-loadtest-jobs1', hosts: ['jobs1', 'jobs2', 'jobs3'] },
]

let bench: Bench
let api: ApiServer
let shell: Shell
let token: string
beforeAll(async () => {
  setConsoleEnvironment()
  bench = await openBench(shapes, 'postgres')
  await getPool().query(`update instances set role = case when title like '%1' then 'primary' else 'standby' end`)
  // As an import leaves them: the numbers that scripts know.
  await getPool().query(
    `insert into pygmy_numbers (kind, number, herd_id) select 'cluster', case name when $1 then 249 else 252 end, id from herds`,
    [shapes[0]!.name],
  )
  await getPool().query(`insert into pygmy_counters (kind, last) values ('rule', 11)`)
  await ensureLocalAdmin('admin', 'the first password')
  const { rows } = await getPool().query("select id from people where user_name = 'admin'")
  const admin = { kind: 'person' as const, personId: rows[0].id, name: 'admin', grants: [{ role: 'admin' as const, environmentId: null }] }
  ;({ token } = await createToken(admin, { name: 'scripts', role: 'dba', environmentId: idOf('dev'), expiresAt: null }))
  api = await serveApi()
  shell = openShell(api.url, token)
})
afterAll(async () => {
  await api?.close()
  await bench?.close()
  shell?.close()
})

const run = (command: string) => shell.run(command)
const get = async (path: string) => JSON.parse(await run(`curl http://127.0.0.1:8000${path}`))

test('every command of the cookbook does against us what it says, without a change but host and token', async () => {
  expect(commands).toHaveLength(18)
  const said: string[] = []
  for (const command of commands) said.push(await run(command))
  const [clusters, first, again, listed, put, second, dns, off, on, ...rules] = said

  expect(JSON.parse(clusters!)).toEqual([
    { id: 249, name: 'project-loadtest-1', primaryNodeIp: 'db1.test', type: 'EC2', enabled: true },
    { id: 252, name: 'project-loadtest-jobs1', primaryNodeIp: 'jobs1.test', type: 'EC2', enabled: true },
  ])
  const managed = { avg_load: '12', fallback_instances_scale_up: null, fallback_instances_scale_down: null, check_active_users: null }
  expect(JSON.parse(first!)).toEqual({ id: 1, ...managed, cluster_id: 249 })
  const withTypes = {
    ...managed,
    fallback_instances_scale_up: ['m5.24xlarge', 'm5.16xlarge'],
    fallback_instances_scale_down: ['m5.large', 'm5.xlarge'],
  }
  expect(JSON.parse(again!)).toEqual({ id: 2, ...withTypes, cluster_id: 249 })
  expect(JSON.parse(listed!)).toEqual([{ id: 2, ...withTypes, cluster_id: 249 }])
  const users = ['project%', 'bench-rw']
  const putBack = { ...withTypes, fallback_instances_scale_down: ['m5.large', 'm5.2xlarge'], check_active_users: users }
  expect(JSON.parse(put!)).toEqual({ id: 2, ...putBack, cluster_id: 249 })
  expect(JSON.parse(second!)).toMatchObject({ id: 3, avg_load: '2', check_active_users: users, cluster_id: 252 })

  // One entry of the role, and one for each standby of the other cluster.
  const entries = dns!
    .replaceAll('}{', '}\n{')
    .split('\n')
    .map((line) => JSON.parse(line))
  const byRole = { match_type: 'MATCH_ROLE', tag_role: 'Slave', cluster: 249, instance: null, hosted_zone_name: 'n/a' }
  expect(entries[0]).toMatchObject({ id: 1, ...byRole, dns_name: 'cluster1-slave-rrdns.project-loadtest.insops.net' })
  const standbys = (await get('/v1/api/instances')).filter(
    (one: { cluster: number; isPrimary: boolean }) => one.cluster === 252 && !one.isPrimary,
  )
  expect(entries.slice(1).map(({ match_type, instance, cluster }) => [match_type, instance, cluster])).toEqual(
    standbys.map(({ id }: { id: number }) => ['MATCH_INSTANCE', id, null]),
  )
  expect([JSON.parse(off!), JSON.parse(on!)]).toEqual([{ Success: 'Cluster disabled' }, { Success: 'Cluster enabled' }])

  expect(rules.map((answer) => JSON.parse(answer))).toEqual(Array(9).fill({ success: true }))
  const kept = await get('/v1/api/rules')
  expect(kept.map(({ id, name, run_at }: { id: number; name: string; run_at: string[] }) => [id, name, run_at])).toEqual([
    [14, 'Simple cluster1 control', ['0 * * * *']],
    [15, 'Simple cluster1 control (reverse)', ['30 * * * *']],
    [16, 'jobs1 downsize', ['0 10 * * *']],
    [17, 'jobs1 deadline upsize', ['55 20 * * *']],
    [18, 'jobs1 early upsize', ['0/5 11-20 * * *']],
    [19, 'jobs1 downsize', ['23 10 * * *']],
    [20, 'jobs1 deadline upsize', ['47 20 * * *']],
    [21, 'jobs1 early upsize', ['0/5 11-19 * * *', '0-47/5 20 * * *']],
  ])
  expect(kept[0]).toEqual({
    id: 14,
    name: 'Simple cluster1 control',
    cluster: 249,
    action: 'SCALE_DOWN',
    rule: {
      ec2_default_type: 'm5.2xlarge',
      ec2_role_types: null,
      rds_default_type: null,
      rds_role_types: null,
      replicationLag: { op: 'less', value: '120' },
      checkConnection: { op: 'less', value: '12' },
      averageLoad: { op: 'less', value: '32' },
      retry: { retry_after: '15', retry_max: '3' },
    },
    run_at: ['0 * * * *'],
  })
})

test('what the cookbook makes are sizing rules of this console, with their conditions, types, fallbacks and retries', async () => {
  const { rows } = await getPool().query(
    `select r.name, r.action, r.type, to_json(r.member_types) as "memberTypes", r.conditions, r.fallbacks, to_json(r.counted_clients) as counted, r.retry_minutes as minutes, r.retry_max as most, o.name as of
      from sizing_rules r join pygmy_numbers n on n.rule_id = r.id left join sizing_rules o on o.id = r.reverse_of order by n.number`,
  )
  expect(rows.slice(0, 5)).toEqual([
    {
      name: 'Simple cluster1 control',
      action: 'down',
      type: 'm5.2xlarge',
      memberTypes: [],
      conditions: 'lagSeconds < 120 and busyClients < 12 and combined.load < 32',
      fallbacks: 'm5.large, m5.2xlarge',
      counted: ['project%', 'bench-rw'],
      minutes: 15,
      most: 3,
      of: null,
    },
    expect.objectContaining({ action: 'return', type: null, fallbacks: 'm5.24xlarge, m5.16xlarge', of: 'Simple cluster1 control' }),
    expect.objectContaining({ conditions: 'lagSeconds < 60 and busyClients < 2 and combined.load < 2', minutes: 5 }),
    expect.objectContaining({ action: 'up', type: 'c5.2xlarge', memberTypes: ['Backup:c5.xlarge'], conditions: '', minutes: 5 }),
    expect.objectContaining({ action: 'up', conditions: 'lagSeconds > 60 or primary.load > 2', minutes: null, most: null }),
  ])
})

const send = async (method: string, path: string, body?: object) => {
  const response = await fetch(`${api.url}/v1/api${path}`, {
    method,
    headers: { authorization: `Basic ${Buffer.from(`x:${token}`).toString('base64')}`, 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  })
  const text = await response.text()
  return { status: response.status, body: text === '' ? null : JSON.parse(text) }
}

test('what is wrong is said in the words and with the status that scripts know, and in JSON where pygmy crashed', async () => {
  const rule = { name: 'x', cluster_id: '249', action: 'SCALE_UP', typeTime: 'DAILY', dailyTime: '07:00', ec2_default_type: 'm5.large' }
  const refused = async (change: object) => {
    const { status, body } = await send('POST', '/rules', { ...rule, ...change })
    return [status, body.error, body.data]
  }
  expect(await refused({ cluster_id: 999 })).toEqual([200, 'Invalid cluster ID', undefined])
  expect(await refused({ name: null })).toEqual([200, 'missing parameter', 'Bad Data!'])
  expect(await refused({ action: 'EXPLODE' })).toEqual([200, 'missing parameter', 'action is SCALE_DOWN or SCALE_UP.'])
  expect(await refused({ typeTime: 'CRON', cronTime: '0 25 * * *' })).toEqual([200, 'missing parameter', expect.stringContaining('“25”')])
  expect(await refused({ enableAverageLoad: 'on', averageLoad: 'much', selectAverageLoadOp: 'less' })).toEqual([
    200,
    'missing parameter',
    'averageLoad is a number.',
  ])
  expect(await refused({})).toEqual([200, undefined, undefined])
  expect(await refused({})).toEqual([200, 'missing parameter', expect.stringContaining('duplicate key value')])
  const many = (await send('GET', '/rules')).body.length
  expect(await refused({ dailyTime: '07:01', enableReverse: 'on', reverse_action: 'SCALE_DOWN', reverseDailyTime: '99:00' })).toEqual([
    200,
    'missing parameter',
    expect.stringContaining('“99”'),
  ])
  expect((await send('GET', '/rules')).body, 'a rule whose reverse rule is refused').toHaveLength(many)
  expect(await send('PUT', '/rules/77777', rule)).toEqual({ status: 200, body: { not_found: 'not found' } })
  expect((await send('DELETE', '/rules/77777')).status).toBe(404)

  expect(await send('POST', '/cluster/management', { cluster_id: 249, avg_load: true })).toEqual({
    status: 400,
    body: { avg_load: ['Not a valid string.'] },
  })
  expect((await send('POST', '/cluster/management', { cluster_id: 249, avg_load: 1 })).body).toEqual({
    cluster_id: ['This field must be unique.'],
  })
  expect(await send('GET', '/cluster/management/99')).toMatchObject({ status: 404, body: { detail: 'Not found.' } })
  const byRole = { match_type: 'MATCH_ROLE', tag_role: 'Slave', cluster: 249, dns_name: 'x', hosted_zone_name: 'n/a' }
  expect((await send('POST', '/dns', byRole)).status).toBe(400)
  expect(await send('POST', '/dns', { ...byRole, match_type: 'MATCH_INSTANCE' })).toMatchObject({
    status: 400,
    body: { match_type: [expect.any(String)] },
  })

  const toggled = async (name: string, enabled: unknown) => (await send('PUT', `/cluster/toggle/${name}`, { enabled })).body
  expect(await toggled('project-loadtest-1', 'true')).toEqual({ Success: 'Cluster was already enabled' })
  expect(await toggled('project-loadtest-1', true)).toEqual({ Error: 'Invalid boolean used for enabled field: (True)' })
  expect(await toggled('nowhere', 'true')).toEqual({ Error: 'Cluster not found' })
  expect((await send('GET', '/progressing/project-loadtest-1')).body).toEqual({ False: 'Cluster is not being processed' })
  expect(await send('PATCH', '/cluster/toggle/x')).toMatchObject({ status: 405, body: { detail: 'Method "PATCH" not allowed.' } })
  expect((await send('GET', '/logs')).body).toMatchObject({ detail: 'Authentication credentials were not provided.' })
})

test('an exception is a day in the calendars of its herds, and nothing else in them', async () => {
  await send('POST', '/exceptions', { dates: '2031-04-06, 2031-04-03', clusterIds: [249, 252] })
  const shown = async () =>
    (await send('GET', '/exceptions')).body.map((one: { id: number; exception_date: string; clusters: { id: number }[] }) => [
      one.exception_date,
      one.clusters.map(({ id }) => id),
    ])
  expect((await shown()).sort()).toEqual([
    ['2031-04-03', [249, 252]],
    ['2031-04-06', [249, 252]],
  ])
  const [first] = (await send('GET', '/exceptions')).body
  expect(first.clusters[0]).toEqual({ id: 249, value: 'project-loadtest-1-(249)' })
  await send('PUT', `/exceptions/${first.id}`, { dates: first.exception_date, clusterIds: [252] })
  const { rows } = await getPool().query(
    `select h.name, c.dates, c.holds_down and c.holds_up as all from calendars c join herds h on h.id = c.herd_id order by h.name`,
  )
  expect(rows).toEqual([
    { name: 'project-loadtest-1', dates: expect.stringMatching(/^2031-04-0[36]$/), all: true },
    { name: 'project-loadtest-jobs1', dates: '2031-04-03\n2031-04-06', all: true },
  ])
  for (const { id } of (await send('GET', '/exceptions')).body)
    expect((await send('DELETE', `/exceptions/${id}`)).body).toEqual({ success: true })
  expect((await getPool().query('select from calendars')).rowCount).toBe(0)
  expect((await send('POST', '/exceptions', { dates: '2031-02-30', clusterIds: [249] })).status).toBe(422)
})

test('a rule that was changed in the console is answered as it is now, and a disabled herd’s rules are held', async () => {
  const [rule] = (await send('GET', '/rules')).body
  const { rows } = await getPool().query(
    `update sizing_rules set conditions = 'lagSeconds < 5', type = 'm5.large', name = 'renamed' where id = (select rule_id from pygmy_numbers where number = $1 and kind = 'rule') returning herd_id, environment_id`,
    [rule.id],
  )
  const [after] = (await send('GET', '/rules')).body
  expect(after).toMatchObject({ id: rule.id, name: 'renamed', rule: { ec2_default_type: 'm5.large' } })
  expect(after.rule).not.toHaveProperty('replicationLag')
  await send('PUT', '/cluster/toggle/project-loadtest-1', { enabled: 'false' })
  const { herd_id: herdId, environment_id: environmentId } = rows[0]
  const calendars = await readCalendars([environmentId])
  for (const shrinks of [true, false])
    expect(heldBy(calendars, { shrinks, herdId, environmentId }, new Date())).toContain('project-loadtest-1 is disabled')
})

test('without a token nobody gets in, but for a program on this machine where a person is named for it', async () => {
  const open = (headers: Record<string, string>) => fetch(`${api.url}/v1/api/clusters`, { headers })
  expect(await (await open({})).json()).toMatchObject({ status: 401, detail: 'Authentication credentials were not provided.' })
  Object.assign(process.env, { PYGMY_OPEN_AS: 'admin', PLAIN_NETWORK: 'true' })
  startEnv('worker')
  try {
    expect((await open({})).status).toBe(200)
    for (const headers of [
      { origin: 'http://evil.example' },
      { 'sec-fetch-site': 'cross-site' },
      { via: '1.1 proxy' },
      { cookie: 'a=b' },
    ] as Record<string, string>[])
      expect((await open(headers)).status, JSON.stringify(headers)).toBe(401)
  } finally {
    delete process.env.PYGMY_OPEN_AS
    startEnv('worker')
    delete process.env.PLAIN_NETWORK
  }
})
