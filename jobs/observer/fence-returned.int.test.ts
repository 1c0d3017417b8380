import { afterAll, beforeAll, expect, test } from 'vitest'
import { getPool } from '@/db/pg/client'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { memoryFleet } from '@/lib/adapters/memory'
import { fenceOnce } from './fence-returned'

let database: TestDatabase
beforeAll(async () => {
  database = await startDatabase()
}, 120_000)
afterAll(() => database?.stop())

const query = async (text: string, values: unknown[] = []) => (await getPool().query(text, values)).rows

test('a herd is locked for fencing no longer than a lease lives: it is renewed while the work goes on, and given back at its end', async () => {
  const [environment] = await query(`insert into environments (name) values ('prod') returning id`)
  const [server] = await query('insert into servers (environment_id, hostname, address) values ($1, $2, $2) returning id', [
    environment!.id,
    'h1',
  ])
  const [herd] = await query(
    `insert into herds (environment_id, name, base_name, data_directory) values ($1, 'shop', 'shop', '/data') returning id`,
    [environment!.id],
  )
  await query(
    `insert into instances (herd_id, server_id, state, role, observed_at, replaced_at, replaced_because)
     values ($1, $2, 'online', 'primary', now(), now(), 'b')`,
    [herd!.id, server!.id],
  )
  let end: (error: Error) => void = () => {}
  const fleet = memoryFleet([])
  fleet.read.inventory.herdStanding = () =>
    new Promise((_resolve, reject) => {
      end = reject
    })
  const quiet = () => {}
  const fencing = fenceOnce({
    ports: fleet,
    holder: 'test:1',
    log: { info: quiet, warn: quiet, error: quiet },
  })
  const lease = async () =>
    (
      await query(
        'select expires_at as at, extract(epoch from expires_at - clock_timestamp())::float8 as seconds from leases where name = $1',
        [`herd:${herd!.id}`],
      )
    )[0]
  await expect.poll(lease, { timeout: 10_000 }).toBeDefined()
  const first = await lease()
  expect(first!.seconds).toBeLessThanOrEqual(15)
  await expect.poll(async () => (await lease())!.at > first!.at, { timeout: 10_000 }).toBe(true)
  end(new Error('its host is gone'))
  await expect(fencing).rejects.toThrow('its host is gone')
  expect(await lease()).toBeUndefined()
})
