import type { Catalogue, Offer } from './catalogue'
import { placeJudge } from './choose'
import { priceOf, typeJudge } from './fit'
import { perMonth } from './month'
import { namer, type Requirements } from './requirements'

/** The cheapest of one way to run PostgreSQL that meets the requirements. */
export interface Cheapest {
  /** Type or class, and where. */
  name: string
  place: string
  hourUsd: number
  monthUsd: number
}

export interface Comparison {
  spot: Cheapest | null
  onDemand: Cheapest | null
  /** RDS for PostgreSQL, Single-AZ, of the same vCPUs, memory and architecture. */
  rds: Cheapest | null
  /** USD for a month of the storage asked for, in the place of the cheapest spot offer; null: not known, or none asked for. */
  storageMonthUsd: number | null
}

/** For the same requirements, whatever they cost: limits of price and evictions do not count. null: no price is known of what fits. */
export const compare = (catalogue: Catalogue, wanted: Requirements): Comparison => {
  const spot = cheapestOffer(catalogue, { ...wanted, market: 'spot' })
  const onDemand = cheapestOffer(catalogue, { ...wanted, market: 'on-demand' })
  return {
    spot,
    onDemand,
    rds: cheapestRds(catalogue, wanted),
    storageMonthUsd: storageMonth(catalogue, wanted, (spot ?? onDemand)?.place ?? null),
  }
}

const cheapestOffer = ({ types, offers }: Catalogue, wanted: Requirements): Cheapest | null => {
  const judge = typeJudge(wanted)
  const fits = new Set(types.filter((one) => judge(one).length === 0).map(({ type }) => type))
  const isInPlace = placeJudge(wanted)
  let best: { offer: Offer; usd: number } | null = null
  for (const offer of offers) {
    const usd = priceOf(offer, wanted.market)
    if (usd !== null && fits.has(offer.type) && usd < (best?.usd ?? Number.POSITIVE_INFINITY) && isInPlace(offer)) best = { offer, usd }
  }
  return best && asCheapest(best.offer.type, best.offer.zone ?? best.offer.region, best.usd)
}

/** RDS keeps its data on volumes of its own, and is neither spot nor of a zone that is chosen here. */
const cheapestRds = ({ types, rds }: Catalogue, wanted: Requirements): Cheapest | null => {
  const judge = typeJudge({ ...wanted, market: 'on-demand', storage: 'network', families: [], types: [] })
  const fits = new Set(types.filter((one) => judge(one).length === 0).map(({ type }) => `db.${type}`))
  const isRegion = namer(wanted.regions)
  const found = rds.filter((one) => fits.has(one.class) && isRegion(one.region)).toSorted((a, b) => a.usd - b.usd)[0]
  return found === undefined ? null : asCheapest(found.class, found.region, found.usd)
}

const asCheapest = (name: string, place: string, hourUsd: number): Cheapest => ({ name, place, hourUsd, monthUsd: perMonth(hourUsd)! })

/** USD for a month of the storage asked for in a region or zone; null: not known, or none asked for. */
export const storageMonth = ({ storage }: Catalogue, wanted: Requirements, place: string | null): number | null => {
  if (wanted.storage === 'local' || wanted.storageGb === null || place === null) return null
  const price = storage.find(({ region, kind }) => kind === wanted.volumeKind && isIn(place, region))
  return price === undefined ? null : price.usdGbMonth * wanted.storageGb
}

/** `us-east-1a` is in `us-east-1`. */
const isIn = (place: string, region: string): boolean =>
  place === region || (place.startsWith(region) && /^[a-z]$/.test(place.slice(region.length)))
