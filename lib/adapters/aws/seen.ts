import type { Instance, InstanceTypeInfo, Volume } from '@aws-sdk/client-ec2'
import type { OfferedType } from '@/lib/domain/machines/fit'
import type { MachineNow } from '@/lib/ports/cloud'
import type { MachineMarket, MachineSeen, MachineVolume } from '@/lib/ports/machines'

const marketOf = ({ InstanceLifecycle }: Instance): MachineMarket => (InstanceLifecycle === 'spot' ? 'spot' : 'on-demand')

/** A machine as a list has it. */
export const machineOf = (instance: Instance, region: string, volumes: ReadonlyMap<string, Volume>): MachineSeen => {
  const { PrivateIpAddress: privateAddress = null, PublicIpAddress: publicAddress = null } = instance
  const interfaces = (instance.NetworkInterfaces ?? []).flatMap(({ PrivateIpAddresses = [], Ipv6Addresses = [] }) => [
    ...PrivateIpAddresses.flatMap(({ PrivateIpAddress, Association }) => [PrivateIpAddress, Association?.PublicIp]),
    ...Ipv6Addresses.map(({ Ipv6Address }) => Ipv6Address),
  ])
  const addresses = [privateAddress, publicAddress, ...interfaces].filter((address) => typeof address === 'string' && address !== '')
  return {
    instanceId: instance.InstanceId!,
    region,
    zone: instance.Placement?.AvailabilityZone ?? '',
    type: instance.InstanceType ?? '',
    state: instance.State?.Name ?? 'unknown',
    market: marketOf(instance),
    architecture: instance.Architecture ?? '',
    privateAddress,
    publicAddress,
    addresses: [...new Set(addresses as string[])],
    volumes: (instance.BlockDeviceMappings ?? []).flatMap(({ DeviceName = '', Ebs }): MachineVolume[] => {
      const volume = volumes.get(Ebs?.VolumeId ?? '')
      return volume ? [{ id: volume.VolumeId!, device: DeviceName, size: volume.Size ?? 0, type: volume.VolumeType ?? '' }] : []
    }),
    tags: Object.fromEntries((instance.Tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value])),
    launchedAt: instance.LaunchTime ?? null,
  }
}

/** An address that AWS lends while the machine runs is its own; an Elastic IP belongs to the account. */
const lent = 'amazon'

export const machineNow = (instance: Instance): MachineNow => {
  const [first] = instance.NetworkInterfaces ?? []
  return {
    type: instance.InstanceType ?? '',
    zone: instance.Placement?.AvailabilityZone ?? '',
    state: instance.State?.Name ?? 'unknown',
    market: marketOf(instance),
    architecture: instance.Architecture ?? '',
    hasEna: instance.EnaSupport === true,
    privateAddress: instance.PrivateIpAddress ?? null,
    publicAddress: instance.PublicIpAddress ?? null,
    keepsPublicAddress: (first?.Association?.IpOwnerId ?? lent) !== lent,
  }
}

export const typeOf = (one: InstanceTypeInfo, inZone: ReadonlySet<string>): OfferedType => ({
  type: one.InstanceType ?? '',
  vcpus: one.VCpuInfo?.DefaultVCpus ?? 0,
  memoryMib: one.MemoryInfo?.SizeInMiB ?? 0,
  architectures: one.ProcessorInfo?.SupportedArchitectures ?? [],
  needsEna: one.NetworkInfo?.EnaSupport === 'required',
  instanceStorageGb: one.InstanceStorageInfo?.TotalSizeInGB ?? null,
  ebsBaselineMbps: one.EbsInfo?.EbsOptimizedInfo?.BaselineBandwidthInMbps ?? null,
  isOffered: inZone.has(one.InstanceType ?? ''),
})
