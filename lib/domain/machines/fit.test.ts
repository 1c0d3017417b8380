import { expect, test } from 'vitest'
import { type FittedMachine, losses, type OfferedType, whyNotFit } from './fit'
import { monthlyPrice, sayPriceChange, sayPrices, typePrice } from './prices'

const machine: FittedMachine = { type: 'm5.large', zone: 'us-east-1a', market: 'on-demand', architecture: 'x86_64', hasEna: true }
const offered = (type: string, given: Partial<OfferedType> = {}): OfferedType => ({
  type,
  vcpus: 2,
  memoryMib: 8192,
  architectures: ['x86_64'],
  needsEna: true,
  instanceStorageGb: null,
  ebsBaselineMbps: 650,
  isOffered: true,
  ...given,
})
const why = (to: OfferedType | null, given: Partial<FittedMachine> = {}, from = offered('m5.large')) =>
  whyNotFit({ ...machine, ...given }, from, to?.type ?? 'm9.none', to)

test('a machine becomes a type that is offered in its zone, of its architecture, with a driver that its image has, and no other', () => {
  expect(why(offered('m5.xlarge'))).toBeNull()
  expect(why(null)).toContain('no type m9.none')
  expect(why(offered('m5.large'))).toContain('already')
  expect(why(offered('r6g.large', { architectures: ['arm64'] }))).toBe('r6g.large is arm64, and the machine’s image is x86_64.')
  expect(why(offered('m5.xlarge'), { hasEna: false })).toContain('ENA')
  expect(why(offered('m5.xlarge', { isOffered: false }))).toBe('m5.xlarge is not offered in us-east-1a.')
  expect(why(offered('m5.xlarge'), { market: 'spot' })).toContain('spot')
})

test('a machine whose own disks are lost when it stops is never resized', () => {
  expect(why(offered('m5.large'), { type: 'i3.large' }, offered('i3.large', { instanceStorageGb: 475 }))).toContain('are lost')
})

test('what a smaller type takes away is said with both figures', () => {
  const small = offered('t3.medium', { vcpus: 1, memoryMib: 4096, ebsBaselineMbps: 350 })
  expect(losses(offered('m5.large'), small)).toEqual([
    '1 vCPUs instead of 2',
    '4 GiB of memory instead of 8 GiB',
    '350 Mbit/s to its volumes instead of 650',
  ])
  expect(losses(offered('m5.large'), offered('m5.xlarge', { vcpus: 4, memoryMib: 16_384 }))).toEqual([])
})

test('the price of a month is told with the date of its list, and never guessed for a region that the list does not hold', () => {
  expect(monthlyPrice('us-east-1', 'm5.large')).toEqual({ usd: 0.096 * 730, asOf: '2026-09' })
  const own = (region: string, from: string, to: string) =>
    sayPriceChange(typePrice(region, from, null, null), typePrice(region, to, null, null))
  expect(own('us-east-1', 'm5.xlarge', 'm5.large')).toBe('$140.16 → $70.08, saves $70.08 (on demand, list of 2026-09)')
  expect(own('us-east-1', 'm5.large', 'm5.xlarge')).toContain('costs $70.08 more')
  expect(own('eu-west-1', 'm5.large', 'm5.xlarge')).toBe(
    'no price known for m5.large and m5.xlarge in eu-west-1, from the console’s own list of 2026-09, which is of us-east-1 alone',
  )
})

test('the prices of several types name each once, and a type without one is said to have none', () => {
  const own = (type: string) => typePrice('us-east-1', type, null, null)
  expect(sayPrices([own('m5.large'), own('m5.xlarge'), own('m5.large')])).toBe(
    'm5.large $70.08, m5.xlarge $140.16 (on demand, list of 2026-09)',
  )
  expect(sayPrices([own('m5.large'), own('q9.large')])).toMatch(
    /^m5[.]large \$70[.]08, q9[.]large not known \(on demand, list of 2026-09 and /,
  )
})

test('the list that was read of a region is the only one believed there, and says of which day it is', () => {
  const list = { source: 'AWS Pricing', asOf: '2026-11-20T07:00:00Z', hourlyUsd: { 'db.m5.large': 0.2, 'db.m5.xlarge': 0.4 } }
  const read = (type: string, region = 'eu-west-1') => typePrice(region, type, list, null)
  expect(sayPriceChange(read('db.m5.xlarge'), read('db.m5.large'))).toBe(
    '$292.00 → $146.00, saves $146.00 (on demand, AWS Pricing of 2026-11-20)',
  )
  expect(sayPriceChange(read('db.m5.xlarge'), read('db.m5.large'), 2)).toContain('$584.00 → $292.00')
  expect(sayPriceChange(read('db.m5.xlarge', 'us-east-1'), read('db.r5.large', 'us-east-1'))).toBe(
    'no price known for db.r5.large in us-east-1, from AWS Pricing of 2026-11-20',
  )
  expect(typePrice('eu-west-1', 'db.m5.large', null, 'not authorised to do pricing:GetProducts.').source).toMatch(
    /was not read: not authorised to do pricing:GetProducts$/,
  )
})
