import { familyOf } from '../machines/naming'
import { sampleOffers, samplePrices, sampleTypes } from '../machines/sample'
import type { Catalogue, CatalogueType, Offer, PriceSource } from './catalogue'

const typesOf = (): CatalogueType[] =>
  Object.entries(sampleTypes).map(([type, row]) => ({
    type,
    family: familyOf(type),
    vcpus: row.vcpus,
    memoryMib: row.memoryMib,
    architectures: row.architectures,
    isBurstable: row.burstable,
    localStorageGb: row.instanceStorageGb ?? null,
    isSpotOffered: row.usageClasses.includes('spot'),
  }))

const offersOf = (): Offer[] =>
  Object.entries(sampleOffers).flatMap(([region, { offered, missing }]) =>
    Object.entries(missing).flatMap(([zone, absent]) => {
      const isAbsent = new Set(absent)
      return offered
        .filter((type) => !isAbsent.has(type))
        .map((type) => ({
          type,
          region,
          zone,
          spotUsd: null,
          onDemandUsd: (region === samplePrices.region ? samplePrices.ec2LinuxOnDemand[type] : undefined) ?? null,
          days: [],
          evictionMax: null,
          savingPercent: null,
        }))
    }),
  )

const { region, asOf } = samplePrices
const of = (kind: PriceSource['kind'], place: string | null): PriceSource => ({ kind, name: 'sample', region: place, asOf, isSample: true })

/**
 * What the console knows where nobody can be asked: types, what six regions offer, and the price list of one region. It holds no spot prices and no eviction
 * rates: those are not known then. Source: AWS's answers and public price list at the date of each part.
 */
export const sampleCatalogue = (): Catalogue => ({
  types: typesOf(),
  offers: offersOf(),
  rds: Object.entries(samplePrices.rdsPostgresSingleAz).map(([name, usd]) => ({ region, class: name, usd })),
  storage: Object.entries(samplePrices.ebsGbMonth).map(([kind, usdGbMonth]) => ({ region, kind, usdGbMonth })),
  sources: [of('types', null), of('on-demand', region), of('rds', region), of('storage', region)],
})
