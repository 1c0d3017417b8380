import { dollars, hoursPerMonth, notKnown } from '../prices/month'
import { samplePrices } from './sample'

export interface MonthlyPrice {
  usd: number
  /** Month of the price list: `2026-09`. */
  asOf: string
}

/** USD for a month on demand, of a class of RDS Single-AZ; null: the price list that the console has does not hold that type in that region. */
export const monthlyPrice = (region: string, type: string): MonthlyPrice | null => {
  const list = type.startsWith('db.') ? samplePrices.rdsPostgresSingleAz : samplePrices.ec2LinuxOnDemand
  const hourly = region === samplePrices.region ? list[type] : undefined
  return hourly === undefined ? null : { usd: hourly * hoursPerMonth, asOf: samplePrices.asOf }
}

/** A price list of one region that was read: USD per hour on demand by type, or by class of RDS Single-AZ. */
export interface ReadList {
  /** Who said so: `AWS Pricing`. */
  source: string
  /** ISO. */
  asOf: string
  hourlyUsd: Readonly<Record<string, number>>
}

/** What a type costs somewhere, or who does not know. */
export type TypePrice = {
  type: string
  region: string
  /** USD for a month on demand; null: not known. */
  monthlyUsd: number | null
  /** `AWS Pricing of 2026-11-24`; `list of 2026-09`: the console's own. */
  source: string
}

/** By the list that was read of the region, and by no other then; without one by the console's own. `because`: why none was read; null: nobody said. */
export const typePrice = (region: string, type: string, list: ReadList | null, because: string | null): TypePrice => {
  if (list !== null) {
    const hourly = list.hourlyUsd[type]
    return {
      ...{ type, region, source: `${list.source} of ${list.asOf.slice(0, 10)}` },
      monthlyUsd: hourly === undefined ? null : hourly * hoursPerMonth,
    }
  }
  const own = monthlyPrice(region, type)
  if (own !== null) return { type, region, monthlyUsd: own.usd, source: `list of ${own.asOf}` }
  const which = `the console’s own list of ${samplePrices.asOf}, which is of ${samplePrices.region} alone`
  return {
    type,
    region,
    monthlyUsd: null,
    source: because === null ? which : `${which}; that of AWS was not read: ${because.replace(/\.$/, '')}`,
  }
}

/** Of several machines together; null: not all are known. */
export const sumOf = (prices: readonly TypePrice[]): TypePrice | null => {
  const [first] = prices
  if (first === undefined || prices.some(({ monthlyUsd }) => monthlyUsd === null)) return null
  const sources = [...new Set(prices.map(({ source }) => source))].join(', ')
  return { ...first, monthlyUsd: prices.reduce((sum, { monthlyUsd }) => sum + monthlyUsd!, 0), source: sources }
}

/** `$140.16 → $70.08, saves $70.08 (on demand, list of 2026-09)`. `times`: 2 for Multi-AZ, of which each zone is paid for. */
export const sayPriceChange = (before: TypePrice, after: TypePrice, times = 1): string => {
  const unknown = [before, after].filter(({ monthlyUsd }) => monthlyUsd === null)
  if (before.monthlyUsd === null || after.monthlyUsd === null)
    return `no price known for ${[...new Set(unknown.map(({ type }) => type))].join(' and ')} in ${before.region}, from ${unknown[0]!.source}`
  const [from, to] = [before.monthlyUsd * times, after.monthlyUsd * times]
  const saved = from - to
  const change = saved === 0 ? 'the same' : saved > 0 ? `saves ${dollars(saved)}` : `costs ${dollars(-saved)} more`
  return `${dollars(from)} → ${dollars(to)}, ${change} (on demand, ${[...new Set([before.source, after.source])].join(' and ')})`
}

/** Of each type, once: `m6i.xlarge $140.16, m5a.xlarge not known (on demand, list of 2026-09)`. `times`: as of `sayPriceChange`. */
export const sayPrices = (prices: readonly TypePrice[], times = 1): string => {
  const said = prices.map(({ type, monthlyUsd }) => `${type} ${monthlyUsd === null ? notKnown : dollars(monthlyUsd * times)}`)
  return `${[...new Set(said)].join(', ')} (on demand, ${[...new Set(prices.map(({ source }) => source))].join(' and ')})`
}
