import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { getPool } from '@/db/pg/client'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { pausableFleet } from '@/e2e/harness/twin/patroni'
import { registerFleet } from '@/e2e/harness/workers'
import { makePlan } from '@/jobs/driver/make-plan'
import type { MemoryFleet } from '@/lib/adapters/memory'
import { operationByName } from '@/lib/operations'
import { startLeaderWatch } from '.'

let database: TestDatabase
let fleet: MemoryFleet
let stops: (() => Promise<void>)[]
beforeAll(async () => {
  database = await startDatabase()
})
afterAll(() => database?.stop())
beforeEach(async () => {
  fleet = pausableFleet()
  stops = []
  await getPool().query('truncate environments, servers, herds, instances, poolers, leases, plans, runs, followed_leaders cascade')
  await registerFleet(fleet)
  await getPool().query(
    `update instances set manager = 'patroni', state = 'online', role = case when id = $1 then 'primary' else 'standby' end where herd_id = $2`,
    [idOn('n1'), herdId()],
  )
})
afterEach(async () => {
  for (const stop of stops) await stop()
})

const idOn = (host: string): string => fleet.instance(`shop on ${host}`).inventory.id
const herdId = (): string => fleet.instance('shop on n1').inventory.herdId
const log = { info: () => {}, warn: () => {}, error: () => {} }

/** A worker's watch. `wakePlan`: by its queue; makes the plan at once where nothing else is said. */
const begin = async (holder: string, wakePlan?: (planId: string) => Promise<boolean>): Promise<{ stop: () => Promise<void> }> => {
  const make = async (planId: string) => {
    await makePlan({ ports: fleet.read, holder, operationByName, log }, planId)
    return true
  }
  const waker = { wakePlan: wakePlan ?? make, wakeJobs: async () => {} }
  const watch = await startLeaderWatch({ ports: fleet, waker: waker as never, holder, log }, { reloadEveryMs: 50, leaseTtlMs: 400 })
  stops.push(watch.stop)
  return watch
}
const followed = async () =>
  (await getPool().query<{ id: string | null }>('select (select primary_id from followed_leaders where herd_id = $1) as id', [herdId()]))
    .rows[0]!.id
const runs = async () =>
  (await getPool().query<{ count: number }>(`select count(*)::int from runs where operation = 'follow-leader'`)).rows[0]!.count
/** Patroni has promoted n2, and the host of n1 is off. */
const failOver = () => {
  fleet.host('n1').power = 'off'
  Object.assign(fleet.instance('shop on n2'), { hasStandbySignal: false, ranAsStandby: false, upstreamId: null, timeline: 2 })
}
const within = { timeout: 15_000, interval: 30 }

test('a worker that dies after it heard of a promotion leaves it to the next one, which follows it, though the console has seen the new primary meanwhile', async () => {
  let bury = (_why: Error) => {}
  const dead = new Promise<boolean>((_resolve, reject) => {
    bury = reject
  })
  const dying = await begin('first', () => dead)
  await expect.poll(followed, within).toBe(idOn('n1'))
  failOver()
  await expect.poll(async () => (await getPool().query(`select from plans where operation = 'follow-leader'`)).rowCount, within).toBe(1)
  const gone = dying.stop()
  await getPool().query(`update instances set role = case when id = $1 then 'primary' else 'standby' end where herd_id = $2`, [
    idOn('n2'),
    herdId(),
  ])
  expect([await followed(), await runs()]).toEqual([idOn('n1'), 0])
  await begin('second')
  await expect.poll(followed, within).toBe(idOn('n2'))
  expect(await runs()).toBe(1)
  bury(new Error('killed'))
  await gone
})

test('two workers that both believe to be the one that watches follow a promotion once', async () => {
  await begin('first')
  await expect.poll(followed, within).toBe(idOn('n1'))
  await getPool().query('delete from leases')
  await begin('second')
  const taking = setInterval(
    () =>
      void getPool()
        .query(`delete from leases where name = 'leader-watch'`)
        .catch(() => {}),
    20,
  )
  try {
    failOver()
    await expect.poll(followed, within).toBe(idOn('n2'))
    await expect.poll(runs, within).toBe(1)
  } finally {
    clearInterval(taking)
  }
  for (const stop of stops.splice(0)) await stop()
  expect(await runs()).toBe(1)
})

test('with the queue lost a promotion is followed as soon as a plan is made, however that comes', async () => {
  let isLost = true
  await begin('first', async (planId) => {
    if (isLost) throw new Error('connect ECONNREFUSED')
    await makePlan({ ports: fleet.read, holder: 'first', operationByName, log }, planId)
    return true
  })
  await expect.poll(followed, within).toBe(idOn('n1'))
  failOver()
  await expect
    .poll(async () => (await getPool().query(`select from plans where operation = 'follow-leader'`)).rowCount, within)
    .toBeGreaterThan(1)
  expect(await runs()).toBe(0)
  isLost = false
  await expect.poll(runs, within).toBe(1)
})

test('a promotion in the middle of a job of ours is followed once that job has ended; one that only a second primary claims never is', async () => {
  await begin('first')
  await expect.poll(followed, within).toBe(idOn('n1'))
  await getPool().query(
    `insert into leases (name, token, holder, reason, acquired_at, expires_at) values ($1, gen_random_uuid(), 'job', 'restart', now(), now() + interval '1 h')`,
    [`herd:${herdId()}`],
  )
  failOver()
  Object.assign(fleet.instance('shop on n3'), { hasStandbySignal: false })
  await new Promise((resolve) => setTimeout(resolve, 300))
  Object.assign(fleet.instance('shop on n3'), { hasStandbySignal: true })
  expect(await runs()).toBe(0)
  await getPool().query('delete from leases where name = $1', [`herd:${herdId()}`])
  await expect.poll(runs, within).toBe(1)
  expect(await followed()).toBe(idOn('n2'))
})
