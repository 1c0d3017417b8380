import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { makeInventory } from '@/db/fleet/inventory'
import { readInstanceSettings } from '@/db/settings/read'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { ids, openShop, query } from '@/e2e/harness/observed-shop'
import type { SettingsLook } from '@/lib/domain/settings/setting'
import { systemActor } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import { startLiveLooks } from './live-looks'
import { makeSettingLooks } from './observe-settings'

let database: TestDatabase
beforeAll(async () => {
  database = await startDatabase()
})
afterAll(() => database.stop())
beforeEach(openShop)

const { signal } = new AbortController()
const minute = 60_000
const kinds = async () => [
  {
    ...{ name: 'work_mem', category: 'Memory', description: '', context: 'user', type: 'integer' as const },
    ...{ unit: 'kB', defaultValue: '4096' },
  },
]
const seen = (value: string): SettingsLook => ({
  ...{ catalogue: 'one', version: '18.1', loadedAt: '2026-03-01T12:00:00Z', startedAt: '2026-03-01T12:00:00Z' },
  settings: [
    {
      ...{ name: 'work_mem', value, number: Number(value) * 1024, source: 'configuration file', file: null, line: null },
      ...{ isPendingRestart: false, pendingValue: null },
    },
  ],
})
const at = (confLoadedAt: string) => ({ postmasterStartedAt: '2026-03-01T12:00:00Z', confLoadedAt })
const shop = (name: string) => makeInventory().instance(ids[name]!)
const workMem = async () =>
  (await readInstanceSettings(systemActor, ids.a!, { isNow: false })).settings.find(({ name }) => name === 'work_mem')?.shown

test('settings are looked at each ten minutes, and at once when the server was reloaded; what was seen stays while it does not say', async () => {
  let now = 0
  let answer = async () => seen('8192')
  const looks = makeSettingLooks(
    { look: () => answer(), kinds },
    () => now,
    () => 0,
  )
  const a = await shop('a')
  await looks.offer(a, at('12:00'), signal)
  expect(await workMem()).toBe('8MB')
  now += 9 * minute
  expect(looks.offer(a, at('12:00'), signal)).toBeNull()
  answer = async () => seen('16384')
  await looks.offer(a, at('12:08'), signal)
  expect(await workMem()).toBe('16MB')
  expect(looks.offer(a, at('12:08'), signal)).toBeNull()
  now += 10 * minute
  answer = () => Promise.reject(new Fault('sql.timeout'))
  await looks.offer(a, at('12:08'), signal)
  expect(await workMem()).toBe('16MB')
})

test('who asks for a look now is answered with what a worker has just seen, or with why it saw nothing', async () => {
  let answer = async () => seen('8192')
  const log = { info: () => {}, warn: () => {}, error: () => {} }
  const unused = { look: () => Promise.reject(new Fault('sql.timeout')) }
  const worker = await startLiveLooks({
    ...{ inventory: makeInventory(), activity: unused, serverLog: unused, log: log as never },
    serverSettings: { look: () => answer(), kinds },
    statements: unused,
    health: unused,
  })
  const look = () => readInstanceSettings(systemActor, ids.a!, { isNow: true })
  expect((await look()).settings[0]).toMatchObject({ shown: '8MB' })
  answer = () => Promise.reject(new Fault('sql.unreachable', { because: 'Nothing listens there.' }))
  await query('update live_looks set looked_at = null')
  expect(await look()).toMatchObject({ because: 'Nothing listens there.', settings: [{ shown: '8MB' }] })
  await worker.stop()
})
