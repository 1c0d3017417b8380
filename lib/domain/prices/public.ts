import type { Catalogue, CatalogueType, Offer, PriceSource } from './catalogue'
import type { Advisor } from './feeds/advisor'
import type { OnDemandMap } from './feeds/on-demand-map'
import type { SpotList } from './feeds/spot-list'
import { sampleCatalogue } from './sample'

/** What AWS's public documents answered; null, and no entry: that one did not. */
export interface PublicPrices {
  advisor: Advisor | null
  spotList: SpotList | null
  onDemand: Readonly<Record<string, OnDemandMap>>
  /** When they were read, ISO. */
  readAt: string
}

/**
 * Offers of the regions that answered, one for a type in a region: these documents name no zones. What the console knows of types, and prices of RDS and
 * EBS, is the sample's.
 */
export const publicCatalogue = ({ advisor, spotList, onDemand, readAt }: PublicPrices): Catalogue => {
  const sample = sampleCatalogue()
  const types = new Map<string, CatalogueType>()
  for (const { types: seen } of Object.values(onDemand)) for (const one of seen) types.set(one.type, one)
  // What EC2 itself said of a type is better than what is read from its name.
  for (const one of sample.types) types.set(one.type, one)
  const regions = new Set([...Object.keys(onDemand), ...Object.keys(spotList ?? {})])
  const offers = [...regions].flatMap((region): Offer[] => {
    const [spot, dear] = [spotList?.[region] ?? {}, onDemand[region]?.prices ?? {}]
    return [...new Set([...Object.keys(dear), ...Object.keys(spot)])]
      .filter((type) => types.has(type))
      .map((type) => ({
        type,
        region,
        zone: null,
        spotUsd: spot[type] ?? null,
        onDemandUsd: dear[type] ?? null,
        days: [],
        evictionMax: advisor?.[region]?.[type]?.evictionMax ?? null,
        savingPercent: advisor?.[region]?.[type]?.savingPercent ?? null,
      }))
  })
  const read = (kind: PriceSource['kind'], name: string, region: string | null, asOf = readAt): PriceSource => ({
    ...{ kind, name, region, asOf },
    isSample: false,
  })
  return {
    types: [...types.values()],
    offers,
    rds: sample.rds,
    storage: sample.storage,
    sources: [
      ...Object.entries(onDemand).map(([region, map]) => read('on-demand', 'AWS price map', region, map.asOf ?? readAt)),
      ...(spotList ? [read('spot', 'AWS spot price list', null)] : []),
      ...(advisor ? [read('evictions', 'Spot Instance Advisor', null)] : []),
      ...sample.sources.filter(({ kind }) => kind !== 'on-demand'),
    ],
  }
}
