import { expect, test } from 'vitest'
import type { Catalogue, CatalogueType, Offer } from './catalogue'
import { choose } from './choose'
import { compare, storageMonth } from './compare'
import { seriesOf } from './history'
import { smallDollars } from './month'
import { anything, namer, type Requirements } from './requirements'
import { sampleCatalogue } from './sample'
import { sayScore } from './score'

const type = (name: string, given: Partial<CatalogueType> = {}): CatalogueType => ({
  type: name,
  family: name.split('.')[0]!,
  vcpus: 2,
  memoryMib: 8192,
  architectures: ['x86_64'],
  isBurstable: false,
  localStorageGb: null,
  isSpotOffered: true,
  ...given,
})
const offer = (name: string, zone: string, spotUsd: number | null, given: Partial<Offer> = {}): Offer => ({
  type: name,
  region: zone.slice(0, -1),
  zone,
  spotUsd,
  onDemandUsd: 0.1,
  days: [],
  evictionMax: 5,
  savingPercent: 60,
  ...given,
})
const catalogue: Catalogue = {
  types: [
    type('m5.large'),
    type('m5.4xlarge', { vcpus: 16, memoryMib: 65_536 }),
    type('m6g.large', { architectures: ['arm64'] }),
    type('t3.large', { isBurstable: true }),
    type('i3.large', { localStorageGb: 475 }),
    type('r5.large', { memoryMib: 131_072 }),
  ],
  offers: [
    offer('m5.large', 'us-east-1a', 0.04, { evictionMax: 22 }),
    offer('m5.large', 'us-east-1b', 0.05),
    offer('m5.4xlarge', 'us-east-1a', 0.01, { onDemandUsd: 0.8 }),
    offer('m6g.large', 'eu-west-1a', 0.03, { evictionMax: null, onDemandUsd: 0.08 }),
    offer('t3.large', 'us-east-1a', 0.02),
    offer('i3.large', 'us-east-1a', null),
  ],
  rds: [
    { region: 'us-east-1', class: 'db.m5.large', usd: 0.178 },
    { region: 'us-east-1', class: 'db.m6g.large', usd: 0.159 },
    { region: 'us-east-1', class: 'db.t3.large', usd: 0.145 },
  ],
  storage: [{ region: 'us-east-1', kind: 'gp3', usdGbMonth: 0.08 }],
  sources: [],
}
const chosen = (wanted: Partial<Requirements>) => choose(catalogue, { ...anything, ...wanted })
const names = (wanted: Partial<Requirements>) => chosen(wanted).offers.map(({ offer }) => `${offer.type} ${offer.zone}`)
const why = (name: string, wanted: Partial<Requirements>) => chosen(wanted).unfit.find((one) => one.type.type === name)?.reasons

test('every fitting type is considered: a larger and cheaper one comes first, and a limit that a type meets exactly lets it in', () => {
  expect(names({ vcpusMin: 2, strategy: 'cheapest' })[0]).toBe('m5.4xlarge us-east-1a')
  expect(names({ memoryGibMin: 8, memoryGibMax: 8, architecture: 'x86_64', types: ['m5.*'], strategy: 'cheapest' })).toEqual([
    'm5.large us-east-1a',
    'm5.large us-east-1b',
  ])
  expect(why('r5.large', { memoryGibMax: 128 })).toEqual(['not offered in any region that is known'])
})

test('each type that does not fit says every reason, and a place or price that rules it out is named', () => {
  expect(why('t3.large', { vcpusMin: 4, architecture: 'arm64' })).toEqual(['x86_64, not arm64', 'burstable', '2 vCPUs, fewer than 4'])
  expect(why('m6g.large', { regions: ['us-*'] })).toEqual(['not offered in us-*'])
  expect(why('m5.large', { priceMaxUsd: 0.03 })).toEqual(['us-east-1a: $0.0400 per hour, above the limit of $0.0300'])
  expect(why('m5.large', { storage: 'local', storageGb: 100 })).toEqual(['no disks of its own'])
  expect(why('i3.large', { storage: 'local', storageGb: 500 })).toEqual(['475 GB on disks of its own, less than 500'])
  const { fittingTypes, unfit } = chosen({ vcpusMin: 4 })
  expect(fittingTypes + unfit.length).toBe(catalogue.types.length)
})

test('a price or rate that is not known is never taken for zero: it meets no limit, has no score and comes last', () => {
  expect(why('i3.large', { priceMaxUsd: 1 })?.[0]).toContain('spot price is not known')
  expect(why('m6g.large', { evictionMax: 5 })?.[0]).toContain('eviction rate is not known')
  const { offers } = chosen({ strategy: 'balanced' })
  expect(offers.slice(-2).map(({ offer, score }) => [offer.type, score])).toEqual([
    ['m6g.large', null],
    ['i3.large', null],
  ])
})

