import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { getPool } from '@/db/pg/client'
import { type ApiServer, serveApi } from '@/e2e/harness/api'
import { setConsoleEnvironment } from '@/e2e/harness/browser-login'
import { runCli } from '@/e2e/harness/cli'
import { type Bench, openBench } from '@/e2e/harness/workers'
import { idOf } from '@/lib/adapters/memory'
import { ensureLocalAdmin } from '@/lib/auth/bootstrap'
import { createToken } from '@/lib/auth/tokens'
import type { Role } from '@/lib/kernel/access/access'

/** A pygmy as Django keeps it, with something of each kind that can be imported and something that cannot. */
const pygmy = `
create table engine_clusterinfo (id int, name text, "primaryNodeIp" text, "databaseName" text, enabled bool, type text);
create table engine_ec2dbinfo (id int, instance_id text, "isPrimary" bool, cluster_id int);
create table engine_clustermanagement (id int, avg_load text, fallback_instances_scale_up jsonb, fallback_instances_scale_down jsonb, check_active_users jsonb, cluster_id_id int);
create table engine_rules (id int, name text, cluster_id int, rule jsonb, action text, run_type text, run_at text[], parent_rule_id int, rule_logic text);
create table engine_dnsdata (id int, hosted_zone_name text, dns_name text, match_type text, instance_id int, cluster_id int, tag_role text);
create table engine_exceptiondata (id int, exception_date date, clusters jsonb);
create table engine_dbcredentials (id int, password text);
insert into engine_dbcredentials values (1, 'secret of the pygmy');
insert into engine_clusterinfo values (249, 'shop', '', 'postgres', true, 'EC2'), (252, 'project-loadtest-jobs1', '', 'postgres', false, 'EC2'), (9, 'gone', '10.9.9.9', 'postgres', true, 'EC2');
insert into engine_ec2dbinfo values (31, 'i-shop-2', false, 249), (32, 'i-jobs-2', false, 252), (33, 'i-nowhere', false, 9);
insert into engine_clustermanagement values (4, '12', '["m5.24xlarge"]', '["m5.large"]', '["project%"]', 249);
insert into engine_rules values
  (12, 'night', 249, '{"ec2_default_type": "m5.large", "ec2_role_types": ["Backup:m5.xlarge"], "rds_default_type": null, "rds_role_types": null, "averageLoad": {"op": "less", "value": "32"}, "retry": {"retry_after": "15", "retry_max": "3"}}', 'SCALE_DOWN', 'CRON', '{"0 22 * * *","0/5 23 * * *"}', null, 'ALL'),
  (13, 'night', 249, '{}', 'SCALE_UP', 'CRON', '{"30 6 * * *"}', 12, 'ALL'),
  (14, 'broken', 249, '{"ec2_default_type": "m5.large"}', 'SCALE_UP', 'CRON', '{"@reboot"}', null, 'ALL'),
  (15, 'lost', 9, '{"ec2_default_type": "m5.large"}', 'SCALE_UP', 'CRON', '{"0 6 * * *"}', null, 'ALL'),
  (16, 'replica', 252, '{"ec2_default_type": null, "ec2_role_types": null, "rds_default_type": "db.m5.large", "rds_role_types": null}', 'SCALE_DOWN', 'CRON', '{"0 1 * * *"}', null, 'ALL');
insert into engine_dnsdata values (1, 'n/a', 'shop-ro.example.org', 'MATCH_INSTANCE', 31, null, null), (2, 'n/a', 'jobs-ro.example.org', 'MATCH_ROLE', null, 252, 'Slave');
insert into engine_exceptiondata values (7, '2031-04-06', '[{"id": 249, "value": "shop-(249)"}, {"id": 9, "value": "gone-(9)"}]'), (8, '2020-01-01', '[{"id": 249}]');
`

let bench: Bench
let api: ApiServer
let home: string
let source: string
const tokens: Record<string, string> = {}
beforeAll(async () => {
  setConsoleEnvironment()
  bench = await openBench(
    [
      { environment: 'dev', name: 'shop', hosts: ['shop-1', 'shop-2'] },
      { environment: 'dev', name: 'jobs', hosts: ['jobs-1', 'jobs-2'] },
    ],
    'postgres',
  )
  await getPool().query(`update instances set role = case when title like '%1' then 'primary' else 'standby' end`)
  await getPool().query(`insert into cloud_accounts (environment_id, name) select id, name from environments`)
  await getPool().query(
    `insert into machines (account_id, environment_id, title, instance_id, region, zone, type, family, state, server_id, tie)
      select a.id, s.environment_id, s.hostname, 'i-' || s.hostname, 'us-east-1', 'us-east-1a', 'm5.xlarge', 'm5', 'running', s.id, 'tied'
      from servers s join cloud_accounts a on a.environment_id = s.environment_id`,
  )
  await ensureLocalAdmin('admin', 'the first password')
  const { rows } = await getPool().query("select id from people where user_name = 'admin'")
  const admin = { kind: 'person' as const, personId: rows[0].id, name: 'admin', grants: [{ role: 'admin' as const, environmentId: null }] }
  for (const role of ['dba', 'viewer'] as Role[])
    tokens[role] = (await createToken(admin, { name: role, role, environmentId: idOf('dev'), expiresAt: null })).token
  home = mkdtempSync(join(tmpdir(), 'import-'))
  await getPool().query('create database pygmy')
  source = bench.postgres.connectionString.replace(/\/[^/?]+(\?|$)/, '/pygmy$1')
  const client = new pg.Client({ connectionString: source })
  await client.connect()
  await client.query(pygmy)
  await client.end()
  api = await serveApi()
})
afterAll(async () => {
  await api?.close()
  await bench?.close()
  if (home) rmSync(home, { recursive: true })
})

