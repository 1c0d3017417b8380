import { monthlyPrice } from '@/lib/domain/machines/prices'
import { samplePrices } from '@/lib/domain/machines/sample'
import { hoursPerMonth } from '@/lib/domain/prices/month'
import { databaseFault, getPool } from '../pg/client'

/** USD per hour on demand of a type of EC2, or with `db.` of RDS, in a region; null: not known. */
export type HourlyUsd = (region: string, type: string) => number | null

/** By the newest list that any account has of a region, and the sample where none was read. Throws `database.down`. */
export const readHourly = async (): Promise<HourlyUsd> => {
  try {
    const { rows } = await getPool().query<{ region: string; kind: 'on-demand' | 'rds'; content: unknown }>(
      `select distinct on (region, kind) region, kind, content from price_lists
        where kind in ('on-demand', 'rds') and content is not null order by region, kind, read_at desc`,
    )
    const known = new Map<string, number>()
    for (const { region, kind, content } of rows)
      if (kind === 'on-demand')
        for (const [type, usd] of Object.entries(content as Record<string, number>)) known.set(`${region} ${type}`, usd)
      else for (const { class: type, usd } of content as { class: string; usd: number }[]) known.set(`${region} ${type}`, usd)
    return (region, type) => known.get(`${region} ${type}`) ?? sampled(region, type)
  } catch (error) {
    throw databaseFault(error)
  }
}

const sampled: HourlyUsd = (region, type) => {
  if (type.startsWith('db.')) return region === samplePrices.region ? (samplePrices.rdsPostgresSingleAz[type] ?? null) : null
  const price = monthlyPrice(region, type)
  return price === null ? null : price.usd / hoursPerMonth
}
