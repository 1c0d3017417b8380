import { afterAll, beforeAll, expect, test } from 'vitest'
import { closeDb, getPool, setDatabase } from '@/db/pg/client'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { until } from '@/e2e/harness/hold'
import { startRedis } from '@/e2e/harness/workers'
import { GET } from './route'

let database: TestDatabase
let redis: Awaited<ReturnType<typeof startRedis>>

beforeAll(async () => {
  ;[database, redis] = await Promise.all([startDatabase(), startRedis()])
  process.env.AUTH_SECRET = 'a secret of the tests that is long enough'
  process.env.DATABASE_URL = 'postgres://unused'
  process.env.REDIS_URL = redis.url
})
afterAll(async () => {
  await redis?.stop()
  await database?.stop()
})

const ready = async () => {
  const response = await GET(new Request('http://console.test/api/ready'), { params: Promise.resolve({}) })
  const { parts } = (await response.json()) as { parts: { name: string; ok: boolean; because: string }[] }
  return { status: response.status, notOk: parts.filter(({ ok }) => !ok).map(({ name }) => name), names: parts.map(({ name }) => name) }
}
const all = ['database', 'redis', 'worker']

test('readiness names every part that does not answer: no worker, no Redis, no database, and is back when they are', async () => {
  expect(await ready()).toEqual({ status: 503, notOk: ['worker'], names: all })
  await getPool().query(`insert into workers (id, host, pid, seen_at) values (gen_random_uuid(), 'w', 1, now())`)
  expect(await ready()).toEqual({ status: 200, notOk: [], names: all })
  await redis.kill()
  expect(await ready()).toEqual({ status: 503, notOk: ['redis'], names: all })
  await redis.start()
  await until('Redis to be back', async () => (await ready()).status === 200)
  await closeDb()
  setDatabase('postgres://nobody@127.0.0.1:1/none')
  expect((await ready()).notOk).toEqual(['database', 'worker'])
  await closeDb()
  setDatabase(database.connectionString)
  expect((await ready()).status).toBe(200)
})
