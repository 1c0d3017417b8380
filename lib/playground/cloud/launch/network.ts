import { createHash } from 'node:crypto'
import { type Action, type Change, change, tagsOf, tagValues } from '../action'
import { CloudFault } from '../fault'
import { filtered, type Params, paged } from '../params'
import { type CloudState, newId } from '../state'
import type { Permission, SecurityGroup } from './kept'

const idOf = (kind: string, of: string): string => `${kind}-0${createHash('sha256').update(of).digest('hex').slice(0, 16)}`
/** Each region has its default network, and that a subnet in each zone. */
export const vpcOf = (region: string): string => idOf('vpc', region)
export const subnetOf = (zone: string): string => idOf('subnet', zone)

/** The zone of a subnet; throws as EC2 does where there is none. */
export const zoneOfSubnet = (state: CloudState, region: string, id: string): string => {
  const zone = state.zones(region).find((one) => subnetOf(one) === id)
  if (zone === undefined) throw new CloudFault('InvalidSubnetID.NotFound', `The subnet ID '${id}' does not exist`)
  return zone
}

export const mustHaveGroup = (state: CloudState, region: string, id: string): SecurityGroup => {
  const group = state.groups.get(id)
  if (group === undefined || group.region !== region)
    throw new CloudFault('InvalidGroup.NotFound', `The security group '${id}' does not exist`)
  return group
}

const describeVpcs: Action = (state, region, params) => {
  const found = filtered(params, [vpcOf(region)], (id, filter) => (filter === 'vpc-id' ? [id] : filter === 'is-default' ? ['true'] : null))
  return {
    vpcSet: {
      item: found.map((vpcId) => ({ vpcId, ownerId: state.accountId, state: 'available', cidrBlock: '10.0.0.0/8', isDefault: true })),
    },
  }
}

const describeSubnets: Action = (state, region, params) => {
  const found = filtered(params, state.zones(region), (zone, filter) => {
    if (filter === 'subnet-id') return [subnetOf(zone)]
    if (filter === 'vpc-id') return [vpcOf(region)]
    if (filter === 'availability-zone') return [zone]
    return filter === 'default-for-az' ? ['true'] : null
  })
  return {
    subnetSet: {
      item: found.map((zone) => ({
        subnetId: subnetOf(zone),
        state: 'available',
        vpcId: vpcOf(region),
        availabilityZone: zone,
        defaultForAz: true,
        mapPublicIpOnLaunch: true,
      })),
    },
  }
}

const describeSecurityGroups: Action = (state, region, params) => {
  const ids = params.list('GroupId')
  const all = ids.length > 0 ? ids.map((id) => mustHaveGroup(state, region, id)) : [...state.groups.values()]
  const found = filtered(
    params,
    all.filter((one) => one.region === region),
    (group, filter) => {
      if (filter === 'group-id') return [group.id]
      if (filter === 'group-name') return [group.name]
      return filter === 'vpc-id' ? [group.vpcId] : tagValues(group.tags, filter)
    },
  )
  const { page, nextToken } = paged(params, found, `groups ${region}`)
  return {
    securityGroupInfo: {
      item: page.map((group) => ({
        ownerId: state.accountId,
        groupId: group.id,
        groupName: group.name,
        groupDescription: group.description,
        vpcId: group.vpcId,
        ipPermissions: {
          item: group.ingress.map(({ protocol, from, to, cidr, description }) => ({
            ipProtocol: protocol,
            fromPort: from,
            toPort: to,
            ...(cidr.includes(':')
              ? { ipv6Ranges: { item: [{ cidrIpv6: cidr, description }] } }
              : { ipRanges: { item: [{ cidrIp: cidr, description }] } }),
          })),
        },
        tagSet: { item: Object.entries(group.tags).map(([key, value]) => ({ key, value })) },
      })),
    },
    nextToken,
  }
}

