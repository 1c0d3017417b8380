import type {
  DescribeImagesCommandInput,
  Filter,
  Image,
  Instance,
  IpPermission,
  RunInstancesCommandInput,
  SecurityGroup,
  Tag,
  Volume,
} from '@aws-sdk/client-ec2'
import {
  dataDevice,
  type LaunchedGroup,
  type LaunchedMachine,
  type LaunchedVolume,
  type LaunchImage,
  type LaunchRule,
  type MachineSpec,
  rootDevice,
  type Tags,
} from '@/lib/ports/launches'

/** The account that Debian publishes its images with. Source: wiki.debian.org/Cloud/AmazonEC2Image. */
const debianAccount = '136693071363'

export const tagList = (tags: Tags): Tag[] => Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))

export const tagFilters = (tags: Tags): Filter[] => Object.entries(tags).map(([key, value]) => ({ Name: `tag:${key}`, Values: [value] }))

const tagsOf = (tags: readonly Tag[] | undefined): Record<string, string> =>
  Object.fromEntries((tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value]))

export const launchedMachineOf = (instance: Instance): LaunchedMachine => ({
  id: instance.InstanceId!,
  state: instance.State?.Name ?? 'unknown',
  type: instance.InstanceType ?? '',
  zone: instance.Placement?.AvailabilityZone ?? '',
  market: instance.InstanceLifecycle === 'spot' ? 'spot' : 'on-demand',
  privateAddress: instance.PrivateIpAddress ?? null,
  publicAddress: instance.PublicIpAddress ?? null,
  tags: tagsOf(instance.Tags),
})

export const launchedVolumeOf = (volume: Volume): LaunchedVolume => {
  const [held] = volume.Attachments ?? []
  return {
    id: volume.VolumeId!,
    state: volume.State ?? 'unknown',
    zone: volume.AvailabilityZone ?? '',
    sizeGb: volume.Size ?? 0,
    kind: volume.VolumeType ?? '',
    machineId: held?.InstanceId ?? null,
    device: held?.Device ?? null,
    goesWithMachine: held?.DeleteOnTermination === true,
    tags: tagsOf(volume.Tags),
  }
}

export const groupOf = (group: SecurityGroup): LaunchedGroup => ({
  id: group.GroupId!,
  name: group.GroupName ?? '',
  rules: (group.IpPermissions ?? []).flatMap(({ FromPort, IpRanges = [], Ipv6Ranges = [] }): LaunchRule[] =>
    [
      ...IpRanges.map(({ CidrIp = '', Description = '' }) => ({ network: CidrIp, description: Description })),
      ...Ipv6Ranges.map(({ CidrIpv6 = '', Description = '' }) => ({ network: CidrIpv6, description: Description })),
    ].map((range) => ({ port: FromPort ?? -1, ...range })),
  ),
  tags: tagsOf(group.Tags),
})

export const ingressOf = ({ port, network, description }: LaunchRule): IpPermission => ({
  IpProtocol: 'tcp',
  FromPort: port,
  ToPort: port,
  ...(network.includes(':')
    ? { Ipv6Ranges: [{ CidrIpv6: network, Description: description }] }
    : { IpRanges: [{ CidrIp: network, Description: description }] }),
})

export const debianImages = (architecture: string): DescribeImagesCommandInput => ({
  Owners: [debianAccount],
  Filters: [
    { Name: 'name', Values: [`debian-13-${architecture === 'arm64' ? 'arm64' : 'amd64'}-*`] },
    { Name: 'architecture', Values: [architecture] },
    { Name: 'state', Values: ['available'] },
  ],
})

/** A daily build is no release. */
export const newestOf = (images: readonly Image[]): LaunchImage | null => {
  const [newest] = images
    .filter(({ Name = '' }) => !Name.includes('daily'))
    .toSorted((a, b) => ((a.CreationDate ?? '') < (b.CreationDate ?? '') ? 1 : -1))
  return newest === undefined ? null : { id: newest.ImageId!, name: newest.Name ?? '' }
}

/** Volumes are encrypted with the account's key, and metadata is given to who has a session alone. */
export const launchInput = (spec: MachineSpec): RunInstancesCommandInput => {
  const { volume, tags } = spec
  return {
    ClientToken: spec.token,
    MinCount: 1,
    MaxCount: 1,
    ImageId: spec.imageId,
    InstanceType: spec.type as RunInstancesCommandInput['InstanceType'],
    UserData: Buffer.from(spec.userData).toString('base64'),
    MetadataOptions: { HttpTokens: 'required', HttpEndpoint: 'enabled', HttpPutResponseHopLimit: 1 },
    NetworkInterfaces: [
      {
        DeviceIndex: 0,
        AssociatePublicIpAddress: spec.hasPublicAddress,
        ...(spec.groupIds.length === 0 ? {} : { Groups: [...spec.groupIds] }),
        ...(spec.subnetId === null ? {} : { SubnetId: spec.subnetId }),
      },
    ],
    ...(spec.zone === null ? {} : { Placement: { AvailabilityZone: spec.zone } }),
    ...(spec.keyName === null ? {} : { KeyName: spec.keyName }),
    ...(spec.market === 'spot'
      ? {
          InstanceMarketOptions: {
            MarketType: 'spot',
            SpotOptions: {
              SpotInstanceType: 'one-time',
              InstanceInterruptionBehavior: 'terminate',
              ...(spec.priceMaxUsd === null ? {} : { MaxPrice: spec.priceMaxUsd }),
            },
          },
        }
      : {}),
    BlockDeviceMappings: [
      { DeviceName: rootDevice, Ebs: { VolumeSize: spec.rootGb, VolumeType: 'gp3', Encrypted: true, DeleteOnTermination: true } },
      ...(volume === null
        ? []
        : [
            {
              DeviceName: dataDevice,
              Ebs: {
                VolumeSize: volume.sizeGb,
                VolumeType: volume.kind as 'gp3',
                Encrypted: true,
                DeleteOnTermination: false,
                ...(volume.iops === null ? {} : { Iops: volume.iops }),
                ...(volume.mibs === null ? {} : { Throughput: volume.mibs }),
              },
            },
          ]),
    ],
    TagSpecifications: [
      { ResourceType: 'instance', Tags: tagList(tags) },
      { ResourceType: 'volume', Tags: tagList(tags) },
    ],
  }
}
