import type { Advisor } from '@/lib/domain/prices/feeds/advisor'
import type { OnDemandMap } from '@/lib/domain/prices/feeds/on-demand-map'
import type { SpotList } from '@/lib/domain/prices/feeds/spot-list'

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
