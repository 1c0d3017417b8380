import { sampleOffers, sampleTypes } from '@/lib/domain/machines/sample'
import { type Action, tagValues } from './action'
import { shownMachine, shownType, shownVolume } from './ec2-shown'
import { describeSpotPriceHistory } from './ec2-spot'
import { CloudFault } from './fault'
import { imageReads } from './launch/images'
import { keyReads } from './launch/keys'
import { networkReads } from './launch/network'
import { launchReads } from './launch/run'
import { filtered, paged } from './params'
import type { Machine, Volume } from './state'

const machineFilters: Readonly<Record<string, (machine: Machine) => readonly string[]>> = {
  'instance-id': ({ id }) => [id],
  'instance-state-name': ({ state }) => [state],
  'instance-type': ({ type }) => [type],
  'availability-zone': ({ zone }) => [zone],
  'private-ip-address': ({ privateIp }) => [privateIp],
  'ip-address': ({ publicIp }) => (publicIp === null ? [] : [publicIp]),
  'instance-lifecycle': ({ market }) => (market === 'spot' ? ['spot'] : []),
  architecture: ({ architecture }) => [architecture],
}

const describeInstances: Action = (state, region, params) => {
  const ids = params.list('InstanceId')
  if (ids.length > 0 && params.get('MaxResults') !== undefined)
    throw new CloudFault('InvalidParameterCombination', 'The parameter instancesSet cannot be used with the parameter maxResults')
  const seen = state.seen(region)
  const seenById = new Map(seen.map((machine) => [machine.id, machine]))
  for (const id of ids) {
    state.machine(region, id)
    if (!seenById.has(id)) throw new CloudFault('InvalidInstanceID.NotFound', `The instance ID '${id}' does not exist`)
  }
  const named = ids.length === 0 ? seen : ids.map((id) => seenById.get(id)!)
  const found = filtered(params, named, (machine, filter) => machineFilters[filter]?.(machine) ?? tagValues(machine.tags, filter))
  const { page, nextToken } = paged(params, found, `instances ${region}`)
  const volumesOf = new Map<string, Volume[]>()
  for (const volume of state.volumes.values())
    if (volume.attachment) volumesOf.set(volume.attachment.machineId, [...(volumesOf.get(volume.attachment.machineId) ?? []), volume])
  return {
    reservationSet: {
      item: page.map((machine) => ({
        reservationId: machine.id.replace('i-', 'r-'),
        ownerId: state.accountId,
        groupSet: null,
        instancesSet: { item: [shownMachine(machine, volumesOf.get(machine.id) ?? [])] },
      })),
    },
    nextToken,
  }
}

const describeVolumes: Action = (state, region, params) => {
  const ids = params.list('VolumeId')
  const all =
    ids.length > 0 ? ids.map((id) => state.volume(region, id)) : [...state.volumes.values()].filter((one) => one.region === region)
  const found = filtered(params, all, (volume, filter) => {
    if (filter === 'volume-id') return [volume.id]
    if (filter === 'status') return [volume.attachment ? 'in-use' : 'available']
    if (filter === 'attachment.instance-id') return volume.attachment ? [volume.attachment.machineId] : []
    return filter === 'availability-zone' ? [volume.zone] : tagValues(volume.tags, filter)
  })
  const { page, nextToken } = paged(params, found, `volumes ${region}`)
  return { volumeSet: { item: page.map(shownVolume) }, nextToken }
}

const describeInstanceTypes: Action = (_state, region, params) => {
  const offered = sampleOffers[region]!.offered
  const wanted = params.list('InstanceType')
  const unknown = wanted.filter((type) => !offered.includes(type))
  if (unknown.length > 0)
    throw new CloudFault('InvalidInstanceType', `The following supplied instance types do not exist: [${unknown.join(', ')}]`)
  const found = filtered(params, wanted.length > 0 ? wanted : offered, (type, filter) => {
    const row = sampleTypes[type]!
    if (filter === 'instance-type') return [type]
    if (filter === 'current-generation') return [String(row.currentGeneration)]
    return filter === 'processor-info.supported-architecture' ? row.architectures : null
  })
  const { page, nextToken } = paged(params, found, `types ${region}`)
  return { instanceTypeSet: { item: page.map(shownType) }, nextToken }
}

const describeInstanceTypeOfferings: Action = (state, region, params) => {
  const locationType = params.get('LocationType') ?? 'region'
  if (locationType !== 'region' && locationType !== 'availability-zone')
    throw new CloudFault('InvalidParameterValue', `The location type '${locationType}' is invalid.`)
  const places = locationType === 'region' ? [region] : state.zones(region)
  const all = places.flatMap((location) =>
    sampleOffers[region]!.offered.filter((type) => locationType === 'region' || state.isOffered(type, location)).map((instanceType) => ({
      instanceType,
      locationType,
      location,
    })),
  )
  const found = filtered(params, all, ({ instanceType, location }, filter) => {
    if (filter === 'instance-type') return [instanceType]
    return filter === 'location' ? [location] : null
  })
  const { page, nextToken } = paged(params, found, `offerings ${region} ${locationType}`)
  return { instanceTypeOfferingSet: { item: page }, nextToken }
}

const describeRegions: Action = (_state, _region, params) => ({
  regionInfo: {
    item: filtered(params, Object.keys(sampleOffers), (name, filter) => (filter === 'region-name' ? [name] : null)).map((regionName) => ({
      regionName,
      regionEndpoint: `ec2.${regionName}.amazonaws.com`,
      optInStatus: 'opt-in-not-required',
    })),
  },
})

const describeAvailabilityZones: Action = (state, regionName) => ({
  availabilityZoneInfo: {
    item: state.zones(regionName).map((zoneName) => ({ zoneName, zoneState: 'available', regionName, zoneType: 'availability-zone' })),
  },
})

export const readActions: Readonly<Record<string, Action>> = {
  DescribeInstances: describeInstances,
  DescribeVolumes: describeVolumes,
  DescribeInstanceTypes: describeInstanceTypes,
  DescribeInstanceTypeOfferings: describeInstanceTypeOfferings,
  DescribeRegions: describeRegions,
  DescribeAvailabilityZones: describeAvailabilityZones,
  DescribeSpotPriceHistory: describeSpotPriceHistory,
  ...imageReads,
  ...keyReads,
  ...networkReads,
  ...launchReads,
}
