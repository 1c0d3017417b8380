import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeCloudAccountSource } from '@/db/fleet/machines'
import { getPool } from '@/db/pg/client'
import { accountPrices } from '@/db/prices/catalogue'
import { describedTypes, placeKey } from '@/db/prices/described'
import { keepList } from '@/db/prices/lists'
import { addRecord } from '@/db/records/records'
import { publishSealingKey } from '@/db/records/sealing-key'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { makePrices } from '@/lib/adapters/aws/prices'
import { makeFeeds } from '@/lib/adapters/feeds'
import { makeVault } from '@/lib/adapters/vault'
import { choose } from '@/lib/domain/prices/choose'
import { anything } from '@/lib/domain/prices/requirements'
import { systemActor } from '@/lib/kernel/access/access'
import { type RunningCloud, startCloud } from '@/lib/playground/cloud'
import { resourceByName } from '@/lib/resources'
import { observePrices } from './observe-prices'

const admin = { ...systemActor, kind: 'person' as const, name: 'ada' }
const viewer = (environmentId: string) => ({ ...admin, name: 'vera', grants: [{ role: 'viewer' as const, environmentId }] })
const vault = makeVault(randomBytes(32).toString('base64'))
const prices = makePrices()
const region = 'eu-north-1'
let database: TestDatabase
let aws: RunningCloud
let prod: string
let dev: string

beforeAll(async () => {
  const limits = { read: { burst: 5000, perSecond: 1000 }, change: { burst: 50, perSecond: 50 } }
  ;[database, aws] = await Promise.all([startDatabase(), startCloud({ limits })])
  await publishSealingKey(vault.publicKey)
  prod = await add('environment', { name: 'prod', colour: 'red', protection: 'confirm' })
  dev = await add('environment', { name: 'dev', colour: 'green', protection: 'open' })
})
afterAll(async () => {
  prices.close()
  await Promise.all([database?.stop(), aws?.stop()])
})

const add = async (resource: string, values: object) => (await addRecord(admin, resourceByName(resource)!, values)).id
const account = (name: string, { accessKeyId, secretAccessKey } = aws.user as { accessKeyId: string; secretAccessKey: string }) =>
  add('cloud-account', {
    ...{ name, environmentId: prod, regions: [region], endpoint: aws.endpoint },
    ...{ accessKeyId, accessSecret: secretAccessKey },
  })
const look = () => observePrices({ prices, feedsAt: makeFeeds, accountOf: makeCloudAccountSource(vault) }, new AbortController().signal)
const seenOf = async (id: string, type: string, zone: string) =>
  (await accountPrices(admin, id)).catalogue.offers.find((one) => one.type === type && one.zone === zone)
const forget = (id: string) => getPool().query('delete from cloud_accounts where id = $1', [id])

test('without an account the sample is shown; with one everything is read, and a price that moves is shown after the next look', async () => {
  const before = await accountPrices(admin, null)
  expect(before.account).toBeNull()
  expect(before.catalogue.sources.every(({ isSample }) => isSample)).toBe(true)

  const id = await account('whole')
  await look()
  const { catalogue, missing } = await accountPrices(admin, null)
  expect(missing).toEqual([])
  expect(catalogue.sources.every(({ isSample }) => !isSample)).toBe(true)
  expect(new Set(catalogue.offers.map((one) => one.region))).toEqual(new Set([region]))
  const zone = `${region}a`
  const offer = await seenOf(id, 'm5.large', zone)
  expect(offer).toMatchObject({ spotUsd: aws.cloud.state.spotNow(zone, 'm5.large'), onDemandUsd: 0.1018 })
  expect(offer?.days.filter((usd) => usd !== null).length).toBeGreaterThan(25)
  expect([5, 11, 16, 22, 100]).toContain(offer?.evictionMax)
  expect(choose(catalogue, { ...anything, vcpusMin: 4 }).offers[0]?.score).toBe(100)

  aws.cloud.state.moved.set(`m5.large ${zone}`, 3)
  const asked = aws.cloud.seen.length
  await look()
  expect(aws.cloud.seen.length).toBe(asked)
  await getPool().query(`update price_lists set read_at = now() - interval '11 minutes' where kind = 'spot-now'`)
  await look()
  expect((await seenOf(id, 'm5.large', zone))?.spotUsd).toBeCloseTo(offer!.spotUsd! * 3, 3)
  await forget(id)
})

test('what the credentials may not ask is said, the public price list steps in where it can, and nothing else is held up', async () => {
  const limited = aws.cloud.identities.addUser('limited')
  limited.denied.add('pricing:GetProducts')
  limited.denied.add('ec2:DescribeSpotPriceHistory')
  const id = await account('limited', limited)
  await look()
  const { missing, catalogue } = await accountPrices(admin, id)
  expect(missing.map(({ kind }) => kind).sort()).toEqual(['on-demand', 'rds', 'spot', 'spot-now', 'storage'])
  expect(missing[0]!.because).toContain('may not do pricing:GetProducts')
  expect(catalogue.offers.every(({ spotUsd }) => spotUsd === null)).toBe(true)
  expect(catalogue.sources.find(({ kind }) => kind === 'on-demand')).toMatchObject({ name: 'AWS price map', isSample: false })
  expect(await seenOf(id, 'm5.large', `${region}a`)).toMatchObject({ onDemandUsd: 0.1018 })
  const asked = aws.cloud.seen.length
  await look()
  expect(aws.cloud.seen.length).toBe(asked)
  await forget(id)
})

test('who may not see an account sees none of its prices', async () => {
  const id = await account('theirs')
  await look()
  expect((await accountPrices(viewer(prod), id)).account?.name).toBe('theirs')
  await expect(accountPrices(viewer(dev), id)).rejects.toMatchObject({ code: 'record.missing' })
  const { account: other, accounts, catalogue } = await accountPrices(viewer(dev), null)
  expect([other, accounts]).toEqual([null, []])
  expect(catalogue.sources.every(({ isSample }) => isSample)).toBe(true)
  await expect(accountPrices({ ...admin, grants: [] }, null)).rejects.toMatchObject({ code: 'access.denied' })
  await forget(id)
})

test('types that the sample lacks are known as EC2 described them to that account in that region, and nowhere else', async () => {
  const [id, other] = [await account('newer'), await account('older')]
  const row = { vcpus: 4, memoryMib: 16_384, architectures: ['arm64'], localStorageGb: null }
  const type = (name: string) => ({ ...row, type: name, family: name.split('.')[0]!, isBurstable: false, isSpotOffered: true })
  const content = { types: [type('m9x.xlarge'), type('m5.xlarge')], zones: {} }
  await keepList(id, { kind: 'types', region, source: 'EC2 instance types', asOf: new Date().toISOString(), content }, null)
  const place = (accountId: string) => ({ accountId, region })
  const described = await describedTypes([place(id), place(other)])
  expect([...described]).toEqual([[placeKey(place(id)), { 'm9x.xlarge': row }]])
  for (const one of [id, other]) await forget(one)
})
