import type { Offer } from './catalogue'
import { priceOf } from './fit'
import type { Requirements } from './requirements'

/**
 * Price per hour in USD with the surcharge of the strategy, by which offers are compared; null: something that it needs is not known. It is the offer's own:
 * which of two comes first depends on no third one.
 */
export const adjustedPrice = (offer: Offer, { market, strategy, evictionWeight }: Requirements): number | null => {
  const price = priceOf(offer, market)
  if (price === null || market === 'on-demand' || strategy !== 'balanced') return price
  return offer.evictionMax === null ? null : price * (1 + (evictionWeight * offer.evictionMax) / 100)
}

/** How offers are compared, in words and figures. */
export const sayScore = ({ market, strategy, evictionWeight }: Requirements): string => {
  if (market === 'on-demand') return 'Score: on-demand price of the cheapest ÷ own price × 100.'
  switch (strategy) {
    case 'balanced':
      return `Score: lowest adjusted price ÷ own × 100; adjusted price = spot price × (1 + ${evictionWeight} × highest eviction rate). Where one of the two is not known there is no score, and the offer comes last.`
    case 'cheapest':
      return 'Score: spot price of the cheapest ÷ own price × 100. The eviction rate has no weight.'
    case 'eviction-rate':
      return 'By the highest eviction rate, then by spot price; score: spot price of the cheapest ÷ own price × 100.'
    case 'random':
      return 'In random order; score: spot price of the cheapest ÷ own price × 100.'
  }
}

/** Above any price per hour: an eviction rate is compared first. */
const rateStep = 1e6
/** Above any of these: first what has a price, then what is dear or not on demand. */
const unscored = 1e9
const unpriced = 2e9
const unknown = 3e9

/** What offers are sorted by, the lowest first. `index`: the offer's place among all. */
export const sortKey = (offer: Offer, wanted: Requirements, index: number): number => {
  if (wanted.strategy === 'random') return shuffled(index, wanted.seed)
  const price = adjustedPrice(offer, wanted)
  if (price === null) return unscoredKey(offer, wanted)
  if (wanted.strategy !== 'eviction-rate' || wanted.market === 'on-demand') return price
  return offer.evictionMax === null ? unscored + price : offer.evictionMax * rateStep + price
}

const unscoredKey = (offer: Offer, { market }: Requirements): number => {
  const price = priceOf(offer, market)
  if (price !== null) return unscored + price
  return offer.onDemandUsd === null ? unknown : unpriced + offer.onDemandUsd
}

/** A number that a seed and an index always give, and that shows nothing of their order. Source: the finaliser of MurmurHash3. */
const shuffled = (index: number, seed: number): number => {
  let hash = Math.imul(index + 1, 0x9e3779b1) ^ Math.imul(seed, 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
