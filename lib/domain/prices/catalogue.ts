/** What a machine type is, wherever it is offered. */
export interface CatalogueType {
  type: string
  family: string
  vcpus: number
  memoryMib: number
  architectures: readonly string[]
  isBurstable: boolean
  /** GB of disks that are lost when the machine stops; null: it has none. */
  localStorageGb: number | null
  isSpotOffered: boolean
}

/** A type in a place. What is not known is null, never zero. */
export interface Offer {
  type: string
  region: string
  /** null: the source names no zone; its price is the one of the cheapest zone. */
  zone: string | null
  /** USD per hour. */
  spotUsd: number | null
  /** USD per hour, Linux, without any commitment. */
  onDemandUsd: number | null
  /** Mean spot price of each of the last days in USD per hour, the oldest first; null: not known for that day. */
  days: readonly (number | null)[]
  /** Highest share of machines that AWS reclaimed in the last month, as a percentage: 5, 11, 16, 22 or 100. Source: Spot Instance Advisor. */
  evictionMax: number | null
  /** Mean saving against on-demand in the last month, as a percentage. Source: Spot Instance Advisor. */
  savingPercent: number | null
}

export interface RdsPrice {
  region: string
  /** `db.m6g.large`: the machine type of the same name after `db.`. */
  class: string
  /** USD per hour, PostgreSQL, Single-AZ. */
  usd: number
}

export interface StoragePrice {
  region: string
  /** `gp3` … */
  kind: string
  usdGbMonth: number
}

export const sourceKinds = ['types', 'on-demand', 'rds', 'storage', 'spot', 'evictions'] as const
export type SourceKind = (typeof sourceKinds)[number]

export interface PriceSource {
  kind: SourceKind
  /** Who said so: `EC2 DescribeSpotPriceHistory`, `sample` … */
  name: string
  /** null: of every region. */
  region: string | null
  /** ISO date or time that the figures are of. */
  asOf: string
  isSample: boolean
}

export interface Catalogue {
  types: readonly CatalogueType[]
  offers: readonly Offer[]
  rds: readonly RdsPrice[]
  storage: readonly StoragePrice[]
  sources: readonly PriceSource[]
}
