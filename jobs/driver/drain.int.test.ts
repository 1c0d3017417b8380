import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { getPool } from '@/db/pg/client'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { memoryFleet } from '@/lib/adapters/memory'
import { systemClock } from '@/lib/kernel/ground/clock'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import type { Facts } from '@/lib/kernel/operation/operation'
import { defaultPolicy } from '@/lib/kernel/operation/plan'
import { Driver } from './drive-job'

let database: TestDatabase
beforeAll(async () => {
  database = await startDatabase()
}, 120_000)
afterAll(() => database?.stop())

const query = async (text: string, values: unknown[] = []) => (await getPool().query(text, values)).rows

/** Its facts are never gathered: a driver of it is inside a step until it is stopped. */
const endless = defineOperation({
  name: 'endless',
  on: 'instance',
  role: 'dba',
  title: 'Never end',
  verb: 'Wait',
  danger: 'routine',
  input: z.strictObject({}),
  help: ['Waits until it is stopped.'],
  gather: (_ports, _input, { signal }): Promise<Facts> =>
    new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  about: () => ({ title: 'orders', environmentId: null, herdId: null, serverId: null }),
  firm: () => ({}),
  managed: { harmless: 'A test’s own.' },
  locks: () => [],
  now: () => [],
}).build()

test('a worker that is cut off while it drains gives its leases back, so that another one takes the job up at once', async () => {
  const herd = `herd:${crypto.randomUUID()}`
  const [run] = await query(
    `insert into runs (operation, resource, title, actor_name, policy, digest, jobs) values ('endless', 'instance', 'A run', 'anna', $1, 'd', 1) returning id`,
    [JSON.stringify(defaultPolicy)],
  )
  const [job] = await query(
    `insert into jobs (run_id, operation, resource, target_id, title, digest, locks)
     values ($1, 'endless', 'instance', gen_random_uuid(), 'orders', 'd', array[$2]) returning id`,
    [run!.id, herd],
  )
  const quiet = () => {}
  const driver = new Driver({
    ports: memoryFleet([]),
    holder: 'test:1',
    leaseTtlMs: 60_000,
    slots: 1,
    operationByName: () => endless,
    waker: { wakeJobs: async () => true, wakePlan: async () => true, close: async () => {} },
    clock: systemClock,
    log: { info: quiet, warn: quiet, error: quiet },
  })
  const leases = () => query('select name from leases where name = $1', [herd])
  void driver.take(job!.id)
  await expect.poll(leases, { timeout: 10_000 }).toHaveLength(1)
  await driver.drain(0)
  expect(await leases()).toEqual([])
  expect(await query('select state from jobs where id = $1', [job!.id])).toEqual([{ state: 'running' }])
})
