import type { Catalogue, CatalogueType, Offer, PriceSource, RdsPrice, SourceKind, StoragePrice } from './catalogue'
import type { Advice } from './feeds/advisor'
import type { SpotSeries } from './history'
import { sampleCatalogue } from './sample'

/** What a kind of list holds, of one region. */
export interface ListContents {
  types: { types: CatalogueType[]; zones: Readonly<Record<string, readonly string[]>> }
  'on-demand': Readonly<Record<string, number>>
  rds: readonly RdsPrice[]
  storage: readonly StoragePrice[]
  /** By type, then zone. */
  spot: Readonly<Record<string, Readonly<Record<string, SpotSeries>>>>
  /** Prices of now, which are asked for more often than the history. */
  'spot-now': Readonly<Record<string, Readonly<Record<string, number>>>>
  evictions: Readonly<Record<string, Advice>>
}

export const listKinds = ['types', 'on-demand', 'rds', 'storage', 'spot', 'spot-now', 'evictions'] as const satisfies (keyof ListContents)[]
export type ListKind = (typeof listKinds)[number]

export type PriceList = {
  [Kind in ListKind]: {
    kind: Kind
    region: string
    /** Who said so. */
    source: string
    /** ISO. */
    asOf: string
    content: ListContents[Kind]
  }
}[ListKind]

/** The catalogue of these regions: what was read of each, and the sample for what it holds and was never read. */
export const assemble = (regions: readonly string[], lists: readonly PriceList[]): Catalogue => {
  const sample = sampleCatalogue()
  const types = new Map(sample.types.map((one) => [one.type, one]))
  const parts = regions.map((region) => {
    const held = new Map(lists.filter((list) => list.region === region).map((list) => [list.kind, list]))
    const content = <Kind extends ListKind>(kind: Kind) => held.get(kind)?.content as ListContents[Kind] | undefined
    for (const one of content('types')?.types ?? []) types.set(one.type, one)
    return {
      offers: offersOf(region, content, sample.offers),
      rds: content('rds') ?? sample.rds.filter((one) => one.region === region),
      storage: content('storage') ?? sample.storage.filter((one) => one.region === region),
      sources: sourcesOf(region, [...held.values()], sample),
    }
  })
  return {
    types: [...types.values()],
    offers: parts.flatMap(({ offers }) => offers),
    rds: parts.flatMap(({ rds }) => rds),
    storage: parts.flatMap(({ storage }) => storage),
    sources: parts.flatMap(({ sources }) => sources),
  }
}

type Content = <Kind extends ListKind>(kind: Kind) => ListContents[Kind] | undefined

const offersOf = (region: string, content: Content, sample: readonly Offer[]): Offer[] => {
  const [read, onDemand, spot, now, evictions] = [
    content('types'),
    content('on-demand'),
    content('spot'),
    content('spot-now'),
    content('evictions'),
  ]
  const known = sample.filter((one) => one.region === region)
  const sampled = new Map(known.map((one) => [one.type, one.onDemandUsd]))
  const offered = read
    ? Object.entries(read.zones).flatMap(([zone, names]) => names.map((type) => ({ type, zone })))
    : known.map(({ type, zone }) => ({ type, zone: zone! }))
  return offered.map(({ type, zone }) => {
    const series = spot?.[type]?.[zone]
    return {
      type,
      region,
      zone,
      spotUsd: now?.[type]?.[zone] ?? series?.now ?? null,
      onDemandUsd: (onDemand === undefined ? sampled.get(type) : onDemand[type]) ?? null,
      days: series?.days ?? [],
      evictionMax: evictions?.[type]?.evictionMax ?? null,
      savingPercent: evictions?.[type]?.savingPercent ?? null,
    }
  })
}

const sourcesOf = (region: string, lists: readonly PriceList[], sample: Catalogue): PriceSource[] => {
  const kinds = new Set<SourceKind>()
  const read = lists.map(({ kind, source, asOf }): PriceSource => {
    const shown = kind === 'spot-now' ? 'spot' : kind
    kinds.add(shown)
    return { kind: shown, name: source, region, asOf, isSample: false }
  })
  const isSampled = sample.offers.some((one) => one.region === region)
  return [
    ...read,
    ...sample.sources
      .filter((one) => !kinds.has(one.kind) && (one.region === region || (one.region === null && isSampled)))
      .map((one) => ({ ...one, region })),
  ]
}
