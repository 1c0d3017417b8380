import { afterAll, beforeAll, expect, test } from 'vitest'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { hoursPerMonth } from '@/lib/domain/prices/month'
import { getPool } from '../pg/client'
import { makeMachineInventory } from './machine-inventory'

let database: TestDatabase
const ids: Record<string, string> = {}
beforeAll(async () => {
  database = await startDatabase()
  const insert = async (text: string, ...values: unknown[]) => (await getPool().query(`${text} returning id`, values)).rows[0].id
  const environment = await insert(`insert into environments (name) values ('prod')`)
  for (const name of ['own', 'other'])
    ids[name] = await insert('insert into cloud_accounts (environment_id, name) values ($1, $2)', environment, name)
  const list = (account: string, region: string, kind: string, content: unknown, day: string) =>
    getPool().query(
      `insert into price_lists (account_id, region, kind, source, as_of, content, read_at, tried_at) values ($1, $2, $3, 'AWS Pricing', $4, $5, $4, $4)`,
      [ids[account], region, kind, day, JSON.stringify(content)],
    )
  await list('own', 'eu-central-1', 'on-demand', { 'm5.large': 0.115 }, '2026-09-25')
  await list('other', 'eu-central-1', 'on-demand', { 'm5.large': 9, 'm5.xlarge': 0.23 }, '2026-10-01')
  await list('own', 'eu-central-1', 'rds', [{ class: 'db.m5.large', usd: 0.2, region: 'eu-central-1' }], '2026-09-25')
  await list('other', 'eu-west-1', 'on-demand', null, '2026-10-01')
})
afterAll(() => database?.stop())

const { typePrices } = makeMachineInventory(async () => {
  throw new Error('no instance is asked for')
})
const hourly = async (region: string, types: string[]) =>
  (await typePrices({ accountId: ids.own!, region }, types)).map(({ type, monthlyUsd, source }) => [
    type,
    monthlyUsd === null ? null : Number((monthlyUsd / hoursPerMonth).toFixed(4)),
    source,
  ])

test('a type costs what the account’s own list of the region says, and nothing is known of what it does not hold; without a list the sample counts', async () => {
  expect(await hourly('eu-central-1', ['m5.large', 'm5.xlarge', 'db.m5.large'])).toEqual([
    ['m5.large', 0.115, 'AWS Pricing of 2026-09-25'],
    ['m5.xlarge', null, 'AWS Pricing of 2026-09-25'],
    ['db.m5.large', 0.2, 'AWS Pricing of 2026-09-25'],
  ])
  expect(await hourly('us-east-1', ['m5.large'])).toEqual([['m5.large', 0.096, 'list of 2026-09']])
  const [[, price, because]] = (await hourly('eu-west-1', ['m5.large'])) as [[string, number | null, string]]
  expect(price).toBeNull()
  expect(because).toMatch(/^the console’s own list of 2026-09, which is of us-east-1 alone/)
})
