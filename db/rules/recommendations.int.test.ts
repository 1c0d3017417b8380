import { afterAll, beforeAll, expect, test } from 'vitest'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { hostMetrics, placeOf } from '@/lib/domain/samples/metrics'
import { systemActor } from '@/lib/kernel/access/access'
import { resourceByName } from '@/lib/resources'
import { getPool } from '../pg/client'
import { addRecord } from '../records/records'
import { makePartition } from '../samples/partitions'
import { findRecommendations } from './recommendations'

const days = 10
const dayMs = 86_400_000
let database: TestDatabase
let herd: string
beforeAll(async () => {
  database = await startDatabase()
  const add = async (resource: string, values: object) => (await addRecord(systemActor, resourceByName(resource)!, values)).id
  const environment = await add('environment', { name: 'prod', colour: 'red', protection: 'confirm' })
  herd = await add('herd', { name: 'shop', environmentId: environment, baseName: 'shop', port: 5432, dataDirectory: '/d' })
  const bare = await add('herd', { name: 'bare', environmentId: environment, baseName: 'bare', port: 5433, dataDirectory: '/d' })
  for (const n of [1, 2, 3]) {
    const server = await add('server', { hostname: `db${n}`, environmentId: environment, address: `10.0.0.${n}` })
    await add('instance', { herdId: n < 3 ? herd : bare, serverId: server })
  }
  const pool = getPool()
  await pool.query('update servers set cpus = 8')
  await pool.query(`update instances set role = case when title like '%db1' then 'primary' else 'standby' end`)
  await pool.query(`insert into cloud_accounts (environment_id, name) values ($1, 'aws')`, [environment])
  await pool.query(
    `insert into machines (account_id, environment_id, title, instance_id, region, zone, type, family, state, server_id, tie)
      select a.id, s.environment_id, s.hostname, 'i-' || s.hostname, 'us-east-1', 'us-east-1a', 'm5.2xlarge', 'm5', 'running', s.id, 'tied'
      from servers s, cloud_accounts a where s.hostname <> 'db3'`,
  )
  for (let back = 0; back <= days; back++) await makePartition(pool, 'samples_daily', new Date(Date.now() - back * dayMs))
  await pool.query(
    `insert into samples_daily (subject, day, slots, lows, means, highs)
      select s.id, d, (select array_agg(slot order by slot) from generate_series(0, 143) slot), c.codes, c.codes, c.codes
        from servers s, generate_series(date_trunc('day', now(), 'UTC') - $1 * interval '1 day', date_trunc('day', now(), 'UTC') - interval '1 day', '1 day') d,
          lateral (select array_agg(sample_code(case when n = $2 then case when slot / 6 between 6 and 21 then 0.7 else 0.1 end end) order by slot, n) as codes
            from generate_series(0, 143) slot, generate_series(1, $3::int) n) c`,
    [days, placeOf(hostMetrics, 'loadPerCpu'), hostMetrics.length],
  )
})
afterAll(() => database?.stop())

const found = async () =>
  (await getPool().query('select r.*, h.name from sizing_recommendations r join herds h on h.id = r.herd_id order by h.name')).rows

test('a herd with quiet nights is told so once a day by what was recorded, one without machines is not asked, and a rule that seldom acts is shown in its place', async () => {
  const now = new Date()
  expect(await findRecommendations(now, 10)).toBe(1)
  expect(await findRecommendations(now, 10)).toBe(0)
  expect(await found()).toMatchObject([
    {
      ...{ name: 'shop', kind: 'shrink', from_type: 'm5.2xlarge', type: 'm5.large', from_hour: 22, until_hour: 6, saved_usd: 70 },
      title: 'shop',
    },
  ])
  const [{ evidence }] = await found()
  expect(evidence).toMatchObject({ days, limit: 1.2 })
  expect(evidence.points).toHaveLength(24 * days)

  const { rows } = await getPool().query<{ id: string }>(
    `insert into sizing_rules (herd_id, name, action, type, schedules) values ($1, 'shrink', 'down', 'm5.large', '22:00') returning id`,
    [herd],
  )
  const tomorrow = new Date(now.getTime() + dayMs + 1)
  expect(await findRecommendations(tomorrow, 10)).toBe(1)
  expect(await found()).toMatchObject([{ kind: 'covered', because: 'The rule “shrink” shrinks its standbys.' }])
  await getPool().query(
    `insert into sizing_decisions (rule_id, herd_id, environment_id, title, occurrence, rule_revision, state)
      select r.id, r.herd_id, r.environment_id, r.name, now() - n * interval '1 day', 1, case when n % 2 = 0 then 'not-met' else 'submitted' end
        from sizing_rules r, generate_series(1, 8) n`,
  )
  await findRecommendations(new Date(tomorrow.getTime() + dayMs + 1), 10)
  expect(await found()).toMatchObject([
    { kind: 'review', rule_id: rows[0]!.id, because: expect.stringContaining('4 of the 8 times it was due') },
  ])
})
