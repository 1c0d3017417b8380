import type { Catalogue, CatalogueType, Offer } from './catalogue'
import { priceOf, typeJudge, whyOfferNot } from './fit'
import { namer, type Requirements } from './requirements'
import { adjustedPrice, sortKey } from './score'

export interface ScoredOffer {
  offer: Offer
  type: CatalogueType
  /** 0 to 100; null: something that the strategy needs is not known. */
  score: number | null
}

export interface UnfitType {
  type: CatalogueType
  reasons: string[]
}

export interface Choice {
  /** One page of them, best first. */
  offers: ScoredOffer[]
  /** How many offers fit. */
  total: number
  /** How many types fit somewhere. */
  fittingTypes: number
  /** Every other type, by name. */
  unfit: UnfitType[]
}

const whole = { from: 0, count: Number.POSITIVE_INFINITY }

/** Every offer of every type is looked at; `page` says which of the fitting ones are wanted. */
export const choose = (catalogue: Catalogue, wanted: Requirements, page: { from: number; count: number } = whole): Choice => {
  const judge = typeJudge(wanted)
  const isInPlace = placeJudge(wanted)
  const seen = new Map<string, Seen>()
  for (const type of catalogue.types)
    seen.set(type.type, { type, reasons: judge(type), isFitting: false, isOffered: false, isZoneUnknown: false, refused: null })

  const fitting: number[] = []
  const keys: number[] = []
  let best = Number.POSITIVE_INFINITY
  catalogue.offers.forEach((offer, index) => {
    const one = seen.get(offer.type)
    if (one === undefined) return
    if (!isInPlace(offer)) {
      one.isZoneUnknown ||= isPerhapsIn(offer, wanted)
      return
    }
    one.isOffered = true
    if (one.reasons.length > 0) return
    const because = whyOfferNot(offer, wanted)
    if (because !== null) {
      const price = priceOf(offer, wanted.market) ?? Number.POSITIVE_INFINITY
      if (one.refused === null || price < one.refused.price) one.refused = { price, because: `${offer.zone ?? offer.region}: ${because}` }
      return
    }
    one.isFitting = true
    fitting.push(index)
    keys.push(sortKey(offer, wanted, index))
    best = Math.min(best, adjustedPrice(offer, wanted) ?? best)
  })
  return {
    offers: pageOf(catalogue.offers, fitting, keys, page).map((offer) => {
      const adjusted = adjustedPrice(offer, wanted)
      return { offer, type: seen.get(offer.type)!.type, score: adjusted === null ? null : Math.round((100 * best) / adjusted) }
    }),
    total: fitting.length,
    fittingTypes: [...seen.values()].filter(({ isFitting }) => isFitting).length,
    unfit: [...seen.values()].flatMap((one) => (one.isFitting ? [] : [{ type: one.type, reasons: reasonsOf(one, wanted) }])),
  }
}

interface Seen {
  type: CatalogueType
  /** Why it does not fit anywhere. */
  reasons: string[]
  isFitting: boolean
  isOffered: boolean
  /** Offered in the region of a zone asked for, by a source that names no zones. */
  isZoneUnknown: boolean
  /** The cheapest of its offers that did not fit. */
  refused: { price: number; because: string } | null
}

const reasonsOf = ({ reasons, isOffered, isZoneUnknown, refused }: Seen, { regions, zones }: Requirements): string[] => {
  const place = zones.length > 0 ? zones : regions
  if (!isOffered && isZoneUnknown)
    return [...reasons, `whether it is offered in ${place.join(', ')} is not known: the source names no zones`]
  if (!isOffered) return [...reasons, place.length > 0 ? `not offered in ${place.join(', ')}` : 'not offered in any region that is known']
  return refused === null ? reasons : [...reasons, refused.because]
}

/** An offer without a zone is in none: who asks for zones does not get it. */
export const placeJudge = ({ regions, zones }: Pick<Requirements, 'regions' | 'zones'>): ((offer: Offer) => boolean) => {
  const [isRegion, isZone] = [namer(regions), namer(zones)]
  const known = new Map<string, boolean>()
  return ({ region, zone }) => {
    const key = zone ?? region
    let isIn = known.get(key)
    if (isIn === undefined) {
      isIn = isRegion(region) && (zones.length === 0 || (zone !== null && isZone(zone)))
      known.set(key, isIn)
    }
    return isIn
  }
}

const isPerhapsIn = ({ region, zone }: Offer, { zones }: Requirements): boolean =>
  zone === null && zones.some((one) => one.startsWith(region))

/** Only what the page needs is sorted by name as well: a sort of numbers alone is many times faster than one that compares. */
const pageOf = (
  all: readonly Offer[],
  fitting: readonly number[],
  keys: readonly number[],
  page: { from: number; count: number },
): Offer[] => {
  const end = Math.min(page.from + page.count, fitting.length)
  if (end <= page.from) return []
  const sorted = Float64Array.from(keys).sort()
  const [lowest, highest] = [sorted[page.from]!, sorted[end - 1]!]
  const before = sorted.indexOf(lowest)
  const near = fitting.flatMap((index, at) => (keys[at]! >= lowest && keys[at]! <= highest ? [{ offer: all[index]!, key: keys[at]! }] : []))
  near.sort((a, b) => a.key - b.key || byName(a.offer, b.offer))
  return near.slice(page.from - before, end - before).map(({ offer }) => offer)
}

const byName = (a: Offer, b: Offer): number => order(a.type, b.type) || order(a.zone ?? a.region, b.zone ?? b.region)
const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
