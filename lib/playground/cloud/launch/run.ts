import { type Action, type Change, change, tagsOf } from '../action'
import { shownMachine } from '../ec2-shown'
import { CloudFault } from '../fault'
import { filtered, type Params } from '../params'
import { type CloudState, type Machine, spotReason } from '../state'
import { type Image, mustHaveImage } from './images'
import { mustHaveKey } from './keys'
import { mustHaveGroup, zoneOfSubnet } from './network'
import { remembered } from './tokens'
import { type VolumeWanted, volumeWanted } from './volumes'

const userDataBytesMax = 16_384
/** EC2 keeps the last 64 KiB. */
const consoleBytesMax = 65_536

interface Mapping {
  device: string
  isRoot: boolean
  deletesWithMachine: boolean
  wanted: VolumeWanted
}

interface Launch {
  max: number
  type: string
  image: Image
  zone: string
  market: Machine['market']
  maxSpotUsd: number | null
  keyName: string | null
  groupIds: string[]
  hasPublicAddress: boolean
  userData: string | null
  httpTokens: Machine['httpTokens']
  mappings: Mapping[]
  tags: { instance: Record<string, string>; volume: Record<string, string> }
  params: Params
}

const root = '/dev/xvda'

const mappingsIn = (params: Params): Mapping[] => {
  const given = params.groups('BlockDeviceMapping').map((one) => {
    const device = one.must('DeviceName')
    const ebs = one.under('Ebs')
    const isRoot = device === root
    return {
      device,
      isRoot,
      deletesWithMachine: ebs.get('DeleteOnTermination') === undefined ? isRoot : ebs.isTrue('DeleteOnTermination'),
      wanted: volumeWanted(ebs, ebs.int('VolumeSize') ?? (isRoot ? 8 : undefined)),
    }
  })
  const devices = given.map(({ device }) => device)
  if (new Set(devices).size < devices.length)
    throw new CloudFault('InvalidBlockDeviceMapping', 'The device is used in more than one block-device mapping')
  const own: VolumeWanted = { sizeGb: 8, type: 'gp3', iops: 3000, throughput: 125, isEncrypted: false }
  return given.some(({ isRoot }) => isRoot) ? given : [{ device: root, isRoot: true, deletesWithMachine: true, wanted: own }, ...given]
}

const userDataIn = (params: Params): string | null => {
  const encoded = params.get('UserData')
  if (encoded === undefined) return null
  const data = Buffer.from(encoded, 'base64')
  if (data.toString('base64').replace(/=+$/, '') !== encoded.replace(/=+$/, ''))
    throw new CloudFault('InvalidUserData.Malformed', 'Invalid BASE64 encoding of user data.')
  if (data.length > userDataBytesMax) throw new CloudFault('InvalidParameterValue', `User data is limited to ${userDataBytesMax} bytes`)
  return data.toString('utf8')
}

/** What a launch says of its network: of its one interface, or of itself. Both at once are refused, as EC2 does. */
const networkIn = (params: Params): Params => {
  const interfaces = params.groups('NetworkInterface')
  if (interfaces.length === 0) return params
  if (params.get('SubnetId') !== undefined || params.list('SecurityGroupId').length > 0)
    throw new CloudFault(
      'InvalidParameterCombination',
      'Network interfaces and an instance-level subnet ID or security groups may not be specified on the same request',
    )
  if (interfaces[0]!.int('DeviceIndex') !== 0)
    throw new CloudFault('InvalidParameterValue', 'The first network interface must have the device index 0.')
  return interfaces[0]!
}

const zoneIn = (state: CloudState, region: string, params: Params, type: string): string => {
  const subnet = networkIn(params).get('SubnetId')
  const placed = params.get('Placement.AvailabilityZone')
  const zone =
    subnet === undefined
      ? (placed ?? state.zones(region).find((one) => state.isOffered(type, one)) ?? `${region}a`)
      : zoneOfSubnet(state, region, subnet)
  if (!state.zones(region).includes(zone)) throw new CloudFault('InvalidParameterValue', `Invalid availability zone: [${zone}]`)
  if (placed !== undefined && placed !== zone)
    throw new CloudFault('InvalidParameterValue', `The subnet '${subnet}' is not in the availability zone '${placed}'`)
  return zone
}

const readLaunch = (state: CloudState, region: string, params: Params): Launch => {
  const [min, max] = [params.int('MinCount') ?? 1, params.int('MaxCount') ?? 1]
  if (min < 1 || max < min) throw new CloudFault('InvalidParameterValue', `Invalid value '${max}' for MaxCount.`)
  const type = params.get('InstanceType') ?? 'm5.large'
  const image = mustHaveImage(region, params.must('ImageId'))
  state.mustHaveType(type)
  const keyName = params.get('KeyName') ?? null
  if (keyName !== null) mustHaveKey(state, region, keyName)
  const tokens = params.get('MetadataOptions.HttpTokens') ?? 'optional'
  if (tokens !== 'optional' && tokens !== 'required')
    throw new CloudFault('InvalidParameterValue', `Invalid value '${tokens}' for HttpTokens.`)
  const isSpot = params.get('InstanceMarketOptions.MarketType') === 'spot'
  const price = params.get('InstanceMarketOptions.SpotOptions.MaxPrice')
  if (price !== undefined && !(Number(price) > 0)) throw new CloudFault('InvalidParameterValue', `Invalid value '${price}' for MaxPrice.`)
  return {
    max,
    type,
    image,
    zone: zoneIn(state, region, params, type),
    market: isSpot ? 'spot' : 'on-demand',
    maxSpotUsd: isSpot && price !== undefined ? Number(price) : null,
    keyName,
    groupIds: networkIn(params)
      .list('SecurityGroupId')
      .map((id) => mustHaveGroup(state, region, id).id),
    // The default subnets give one to who does not say.
    hasPublicAddress: networkIn(params).get('AssociatePublicIpAddress') !== 'false',
    userData: userDataIn(params),
    httpTokens: tokens,
    mappings: mappingsIn(params),
    tags: { instance: tagsOf(params, 'instance'), volume: tagsOf(params, 'volume') },
    params,
  }
}