test('evictions weigh as the formula says, and a dear type more changes nothing among the others', () => {
  expect(names({ types: ['m5.large'], strategy: 'balanced', evictionWeight: 2 })).toEqual(['m5.large us-east-1b', 'm5.large us-east-1a'])
  expect(names({ types: ['m5.large'], strategy: 'balanced', evictionWeight: 0.5 })[0]).toBe('m5.large us-east-1a')
  expect(names({ types: ['m5.large'], strategy: 'eviction-rate' })[0]).toBe('m5.large us-east-1b')
  expect(sayScore({ ...anything, evictionWeight: 3 })).toContain('(1 + 3 × highest eviction rate)')
  const dear = { ...catalogue, offers: [...catalogue.offers, offer('r5.large', 'us-east-1a', 9)] }
  const before = names({}).filter((name) => !name.startsWith('r5'))
  expect(
    choose(dear, anything)
      .offers.map(({ offer }) => `${offer.type} ${offer.zone}`)
      .filter((name) => !name.startsWith('r5')),
  ).toEqual(before)
})

test('a random order is the same for the same seed, and pages of it are parts of one order', () => {
  const all = names({ strategy: 'random', seed: 7 })
  expect(names({ strategy: 'random', seed: 7 })).toEqual(all)
  const pages = [0, 2, 4].flatMap((from) => choose(catalogue, { ...anything, strategy: 'random', seed: 7 }, { from, count: 2 }).offers)
  expect(pages.map(({ offer }) => `${offer.type} ${offer.zone}`)).toEqual(all)
  const cheap = names({ strategy: 'cheapest' })
  const cheapPages = [0, 2, 4].flatMap((from) => choose(catalogue, { ...anything, strategy: 'cheapest' }, { from, count: 2 }).offers)
  expect(cheapPages.map(({ offer }) => `${offer.type} ${offer.zone}`)).toEqual(cheap)
})

test('the same requirements are compared on spot, on demand and on RDS, and storage is counted only where its price is known', () => {
  const wanted = { ...anything, architecture: 'x86_64' as const, vcpusMax: 4, storageGb: 100, regions: ['us-east-1'] }
  expect(compare(catalogue, wanted)).toMatchObject({
    spot: { name: 'm5.large', place: 'us-east-1a', hourUsd: 0.04 },
    onDemand: { hourUsd: 0.1, monthUsd: 73 },
    rds: { name: 'db.m5.large', hourUsd: 0.178 },
    storageMonthUsd: 8,
  })
  expect(compare(catalogue, { ...wanted, regions: ['eu-west-1'], architecture: 'arm64' }).rds).toBeNull()
  expect(storageMonth(catalogue, wanted, 'eu-west-1a')).toBeNull()
})

test('in a zone that is asked for, a source that names no zones is not known to offer anything', () => {
  const unnamed = { ...catalogue, offers: catalogue.offers.map((one) => ({ ...one, zone: null })) }
  const { total, unfit } = choose(unnamed, { ...anything, zones: ['us-east-1a'] })
  expect(total).toBe(0)
  expect(unfit.find(({ type: { type } }) => type === 'm5.large')?.reasons).toEqual([
    'whether it is offered in us-east-1a is not known: the source names no zones',
  ])
})

test('a name is matched by its pattern from its beginning to its end', () => {
  const is = namer(['r6*', 'us-*-1', 'm5.large'])
  expect(['r6g', 'us-east-1', 'm5.large'].every(is)).toBe(true)
  expect(['ar6', 'us-east-11', 'us-1', 'm5.larger'].some(is)).toBe(false)
})

test('a day’s price is the mean by the time that each price held, and a day before the first price is not known', () => {
  const day = 86_400_000
  const now = 40 * day
  const points = [
    { type: 'm5.large', zone: 'a', atMs: now - 1.25 * day, usd: 0.3 },
    { type: 'm5.large', zone: 'a', atMs: now - 3 * day, usd: 0.1 },
  ]
  const series = seriesOf(points, now)['m5.large']!.a!
  expect(series.now).toBe(0.3)
  expect(series.days.slice(-4)).toEqual([null, 0.1, 0.15, 0.3])
})

test('the sample has no spot price and no eviction rate, has on-demand prices of one region alone, and says its date', () => {
  const sample = sampleCatalogue()
  expect(sample.offers.every(({ spotUsd, evictionMax }) => spotUsd === null && evictionMax === null)).toBe(true)
  expect(new Set(sample.offers.flatMap(({ region, onDemandUsd }) => (onDemandUsd === null ? [] : [region])))).toEqual(
    new Set(['us-east-1']),
  )
  expect(sample.sources.every(({ isSample, asOf }) => isSample && asOf === '2026-09')).toBe(true)
  expect(sample.offers.some(({ type, zone }) => type === 'm5.large' && zone === 'us-east-1e')).toBe(false)
})

test('the first cents of a ledger are shown with the digits that they have', () => {
  expect([0, 0.00163, 0.0999, 0.1, 140.157].map(smallDollars)).toEqual(['$0.00', '$0.0016', '$0.0999', '$0.10', '$140.16'])
})
