import { afterAll, beforeAll, expect, test } from 'vitest'
import { migrate } from '@/db/migrate'
import { asLogin } from '@/db/pg/rights'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { closeQueue, migrateQueue, setQueue } from './location'
import { type Hearing, hear, openWaker, type Waker } from './waker'

let database: TestDatabase
let waker: Waker
let hearing: Hearing
const heard: string[] = []
const faults: string[] = []

beforeAll(async () => {
  database = await startDatabase()
  setQueue({ databaseUrl: database.connectionString })
  await migrateQueue()
  await migrate(database.connectionString)
  const place = (login: string) => ({ databaseUrl: asLogin(database.connectionString, login) })
  const onError = (error: Error) => void faults.push(error.message)
  const onMessage = async (id: string) => void heard.push(id)
  waker = openWaker(place('matriarch_web'), onError)
  hearing = hear(place('matriarch_worker'), { slots: 2, planSlots: 2, onJob: onMessage, onPlan: onMessage, onError })
})
afterAll(async () => {
  await Promise.all([waker?.close(), hearing?.close()])
  await closeQueue()
  await database?.stop()
})

test('what the web wakes with its login in a new database, a worker hears with its own: the very first message, and many at once', async () => {
  expect(await waker.wakePlan('plan')).toBe(true)
  const many = Array.from({ length: 20 }, (_, n) => `job ${n}`)
  expect(await waker.wakeJobs(many)).toBe(true)
  await expect.poll(() => heard.toSorted(), { timeout: 10_000 }).toEqual(['plan', ...many].sort())
  expect(faults).toEqual([])
})
