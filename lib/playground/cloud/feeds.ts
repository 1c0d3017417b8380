import { sampleOffers, sampleTypes } from '@/lib/domain/machines/sample'
import { locations } from '@/lib/domain/prices/feeds/locations'
import { bracketOf, onDemandUsd } from './market'
import type { CloudState } from './state'

/** As the advisor's document gives them. */
const ranges = [
  { index: 0, dots: 0, label: '<5%', max: 5 },
  { index: 1, dots: 1, label: '5-10%', max: 11 },
  { index: 2, dots: 2, label: '10-15%', max: 16 },
  { index: 3, dots: 3, label: '15-20%', max: 22 },
  { index: 4, dots: 4, label: '>20%', max: 100 },
]

export const isFeed = (path: string): boolean => /^\/(spot-advisor-data\.json|spot\.json|pricing\/2\.0\/meteredUnitMaps\/.*)$/.test(path)

/** The public documents of prices, which need no signature; null: there is none at that path, for which AWS's web servers answer 403. */
export const feedAt = (state: CloudState, path: string): unknown => {
  if (path === '/spot-advisor-data.json') return advisor(state)
  if (path === '/spot.json') return spotList(state)
  const match = /\/ec2-ondemand-without-sec-sel\/([^/]+)\/Linux\/index\.json$/.exec(path)
  const region = match && Object.keys(sampleOffers).find((one) => locations[one] === decodeURIComponent(match[1]!))
  return region ? onDemandMap(region) : null
}

const cheapest = (state: CloudState, region: string, type: string): number | null => {
  const prices = state.zones(region).flatMap((zone) => state.spotNow(zone, type) ?? [])
  return prices.length === 0 ? null : Math.min(...prices)
}

const advisor = (state: CloudState) => ({
  global_rate: '<10%',
  instance_types: Object.fromEntries(
    Object.entries(sampleTypes).map(([type, { vcpus, memoryMib }]) => [type, { cores: vcpus, emr: false, ram_gb: memoryMib / 1024 }]),
  ),
  ranges,
  spot_advisor: Object.fromEntries(
    Object.entries(sampleOffers).map(([region, { offered }]) => [
      region,
      {
        Linux: Object.fromEntries(
          offered.flatMap((type) => {
            const [spot, dear] = [cheapest(state, region, type), onDemandUsd(region, type)]
            return spot === null || dear === null ? [] : [[type, { r: bracketOf(region, type), s: Math.round(100 * (1 - spot / dear)) }]]
          }),
        ),
        Windows: {},
      },
    ]),
  ),
})

const spotList = (state: CloudState) => ({
  vers: 0.01,
  config: {
    rate: 'perhr',
    valueColumns: ['linux', 'mswin'],
    currencies: ['USD'],
    regions: Object.entries(sampleOffers).map(([region, { offered }]) => ({
      region,
      footnotes: { '*': 'notAvailableForCCorCGPU' },
      instanceTypes: [
        {
          type: 'generalCurrentGen',
          sizes: offered.map((size) => ({
            size,
            valueColumns: [
              { name: 'linux', prices: { USD: String(cheapest(state, region, size) ?? 'N/A*') } },
              { name: 'mswin', prices: { USD: 'N/A*' } },
            ],
          })),
        },
      ],
    })),
  },
})

const onDemandMap = (region: string) => {
  const location = locations[region]!
  const rows = sampleOffers[region]!.offered.flatMap((type) => {
    const usd = onDemandUsd(region, type)
    const { vcpus, memoryMib, instanceStorageGb, network } = sampleTypes[type]!
    const row = {
      rateCode: `${type}.JRTCKXETXF.6YS6EN2CT7`,
      price: usd?.toFixed(10),
      Location: location,
      vCPU: String(vcpus),
      Memory: `${memoryMib / 1024} GiB`,
      'Instance Type': type,
      Storage: instanceStorageGb === undefined ? 'EBS only' : `1 x ${instanceStorageGb} NVMe SSD`,
      'Network Performance': network,
      'Operating System': 'Linux',
    }
    return usd === null ? [] : [[type.replace('.', ' '), row]]
  })
  return {
    manifest: {
      serviceId: 'ec2',
      accessType: 'publish',
      hawkFilePublicationDate: '2026-09-25T17:45:21Z',
      currencyCode: 'USD',
      source: 'ec2',
    },
    sets: {},
    regions: { [location]: Object.fromEntries(rows) },
  }
}
