import type { CatalogueType, RdsPrice, StoragePrice } from '@/lib/domain/prices/catalogue'
import type { Advisor } from '@/lib/domain/prices/feeds/advisor'
import type { OnDemandMap } from '@/lib/domain/prices/feeds/on-demand-map'
import type { SpotList } from '@/lib/domain/prices/feeds/spot-list'
import type { SpotPoint } from '@/lib/domain/prices/history'
import type { CloudCallOptions } from './cloud'
import type { CloudSettings } from './machines'

export interface FeedOptions {
  timeoutMs: number
  signal?: AbortSignal
}

/** AWS's public documents of prices, which need no account. All throw `cloud.unreachable`, and `cloud.refused` for an answer that is no such document. */
export interface PriceFeeds {
  advisor: (options: FeedOptions) => Promise<Advisor>
  spotList: (options: FeedOptions) => Promise<SpotList>
  /** `cloud.refused` also where the region has no such document. */
  onDemand: (region: string, options: FeedOptions) => Promise<OnDemandMap>
}

export interface OfferedTypes {
  types: CatalogueType[]
  /** By zone: the names of what is offered there. */
  zones: Record<string, string[]>
}

export interface Dated<T> {
  value: T
  /** When AWS published it, ISO; null: it does not say. */
  asOf: string | null
}

/** What an account's own services say of a region. All throw `cloud.refused` and `cloud.unreachable`; never part of an answer. */
export interface PricesRead {
  types: (account: CloudSettings, region: string, options: CloudCallOptions) => Promise<OfferedTypes>
  /** Linux, every type and zone: each change since then, and the price that held at that time. */
  spotHistory: (account: CloudSettings, region: string, sinceMs: number, options: CloudCallOptions) => Promise<SpotPoint[]>
  /** Linux, shared tenancy: USD per hour by type. */
  onDemand: (account: CloudSettings, region: string, options: CloudCallOptions) => Promise<Dated<Record<string, number>>>
  /** PostgreSQL, Single-AZ. */
  rds: (account: CloudSettings, region: string, options: CloudCallOptions) => Promise<Dated<RdsPrice[]>>
  /** EBS volumes. */
  storage: (account: CloudSettings, region: string, options: CloudCallOptions) => Promise<Dated<StoragePrice[]>>
}
