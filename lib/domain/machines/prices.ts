import { dollars, hoursPerMonth } from '../prices/month'
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

/** Of several machines together; null: the list does not hold all of them. */
export const monthlySum = (machines: readonly { region: string; type: string }[]): MonthlyPrice | null => {
  const prices = machines.map(({ region, type }) => monthlyPrice(region, type))
  const asOf = prices[0]?.asOf
  if (asOf === undefined || prices.some((one) => one === null)) return null
  return { usd: prices.reduce((sum, one) => sum + one!.usd, 0), asOf }
}

/** `$140.16 → $70.08, saves $70.08 (on demand, list of 2026-09)`. `times`: 2 for Multi-AZ, of which each zone is paid for. */
export const sayPriceChange = (region: string, from: string, to: string, times = 1): string => {
  const [before, after] = [from, to].map((type) => {
    const price = monthlyPrice(region, type)
    return price && { ...price, usd: price.usd * times }
  }) as [MonthlyPrice | null, MonthlyPrice | null]
  if (before === null || after === null)
    return `not known: the console’s price list holds no ${[before === null ? from : '', after === null ? to : ''].filter(Boolean).join(' and no ')} in ${region}`
  return sayFromTo(before, after)
}

/** As `sayPriceChange`, of prices that are known. */
export const sayFromTo = (before: MonthlyPrice, after: MonthlyPrice): string => {
  const saved = before.usd - after.usd
  const change = saved === 0 ? 'the same' : saved > 0 ? `saves ${dollars(saved)}` : `costs ${dollars(-saved)} more`
  return `${dollars(before.usd)} → ${dollars(after.usd)}, ${change} (on demand, list of ${after.asOf})`
}
