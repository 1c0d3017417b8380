import { makeFeeds } from '@/lib/adapters/feeds'
import type { Catalogue } from '@/lib/domain/prices/catalogue'
import { locations } from '@/lib/domain/prices/feeds/locations'
import type { OnDemandMap } from '@/lib/domain/prices/feeds/on-demand-map'
import { publicCatalogue } from '@/lib/domain/prices/public'
import { namer, type Requirements } from '@/lib/domain/prices/requirements'
import { sampleCatalogue } from '@/lib/domain/prices/sample'

const timeoutMs = 15_000
const regionsAtOnce = 8

export interface PricesRead {
  catalogue: Catalogue
  /** What did not answer, and why. */
  missing: string[]
}

/** AWS's public documents as they are now, of the regions asked for; the sample where none of them can be had. */
export const readPrices = async ({ regions, zones }: Requirements, mirror: string | null): Promise<PricesRead> => {
  const feeds = makeFeeds(mirror)
  const isRegion = namer(regions)
  const wanted = Object.keys(locations).filter(
    (region) => isRegion(region) && (zones.length === 0 || zones.some((zone) => zone.startsWith(region))),
  )
  /** By the reason: the documents that it holds for. */
  const missing = new Map<string, string[]>()
  const orMissing = async <T>(what: string, asked: Promise<T>): Promise<T | null> => {
    try {
      return await asked
    } catch (error) {
      // The address of a document is another for each region.
      const because = (error as Error).message.replace(/ to http\S+$/, '.')
      missing.set(because, [...(missing.get(because) ?? []), what])
      return null
    }
  }
  const onDemand: Record<string, OnDemandMap> = {}
  const queue = wanted.values()
  const inTurn = async () => {
    for (const region of queue) {
      const map = await orMissing(`on-demand ${region}`, feeds.onDemand(region, { timeoutMs }))
      if (map) onDemand[region] = map
    }
  }
  const [advisor, spotList] = await Promise.all([
    orMissing('evictions', feeds.advisor({ timeoutMs })),
    orMissing('spot prices', feeds.spotList({ timeoutMs })),
    ...Array.from({ length: regionsAtOnce }, inTurn),
  ])
  const isNothing = spotList === null && Object.keys(onDemand).length === 0
  return {
    catalogue: isNothing ? sampleCatalogue() : publicCatalogue({ advisor, spotList, onDemand, readAt: new Date().toISOString() }),
    missing: [...missing].map(([because, documents]) => `Not known: ${documents.join(', ')}. ${because}`),
  }
}