const createSecurityGroup = change(
  (state, region, params) => {
    const name = params.must('GroupName')
    const description = params.must('GroupDescription')
    const vpcId = params.get('VpcId') ?? vpcOf(region)
    if (vpcId !== vpcOf(region)) throw new CloudFault('InvalidVpcID.NotFound', `The vpc ID '${vpcId}' does not exist`)
    if (name.startsWith('sg-'))
      throw new CloudFault(
        'InvalidParameterValue',
        `Value (${name}) for parameter GroupName is invalid. Group names may not be in the format sg-*.`,
      )
    if ([...state.groups.values()].some((one) => one.region === region && one.name === name && one.vpcId === vpcId))
      throw new CloudFault('InvalidGroup.Duplicate', `The security group '${name}' already exists for VPC '${vpcId}'`)
    return { name, description, vpcId, tags: tagsOf(params, 'security-group') }
  },
  (state, { name, description, vpcId, tags }, region) => {
    const group: SecurityGroup = { id: newId('sg'), region, vpcId, name, description, ingress: [], tags }
    state.groups.set(group.id, group)
    return { return: true, groupId: group.id, tagSet: { item: Object.entries(tags).map(([key, value]) => ({ key, value })) } }
  },
)

const permissionsIn = (params: Params): Permission[] =>
  params.groups('IpPermissions').flatMap((one) => {
    const [protocol, from, to] = [one.must('IpProtocol'), one.int('FromPort'), one.int('ToPort')]
    if (!['tcp', 'udp', 'icmp', '-1'].includes(protocol))
      throw new CloudFault('InvalidPermission.Malformed', `Unsupported IP protocol "${protocol}"`)
    if (protocol === 'tcp' && (from === undefined || to === undefined || to < from || to > 65_535))
      throw new CloudFault('InvalidParameterValue', `Invalid value for portRange. Must specify both from and to ports with TCP/UDP.`)
    const ranges = [
      ...one.groups('IpRanges').map((range) => [range.must('CidrIp'), range.get('Description') ?? ''] as const),
      ...one.groups('Ipv6Ranges').map((range) => [range.must('CidrIpv6'), range.get('Description') ?? ''] as const),
    ]
    return ranges.map(([cidr, description]) => {
      if (!/^(\d{1,3}(\.\d{1,3}){3}|[0-9a-f:]+)\/\d{1,3}$/i.test(cidr))
        throw new CloudFault('InvalidParameterValue', `CIDR block ${cidr} is malformed`)
      return { protocol, from: from ?? -1, to: to ?? -1, cidr, description }
    })
  })

const isSame = (a: Permission, b: Permission): boolean =>
  a.protocol === b.protocol && a.from === b.from && a.to === b.to && a.cidr === b.cidr

const readIngress = (state: CloudState, region: string, params: Params) => ({
  group: mustHaveGroup(state, region, params.must('GroupId')),
  wanted: permissionsIn(params),
})

const authorize = change(readIngress, (_state, { group, wanted }) => {
  const twice = wanted.find((one) => group.ingress.some((held) => isSame(held, one)))
  if (twice)
    throw new CloudFault(
      'InvalidPermission.Duplicate',
      `the specified rule "peer: ${twice.cidr}, ${twice.protocol.toUpperCase()}, from port: ${twice.from}, to port: ${twice.to}, ALLOW" already exists`,
    )
  group.ingress.push(...wanted)
  return { return: true }
})

const revoke = change(readIngress, (_state, { group, wanted }) => {
  const missing = wanted.find((one) => !group.ingress.some((held) => isSame(held, one)))
  if (missing) throw new CloudFault('InvalidPermission.NotFound', 'The specified rule does not exist in this security group.')
  group.ingress = group.ingress.filter((held) => !wanted.some((one) => isSame(held, one)))
  return { return: true }
})

const deleteSecurityGroup = change(
  (state, region, params) => mustHaveGroup(state, region, params.must('GroupId')),
  (state, group, region) => {
    const isUsed = [...state.machines.values()].some(({ id, region: own }) => {
      if (own !== region) return false
      const machine = state.machine(region, id)
      return machine.groupIds.includes(group.id) && machine.state !== 'terminated'
    })
    if (isUsed) throw new CloudFault('DependencyViolation', `resource ${group.id} has a dependent object`)
    state.groups.delete(group.id)
    return { return: true, groupId: group.id }
  },
)

export const networkReads: Readonly<Record<string, Action>> = {
  DescribeVpcs: describeVpcs,
  DescribeSubnets: describeSubnets,
  DescribeSecurityGroups: describeSecurityGroups,
}

export const networkChanges: Readonly<Record<string, Change>> = {
  CreateSecurityGroup: createSecurityGroup,
  AuthorizeSecurityGroupIngress: authorize,
  RevokeSecurityGroupIngress: revoke,
  DeleteSecurityGroup: deleteSecurityGroup,
}