const cli = (args: string[], role = 'dba') => runCli({ url: api.url, token: tokens[role]!, home }, ['import-pygmy', ...args])

test('a pygmy’s database is read for a dry run that says what becomes of each thing, is imported by its digest, and imported again changes nothing', async () => {
  const zone = ['--time-zone', 'Europe/Berlin']
  const dry = await cli(['--database', source, ...zone])
  expect(dry.err).toBe('')
  expect(dry.code).toBe(4)
  expect(dry.out).not.toContain('secret of the pygmy')
  for (const said of [
    /\+ +cluster +249 +shop +Herd shop\./,
    /\+ +cluster +252 +project-loadtest-jobs1 +Herd jobs, disabled\./,
    /- +cluster +9 +gone +No herd is called so/,
    /- +instance +33 +i-nowhere +No instance is on a machine i-nowhere\./,
    /\+ +rule +12 +night +m5\.large at 0 22 \* \* \*; 0\/5 23 \* \* \* if combined\.load < 32, with a reverse rule at 30 6 \* \* \*\./,
    /\+ +rule +16 +replica +db\.m5\.large at 0 1 \* \* \*\./,
    /- +rule +14 +broken +“@reboot”/,
    /- +rule +15 +lost +Its cluster is not imported\./,
    /\+ +dns +1 +shop-ro\.example\.org +Of shop on shop-2\./,
    /\+ +exception +7 +2031-04-06 +In the calendars of shop; 1 of its clusters are not imported\./,
    /- +exception +8 +2020-01-01 +It is over\./,
    /passwords and AWS keys/,
  ])
    expect(dry.out).toMatch(said)
  expect((await getPool().query('select from sizing_rules')).rowCount, 'a dry run').toBe(0)

  const [, digest] = /--apply (\w+)/.exec(dry.out)!
  expect((await cli(['--database', source, ...zone, '--apply', 'another'])).code).toBe(5)
  const applied = await cli(['--database', source, ...zone, '--apply', digest!])
  expect(applied.out).toMatch(/10 added, 0 there already, 5 not imported, 0 failed\./)
  const again = await cli(['--database', source, ...zone])
  expect(again.out).toMatch(/0 to add, 10 there already, 5 not imported/)

  const get = async (path: string) =>
    (await fetch(`${api.url}/v1/api${path}`, { headers: { authorization: `Bearer ${tokens.dba}` } })).json()
  expect((await get('/clusters')).map(({ id, name, enabled }: Record<string, unknown>) => [id, name, enabled])).toEqual([
    [252, 'project-loadtest-jobs1', false],
    [249, 'shop', true],
  ])
  expect((await get('/rules')).map(({ id, action, rule }: Record<string, unknown>) => [id, action, rule])).toEqual([
    [12, 'SCALE_DOWN', expect.objectContaining({ averageLoad: { op: 'less', value: '32' }, ec2_role_types: ['Backup:m5.xlarge'] })],
    [13, 'SCALE_UP', {}],
    [16, 'SCALE_DOWN', expect.objectContaining({ ec2_default_type: null, rds_default_type: 'db.m5.large' })],
  ])
  expect(await get('/cluster/management/4')).toMatchObject({ cluster_id: 249, fallback_instances_scale_down: ['m5.large'] })
  const { rows } = await getPool().query(
    `select zone, fallbacks, actor_name as "actor" from sizing_rules, audit where act = 'sizing-rule.import' and action = 'down' and name = 'night'`,
  )
  expect(rows).toEqual([{ zone: 'Europe/Berlin', fallbacks: 'm5.large', actor: 'admin (token dba)' }])
})

test('a dump in either format says the same as its database, and who may not save rules is told so for each thing', async () => {
  const [plain, custom] = [join(home, 'pygmy.sql'), join(home, 'pygmy.dump')]
  await promisify(execFile)('pg_dump', ['--file', plain, source])
  await promisify(execFile)('pg_dump', ['-Fc', '--file', custom, source])
  const [fromDatabase, fromPlain, fromCustom] = [
    await cli(['--database', source, '-o', 'json']),
    await cli([plain, '-o', 'json']),
    await cli([custom, '-o', 'json']),
  ]
  expect(JSON.parse(fromPlain.out)).toEqual(JSON.parse(fromDatabase.out))
  expect(JSON.parse(fromCustom.out)).toEqual(JSON.parse(fromDatabase.out))
  const { out } = await cli([plain], 'viewer')
  expect(out).toMatch(/- +cluster +249 +shop +You do not have the permission sizing-rule\.add there\./)
  expect(out).toMatch(/0 to add/)
  writeFileSync(plain, 'create table x (id int);\n')
  expect(await cli([plain])).toMatchObject({ code: 2, err: expect.stringContaining('no tables of a pygmy') })
})
