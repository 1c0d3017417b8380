import { sampleOffers } from '@/lib/domain/machines/sample'
import { CloudFault } from './fault'
import { changedAt, changeMs, spotUsd } from './market'
import { filtered, type Params, paged } from './params'
import type { CloudState } from './state'
import type { Content } from './xml'

/** EC2 keeps no older prices. */
const keptMs = 90 * 86_400_000
const linux = 'Linux/UNIX'

interface Change {
  instanceType: string
  productDescription: string
  spotPrice: string
  timestamp: string
  availabilityZone: string
}

/** By account and region: the list whose pages are being asked for. It stays as it was when it was begun, although time goes on. */
const begun = new WeakMap<CloudState, Map<string, Change[]>>()

export const describeSpotPriceHistory = (state: CloudState, region: string, params: Params): { [name: string]: Content } => {
  const lists = begun.get(state) ?? new Map<string, Change[]>()
  begun.set(state, lists)
  const changes = (params.get('NextToken') !== undefined && lists.get(region)) || allChanges(state, region, params)
  lists.set(region, changes)
  const found = filtered(params, changes, (one, filter) => {
    if (filter === 'instance-type') return [one.instanceType]
    if (filter === 'availability-zone') return [one.availabilityZone]
    return filter === 'product-description' ? [one.productDescription] : null
  })
  const { page, nextToken } = paged(params, found, `spot ${region} ${params.get('StartTime')}`)
  // As EC2: an empty token where there is no more.
  return { spotPriceHistorySet: { item: page.map((one) => ({ ...one })) }, nextToken: nextToken ?? '' }
}

/** The newest first. */
const allChanges = (state: CloudState, region: string, params: Params): Change[] => {
  const now = state.options.now()
  const from = Math.max(timeOf(params, 'StartTime') ?? now - keptMs, now - keptMs)
  const until = Math.min(timeOf(params, 'EndTime') ?? now, now)
  const [types, zone, products] = [params.list('InstanceType'), params.get('AvailabilityZone'), params.list('ProductDescription')]
  if (products.length > 0 && !products.some((one) => one.startsWith(linux))) return []
  const zones = state.zones(region).filter((one) => zone === undefined || one === zone)
  const offered = sampleOffers[region]!.offered.filter((type) => types.length === 0 || types.includes(type))
  return zones
    .flatMap((one) => offered.flatMap((type) => changesOf(state, one, type, from, until)))
    .sort((a, b) => (a.timestamp < b.timestamp ? 1 : -1))
}

const timeOf = (params: Params, name: string): number | null => {
  const text = params.get(name)
  if (text === undefined) return null
  const at = Date.parse(text)
  if (Number.isNaN(at))
    throw new CloudFault('InvalidParameterValue', `Value (${text}) for parameter ${name} is invalid. Invalid time format`)
  return at
}

/** Also the price that held when it began. */
const changesOf = (state: CloudState, zone: string, type: string, from: number, until: number): Change[] => {
  if (!state.isOffered(type, zone)) return []
  const changes: Change[] = []
  const newest = changedAt(zone, type, until)
  for (let at = newest; at > from - changeMs; at -= changeMs) {
    const usd = at === newest ? state.spotNow(zone, type) : spotUsd(zone, type, at)
    if (usd !== null)
      changes.push({
        instanceType: type,
        productDescription: linux,
        spotPrice: usd.toFixed(6),
        timestamp: new Date(at).toISOString(),
        availabilityZone: zone,
      })
  }
  return changes
}
