import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { makeInventory } from '@/db/fleet/inventory'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { ids, openShop, row } from '@/e2e/harness/observed-shop'
import { Fault } from '@/lib/kernel/ground/errors'
import { makeSizeLooks } from './observe-sizes'

let database: TestDatabase
beforeAll(async () => {
  database = await startDatabase()
})
afterAll(() => database.stop())
beforeEach(openShop)

const { signal } = new AbortController()
const minute = 60_000
const shop = (name: string) => makeInventory().instance(ids[name]!)

test('an instance is sized once in ten minutes, and what was seen stays while it does not say', async () => {
  let now = 0
  let answer: () => Promise<number> = async () => 5e9
  const looks = makeSizeLooks(
    () => answer(),
    () => now,
  )
  await looks.offer(await shop('a'), signal)
  const first = await row('a')
  expect(first.size_bytes).toBe('5000000000')
  now += 9 * minute
  expect(looks.offer(await shop('a'), signal)).toBeNull()
  now += minute
  answer = () => Promise.reject(new Fault('sql.timeout', { because: 'the statement did not end' }))
  await looks.offer(await shop('a'), signal)
  expect(await row('a')).toMatchObject({ size_bytes: '5000000000', size_seen_at: first.size_seen_at })
  expect(looks.offer(await shop('a'), signal)).toBeNull()
  looks.load(new Set([ids.b!]))
  now += minute
  answer = async () => 6e9
  await looks.offer(await shop('a'), signal)
  expect((await row('a')).size_bytes).toBe('6000000000')
})

test('four are sized at once; another one after its next look', async () => {
  const open: ((bytes: number) => void)[] = []
  const looks = makeSizeLooks(() => new Promise((resolve) => open.push(resolve)))
  const instance = await shop('a')
  const under = (id: string) => looks.offer({ ...instance, id }, signal)
  const four = [ids.a!, ids.b!, ids.c!, crypto.randomUUID()].map(under)
  expect(four).not.toContain(null)
  const other = crypto.randomUUID()
  expect(under(other)).toBeNull()
  for (const answer of open) answer(1)
  await Promise.all(four)
  expect(under(other)).not.toBeNull()
})
