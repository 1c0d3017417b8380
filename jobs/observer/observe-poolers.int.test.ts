import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { fleetFacts } from '@/db/fleet/front-page'
import { makeInventoryAct } from '@/db/fleet/herd-members'
import { getPool } from '@/db/pg/client'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { openPoolers, type PoolerStage } from '@/e2e/harness/twin/observed-poolers'
import { systemActor } from '@/lib/kernel/access/access'

let database: TestDatabase
let stage: PoolerStage
beforeAll(async () => {
  database = await startDatabase()
})
afterAll(() => database?.stop())
beforeEach(async () => {
  stage = await openPoolers()
})

test('what a pooler shows is kept, with what it points to, what it should point to, and how busy it is', async () => {
  await stage.observe()
  expect(await stage.row()).toMatchObject({
    state: 'online',
    version: '1.18.0',
    pool_mode: 'transaction',
    paused: 'no',
    follows: 'right',
    target: `${stage.addressOf('n1')}:5432`,
    wanted: `${stage.addressOf('n1')}:5432`,
    stale_since: null,
    databases: 1,
    seen: [{ name: 'orders', pace: { transactionsPerSecond: 0, waitMicroseconds: 0 } }],
  })
})

test('a managed pooler is brought to a primary that moved behind the console’s back, under a token of its own', async () => {
  await stage.manage()
  await stage.movePrimary()
  await stage.observe()
  expect(stage.pooler().databases.get('orders')!.host).toBe(stage.addressOf('n2'))
  expect(stage.pooler().file!.text).toContain(`host=${stage.addressOf('n2')} port=5432`)
  expect(await stage.row()).toMatchObject({
    follows: 'right',
    target: `${stage.addressOf('n2')}:5432`,
    stale_since: null,
    fence: String(stage.pooler().fence),
  })
})

test('a pooler that was deleted and registered again still follows its primary: its tokens are higher than those in its file', async () => {
  const token = await makeInventoryAct().claimPooler(stage.ids.pooler, { timeoutMs: 10_000 })
  expect(await makeInventoryAct().claimPooler(stage.ids.pooler, { timeoutMs: 10_000 })).toBeGreaterThan(token)
  await getPool().query('update poolers set fence = 0')
  stage.pooler().fences.set('', token)
  await stage.manage()
  await stage.movePrimary()
  await stage.observe()
  expect(stage.pooler().databases.get('orders')!.host).toBe(stage.addressOf('n2'))
})

test('a file of somebody’s own is never written: the pooler is stale, and a problem of the front page after five seconds', async () => {
  await stage.movePrimary()
  await stage.observe()
  expect(stage.pooler().applied).toEqual([])
  expect(await stage.row()).toMatchObject({
    follows: 'stale',
    because: 'it points to orders on n1, and its file is not managed by the console',
  })
  expect((await fleetFacts(systemActor)).poolers).toEqual([])
  await getPool().query(`update poolers set stale_since = now() - interval '6 s' where id = $1`, [stage.ids.pooler])
  await expect
    .poll(async () => (await fleetFacts(systemActor)).poolers, { timeout: 20_000 })
    .toMatchObject([{ trouble: 'stale', wanted: `${stage.addressOf('n2')}:5432`, total: 1 }])
})

test('nothing is moved while a person holds the herd’s lock', async () => {
  await stage.manage()
  await stage.movePrimary()
  await stage.lockOrders()
  await stage.observe()
  expect(stage.pooler().applied).toEqual([])
  expect((await stage.row()).follows).toBe('stale')
})

test('nor once a job has taken it since the round began', async () => {
  await stage.manage()
  await stage.movePrimary()
  stage.meanwhile.probe = () => stage.lockOrders()
  await stage.observe()
  expect(stage.pooler().applied).toEqual([])
  expect(await stage.row()).toMatchObject({ follows: 'stale', because: 'a job works on the herd' })
})

test('a pooler on a host that hangs holds up no other: those are brought along meanwhile', async () => {
  await getPool().query(
    `insert into poolers (herd_id, server_id, port)
     select $1, id, 6433 from servers where hostname = 'front'`,
    [stage.ids.herd],
  )
  await stage.manage()
  await stage.movePrimary()
  let answer = () => {}
  const answered = new Promise<void>((resolve) => {
    answer = resolve
  })
  stage.meanwhile.look = ({ port }) => (port === 6433 ? answered : Promise.resolve())
  const round = stage.observe()
  await expect.poll(async () => (await stage.row()).follows, { timeout: 20_000 }).toBe('right')
  answer()
  await round
})

test('a failover that still holds the herd’s lock keeps no pooler from following', async () => {
  await stage.manage()
  await stage.movePrimary()
  const { rows } = await getPool().query(
    `with r as (
       insert into runs (operation, resource, title, actor_name, policy, digest, environment_ids)
       values ('failover', 'dr-pair', 'orders', 'ada', '{}', 'd', '{}') returning id
     )
     insert into jobs (run_id, operation, resource, target_id, title, digest, state)
     select id, 'failover', 'dr-pair', $1, 'orders', 'd', 'running' from r returning id`,
    [stage.ids.herd],
  )
  await getPool().query(
    `insert into leases (name, token, holder, reason, job_id, expires_at)
     values ($1, gen_random_uuid(), 'a job', 'fails over', $2, now() + interval '1 min')`,
    [`herd:${stage.ids.herd}`, rows[0].id],
  )
  await stage.observe()
  expect(await stage.row()).toMatchObject({ follows: 'right', target: `${stage.addressOf('n2')}:5432` })
})

test('a fact that is no longer true moves nothing: the primary is asked again first', async () => {
  await stage.manage()
  await getPool().query(`update instances set role = 'standby' where id = $1`, [stage.ids.instances[0]])
  await getPool().query(`update instances set role = 'primary' where id = $1`, [stage.ids.instances[1]])
  await stage.observe()
  expect(stage.pooler().applied).toEqual([])
  expect((await stage.row()).because).toBe('orders on n2 is online, standby')
})

test('a pooler that stays paused is kept with since when, and is free again when it is resumed', async () => {
  stage.pooler().databases.get('orders')!.isPaused = true
  await stage.observe()
  const first = await stage.row()
  await stage.observe()
  expect(await stage.row()).toMatchObject({ paused: 'all', paused_since: first.paused_since })
  stage.pooler().databases.get('orders')!.isPaused = false
  await stage.observe()
  expect(await stage.row()).toMatchObject({ paused: 'no', paused_since: null })
})

test('a pooler that does not answer says why, and keeps nothing that was not seen', async () => {
  stage.pooler().isRunning = false
  await stage.observe()
  expect(await stage.row()).toMatchObject({ state: 'stopped', paused: 'unknown', follows: 'unknown', target: null, clients: null })
})
