import { afterAll, beforeAll, expect, test } from 'vitest'
import { sampleTypes } from '@/lib/domain/machines/sample'
import { seriesOf } from '@/lib/domain/prices/history'
import { type RunningCloud, startCloud } from '@/lib/playground/cloud'
import type { CloudSettings } from '@/lib/ports/machines'
import { type AwsPrices, makePrices } from './prices'

const region = 'us-east-1'
const options = { timeoutMs: 60_000 }
const dayMs = 86_400_000

let twin: RunningCloud
let prices: AwsPrices
let account: CloudSettings

beforeAll(async () => {
  twin = await startCloud({ limits: { read: { burst: 5000, perSecond: 1000 }, change: { burst: 50, perSecond: 50 } } })
  prices = makePrices()
  account = { id: 'a', name: 'lab', endpoint: twin.endpoint, credentials: { ...twin.user }, role: null }
})
afterAll(async () => {
  prices?.close()
  await twin?.stop()
})

test('every type of a region is read over all pages, with the zones that offer it', async () => {
  const { types, zones } = await prices.types(account, region, options)
  expect(types).toHaveLength(Object.keys(sampleTypes).length)
  expect(types.find(({ type }) => type === 'i3.large')).toMatchObject({
    vcpus: 2,
    localStorageGb: 475,
    isBurstable: false,
    isSpotOffered: true,
  })
  expect(Object.keys(zones)).toHaveLength(6)
  expect(zones['us-east-1a']).toContain('m5.large')
  expect(zones['us-east-1e']).not.toContain('m5.large')
})

test('the spot history of every zone is whole: it reaches back to its beginning, and its end is the price of now', async () => {
  const sinceMs = Date.now() - 3 * dayMs
  const points = await prices.spotHistory(account, region, sinceMs, options)
  expect(points.length).toBeGreaterThan(1000)
  const series = seriesOf(points, Date.now())
  const { now, days } = series['m5.large']!['us-east-1a']!
  expect(days.slice(-3).every((usd) => usd !== null && usd > 0)).toBe(true)
  expect(now).toBe(twin.cloud.state.spotNow('us-east-1a', 'm5.large'))
  expect(series['m5.large']!['us-east-1e']).toBeUndefined()
  const current = await prices.spotHistory(account, region, Date.now(), options)
  expect(new Set(current.map(({ type, zone }) => `${type} ${zone}`)).size).toBe(current.length)
})

test('on-demand prices, RDS classes and volumes come from the Pricing service, with the date of its list', async () => {
  const onDemand = await prices.onDemand(account, region, options)
  expect(onDemand.value['m5.large']).toBe(0.096)
  expect(Object.keys(onDemand.value)).toHaveLength(Object.keys(sampleTypes).length)
  expect(onDemand.asOf).toBe('2026-09-25T17:45:21Z')
  const rds = await prices.rds(account, region, options)
  expect(rds.value).toContainEqual({ region, class: 'db.m6g.large', usd: 0.159 })
  const storage = await prices.storage(account, region, options)
  expect(storage.value).toContainEqual({ region, kind: 'gp3', usdGbMonth: 0.08 })
})

test('what the credentials may not ask is refused with the action’s name', async () => {
  const limited = twin.cloud.identities.addUser('limited')
  limited.denied.add('pricing:*')
  const theirs = { ...account, id: 'b', credentials: { accessKeyId: limited.accessKeyId, secretAccessKey: limited.secretAccessKey } }
  await expect(prices.onDemand(theirs, region, options)).rejects.toMatchObject({
    code: 'cloud.refused',
    message: expect.stringContaining('may not do pricing:GetProducts'),
  })
})
