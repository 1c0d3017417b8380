import { readAdvisor } from '@/lib/domain/prices/feeds/advisor'
import { locations } from '@/lib/domain/prices/feeds/locations'
import { readOnDemandMap } from '@/lib/domain/prices/feeds/on-demand-map'
import { FeedError } from '@/lib/domain/prices/feeds/read'
import { readSpotList } from '@/lib/domain/prices/feeds/spot-list'
import { Fault } from '@/lib/kernel/ground/errors'
import type { FeedOptions, PriceFeeds } from '@/lib/ports/prices'

const awsPlaces = {
  advisor: 'https://spot-bid-advisor.s3.amazonaws.com',
  spot: 'https://website.spot.ec2.aws.a2z.com',
  onDemand: 'https://b0.p.awsstatic.com',
}
const onDemandPath = '/pricing/2.0/meteredUnitMaps/ec2/USD/current/ec2-ondemand-without-sec-sel'
/** The largest of them, the spot prices, has about 3 MB. */
const bytesMax = 64 * 1024 * 1024

/** `mirror`: an address that has all documents under the paths that AWS has them; null: AWS's own. */
export const makeFeeds = (mirror: string | null): PriceFeeds => {
  const places = mirror === null ? awsPlaces : { advisor: mirror, spot: mirror, onDemand: mirror }
  return {
    advisor: (options) => read(`${places.advisor}/spot-advisor-data.json`, options, readAdvisor),
    spotList: (options) => read(`${places.spot}/spot.json`, options, readSpotList),
    onDemand: async (region, options) => {
      const location = locations[region]
      if (location === undefined)
        throw new Fault('cloud.refused', { because: `AWS’s public price lists are not known to have a region ${region}.` })
      const address = `${places.onDemand}${onDemandPath}/${encodeURIComponent(location)}/Linux/index.json`
      return read(address, options, (text) => readOnDemandMap(text, location))
    },
  }
}

const read = async <T>(address: string, { timeoutMs, signal }: FeedOptions, parse: (text: string) => T): Promise<T> => {
  const { host } = new URL(address)
  const late = AbortSignal.timeout(timeoutMs)
  let text: string
  try {
    const response = await fetch(address, { signal: signal ? AbortSignal.any([late, signal]) : late })
    if (!response.ok) throw new Fault('cloud.refused', { because: `${host} answered ${response.status} to ${address}.` })
    text = await textOf(response, host)
  } catch (error) {
    if (error instanceof Fault) throw error
    if (signal?.aborted) throw new Fault('shell.cancelled', { because: `The request to ${host} was cancelled.` }, { cause: error })
    const why = late.aborted
      ? `no answer within ${timeoutMs / 1000} s`
      : ((error as Error).cause as Error | undefined)?.message || (error as Error).message
    throw new Fault('cloud.unreachable', { because: `${host} cannot be reached: ${why}.` }, { cause: error })
  }
  try {
    return parse(text)
  } catch (error) {
    if (!(error instanceof FeedError)) throw error
    throw new Fault('cloud.refused', { because: `${address} is not the document it was: ${error.message}.` }, { cause: error })
  }
}

const textOf = async (response: Response, host: string): Promise<string> => {
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of response.body as unknown as AsyncIterable<Uint8Array>) {
    size += piece.length
    if (size > bytesMax) throw new Fault('cloud.refused', { because: `${host} sends more than ${bytesMax / 1024 / 1024} MiB.` })
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}