const mustBePayable = (state: CloudState, { market, maxSpotUsd, type, zone }: Launch): void => {
  const now = market === 'spot' ? state.spotNow(zone, type) : null
  if (now === null || maxSpotUsd === null || maxSpotUsd >= now) return
  throw new CloudFault(
    'SpotMaxPriceTooLow',
    `Your Spot request price of ${maxSpotUsd} is lower than the minimum required Spot request fulfillment price of ${now}.`,
  )
}

const launchOne = (state: CloudState, region: string, launch: Launch): string => {
  const { type, image, zone, market, keyName, groupIds, userData, httpTokens, mappings, tags, params } = launch
  const number = state.machines.size
  const machine = state.add(region, {
    ...{ type, zone, market, keyName, groupIds, userData, httpTokens },
    architecture: image.architecture,
    imageId: image.id,
    clientToken: params.get('ClientToken') ?? null,
    tags: tags.instance,
    publicIp: launch.hasPublicAddress ? `203.0.113.${(number % 250) + 1}` : null,
    state: 'pending',
    volumeGb: 0,
  })
  for (const { wanted, ...place } of mappings) state.addVolume(machine, { ...place, ...wanted, tags: tags.volume })
  state.forget(machine)
  state.move(machine, 'pending', 'running')
  state.options.power(machine, 'on')
  return machine.id
}

const runInstances = change(readLaunch, (state, launch, region) => {
  const ids = remembered(state, `${region} RunInstances`, launch.params, () => {
    state.mustFit({ architecture: launch.image.architecture, hasEna: true }, launch.type)
    mustBePayable(state, launch)
    state.mustHaveCapacity(launch)
    if (state.options.hasHost?.() === false)
      throw new CloudFault('InsufficientInstanceCapacity', 'We currently do not have sufficient capacity: no host is left.', 500)
    return Array.from({ length: launch.max }, () => launchOne(state, region, launch))
  })
  return {
    reservationId: ids[0]!.replace('i-', 'r-'),
    ownerId: state.accountId,
    instancesSet: { item: ids.map((id) => shownMachine(state.machine(region, id), state.attached(id))) },
  }
})

const getConsoleOutput: Action = (state, region, params) => {
  const { id, console } = state.machine(region, params.must('InstanceId'))
  return {
    instanceId: id,
    timestamp: new Date(state.options.now()).toISOString(),
    output: console === null ? null : Buffer.from(console.slice(-consoleBytesMax)).toString('base64'),
  }
}

const isOver = ({ state: now }: Machine): boolean => now === 'shutting-down' || now === 'terminated'
const stateOfRequest = (one: Machine): string => (isOver(one) ? 'closed' : 'active')
/** Source: EC2, spot request status codes. */
const statusOfRequest = (one: Machine): string => {
  if (isOver(one)) return one.stateReason === spotReason ? 'instance-terminated-no-capacity' : 'instance-terminated-by-user'
  return one.interruption === null ? 'fulfilled' : 'marked-for-termination'
}

/** One for each spot machine, under an id that follows from the machine's. */
const describeSpotRequests: Action = (state, region, params) => {
  const ids = params.list('SpotInstanceRequestId')
  const all = state.seen(region).filter(({ market }) => market === 'spot')
  const requestOf = ({ id }: Machine) => id.replace('i-', 'sir-')
  const named = ids.length === 0 ? all : all.filter((one) => ids.includes(requestOf(one)))
  const found = filtered(params, named, (one, filter) => {
    if (filter === 'instance-id') return [one.id]
    return filter === 'state' ? [stateOfRequest(one)] : null
  })
  return {
    spotInstanceRequestSet: {
      item: found.map((one) => ({
        spotInstanceRequestId: requestOf(one),
        type: 'one-time',
        state: stateOfRequest(one),
        status: { code: statusOfRequest(one), updateTime: new Date(one.launchedAtMs).toISOString() },
        instanceId: one.id,
        createTime: new Date(one.launchedAtMs).toISOString(),
        launchedAvailabilityZone: one.zone,
      })),
    },
  }
}

export const launchReads: Readonly<Record<string, Action>> = {
  DescribeSpotInstanceRequests: describeSpotRequests,
  GetConsoleOutput: getConsoleOutput,
}
export const launchChanges: Readonly<Record<string, Change>> = { RunInstances: runInstances }
