import { type AddressInfo, createServer } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
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

const told = async () => {
  const response = await GET(new Request('http://console.test/api/ready'), { params: Promise.resolve({}) })
  const text = await response.text()
  const { parts } = JSON.parse(text) as { parts: { name: string; ok: boolean; because: string }[] }
  return {
    status: response.status,
    notOk: parts.filter(({ ok }) => !ok).map(({ name }) => name),
    names: parts.map(({ name }) => name),
    text,
  }
}
const all = ['database', 'redis', 'worker']
/** An answer stands for a second. */
const untilTold = (notOk: string[]) =>
  until(`${notOk.join(' and ') || 'nothing'} not to answer`, async () => {
    const { text: _, ...now } = await told()
    return isDeepStrictEqual(now, { status: notOk.length > 0 ? 503 : 200, notOk, names: all })
  })

test('readiness names every part that does not answer: no worker, no Redis, no database, and is back when they are', async () => {
  await untilTold(['worker'])
  await getPool().query(`insert into workers (id, host, pid, seen_at) values (gen_random_uuid(), 'w', 1, now())`)
  await untilTold([])
  await redis.kill()
  await untilTold(['redis'])
  await redis.start()
  await untilTold([])
  await closeDb()
  setDatabase('postgres://nobody@127.0.0.1:1/none')
  await untilTold(['database', 'worker'])
  await closeDb()
  setDatabase(database.connectionString)
  await untilTold([])
})

test('however many ask, the database is asked once a second, and nobody is told where it is', async () => {
  let connections = 0
  const listener = createServer((socket) => {
    connections += 1
    socket.destroy()
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const { port } = listener.address() as AddressInfo
  await closeDb()
  setDatabase(`postgres://nobody@127.0.0.1:${port}/none`)
  await untilTold(['database', 'worker'])
  const before = connections
  const startedAt = performance.now()
  const answers = await Promise.all(Array.from({ length: 100 }, told))
  expect(connections - before).toBeLessThanOrEqual(1 + Math.floor((performance.now() - startedAt) / 1_000))
  for (const { text } of answers) expect(text).not.toMatch(/127\.0\.0\.1|ECONN|nobody|terminated/i)
  await closeDb()
  setDatabase(database.connectionString)
  await new Promise((resolve) => listener.close(resolve))
})
