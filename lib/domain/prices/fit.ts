import type { CatalogueType, Offer } from './catalogue'
import { hourlyDollars } from './month'
import { namer, type Requirements } from './requirements'

const gib = (mib: number): number => Number((mib / 1024).toFixed(2))

/** Makes the judge of types: why one does not fit, whatever the place, in words; empty: it fits. */
export const typeJudge = (wanted: Requirements): ((one: CatalogueType) => string[]) => {
  const isNamed = namer(wanted.types)
  const isOfFamily = namer(wanted.families)
  const { vcpusMin, vcpusMax, memoryGibMin, memoryGibMax, storageGb } = wanted
  return (one) => {
    const memory = gib(one.memoryMib)
    const reasons: string[] = []
    if (!isNamed(one.type)) reasons.push(`not one of the types asked for (${wanted.types.join(', ')})`)
    if (!isOfFamily(one.family)) reasons.push(`not of a family asked for (${wanted.families.join(', ')})`)
    if (wanted.architecture !== null && !one.architectures.includes(wanted.architecture))
      reasons.push(`${one.architectures.join(' or ')}, not ${wanted.architecture}`)
    if (one.isBurstable && !wanted.allowsBurstable && wanted.types.length === 0) reasons.push('burstable')
    if (vcpusMin !== null && one.vcpus < vcpusMin) reasons.push(`${one.vcpus} vCPUs, fewer than ${vcpusMin}`)
    if (vcpusMax !== null && one.vcpus > vcpusMax) reasons.push(`${one.vcpus} vCPUs, more than ${vcpusMax}`)
    if (memoryGibMin !== null && memory < memoryGibMin) reasons.push(`${memory} GiB of memory, less than ${memoryGibMin}`)
    if (memoryGibMax !== null && memory > memoryGibMax) reasons.push(`${memory} GiB of memory, more than ${memoryGibMax}`)
    if (wanted.storage === 'local' && one.localStorageGb === null) reasons.push('no disks of its own')
    if (wanted.storage === 'local' && one.localStorageGb !== null && storageGb !== null && one.localStorageGb < storageGb)
      reasons.push(`${one.localStorageGb} GB on disks of its own, less than ${storageGb}`)
    if (wanted.market === 'spot' && !one.isSpotOffered) reasons.push('not offered as spot')
    return reasons
  }
}

/** What an offer costs per hour on the market asked for. */
export const priceOf = (offer: Offer, market: Requirements['market']): number | null =>
  market === 'spot' ? offer.spotUsd : offer.onDemandUsd

/** Against on-demand, as a percentage: of the prices themselves; the advisor's mean where one of them is not known. */
export const savingOf = ({ spotUsd, onDemandUsd, savingPercent }: Offer): number | null =>
  spotUsd === null || onDemandUsd === null ? savingPercent : Math.round(100 * (1 - spotUsd / onDemandUsd))

/** Why an offer of a fitting type, in a place asked for, does not fit; null: it does. A limit is not met by what is not known. */
export const whyOfferNot = (offer: Offer, { market, priceMaxUsd, evictionMax }: Requirements): string | null => {
  if (priceMaxUsd !== null) {
    const price = priceOf(offer, market)
    if (price === null) return `its ${market} price is not known, and the limit is ${hourlyDollars(priceMaxUsd)} per hour`
    if (price > priceMaxUsd) return `${hourlyDollars(price)} per hour, above the limit of ${hourlyDollars(priceMaxUsd)}`
  }
  if (evictionMax !== null && market === 'spot') {
    if (offer.evictionMax === null) return `its eviction rate is not known, and the limit is ${evictionMax} %`
    if (offer.evictionMax > evictionMax) return `up to ${offer.evictionMax} % evicted in a month, above the limit of ${evictionMax} %`
  }
  return null
}
