import { sampleTypes } from '@/lib/domain/machines/sample'
import { subnetOf, vpcOf } from './launch/network'
import { type Machine, spotReason, stateCodes, type Volume } from './state'

const iso = (ms: number): string => new Date(ms).toISOString()
const tagSet = (tags: Record<string, string>) => ({ item: Object.entries(tags).map(([key, value]) => ({ key, value })) })

const attached = ({ id, attachment }: Volume) =>
  attachment && {
    volumeId: id,
    instanceId: attachment.machineId,
    device: attachment.device,
    status: 'attached',
    attachTime: iso(attachment.atMs),
    deleteOnTermination: attachment.deletesWithMachine,
  }

/** An instance as `DescribeInstances` writes it. */
export const shownMachine = (machine: Machine, volumes: readonly Volume[]) => {
  const { state, type, zone, market, tags } = machine
  const isGone = state === 'terminated'
  return {
    instanceId: machine.id,
    imageId: machine.imageId,
    instanceState: { code: stateCodes[state], name: state },
    privateDnsName: isGone ? '' : `ip-${machine.privateIp.replaceAll('.', '-')}.ec2.internal`,
    reason: machine.stateReason,
    stateReason: machine.stateReason === spotReason ? { code: spotReason, message: `${spotReason}: Spot instance termination` } : null,
    amiLaunchIndex: 0,
    instanceType: type,
    launchTime: iso(machine.launchedAtMs),
    placement: { availabilityZone: zone, groupName: '', tenancy: 'default' },
    monitoring: { state: 'disabled' },
    ...(isGone ? {} : { subnetId: subnetOf(zone), vpcId: vpcOf(machine.region), privateIpAddress: machine.privateIp }),
    ipAddress: !isGone && state === 'running' ? machine.publicIp : null,
    architecture: machine.architecture,
    rootDeviceType: 'ebs',
    rootDeviceName: '/dev/xvda',
    blockDeviceMapping: {
      item: volumes.map((volume) => {
        const shown = attached(volume)
        return (
          shown && {
            deviceName: shown.device,
            ebs: {
              volumeId: shown.volumeId,
              status: 'attached',
              attachTime: shown.attachTime,
              deleteOnTermination: shown.deleteOnTermination,
            },
          }
        )
      }),
    },
    virtualizationType: 'hvm',
    instanceLifecycle: market === 'spot' ? 'spot' : null,
    spotInstanceRequestId: market === 'spot' ? machine.id.replace('i-', 'sir-') : null,
    clientToken: machine.clientToken ?? '',
    keyName: machine.keyName,
    groupSet: { item: machine.groupIds.map((groupId) => ({ groupId })) },
    metadataOptions: { state: 'applied', httpTokens: machine.httpTokens, httpEndpoint: 'enabled', httpPutResponseHopLimit: 1 },
    tagSet: tagSet(tags),
    hypervisor: 'xen',
    ebsOptimized: true,
    enaSupport: machine.hasEna,
  }
}

export const shownVolume = (volume: Volume) => ({
  volumeId: volume.id,
  size: volume.sizeGb,
  snapshotId: '',
  availabilityZone: volume.zone,
  status: volume.attachment ? 'in-use' : 'available',
  createTime: iso(volume.createdAtMs),
  attachmentSet: { item: [attached(volume)] },
  tagSet: tagSet(volume.tags),
  volumeType: volume.type,
  iops: volume.iops,
  throughput: volume.throughput,
  encrypted: volume.isEncrypted,
})

/** A type as `DescribeInstanceTypes` writes it. */
export const shownType = (name: string) => {
  const row = sampleTypes[name]!
  return {
    instanceType: name,
    currentGeneration: row.currentGeneration,
    supportedUsageClasses: { item: row.usageClasses },
    supportedRootDeviceTypes: { item: ['ebs'] },
    supportedVirtualizationTypes: { item: ['hvm'] },
    bareMetal: false,
    hypervisor: row.hypervisor,
    processorInfo: { supportedArchitectures: { item: row.architectures } },
    vCpuInfo: { defaultVCpus: row.vcpus, defaultCores: row.cores, defaultThreadsPerCore: Math.round(row.vcpus / row.cores) },
    memoryInfo: { sizeInMiB: row.memoryMib },
    instanceStorageSupported: row.instanceStorageGb !== undefined,
    instanceStorageInfo: row.instanceStorageGb === undefined ? null : { totalSizeInGB: row.instanceStorageGb, nvmeSupport: row.nvme },
    ebsInfo: {
      ebsOptimizedSupport: row.ebsOptimized,
      encryptionSupport: 'supported',
      ebsOptimizedInfo:
        row.ebsBaselineMbps === undefined
          ? null
          : {
              baselineBandwidthInMbps: row.ebsBaselineMbps,
              baselineThroughputInMBps: row.ebsBaselineMbps / 8,
              baselineIops: row.ebsBaselineIops,
              maximumBandwidthInMbps: row.ebsMaximumMbps,
              maximumThroughputInMBps: (row.ebsMaximumMbps ?? 0) / 8,
              maximumIops: row.ebsMaximumIops,
            },
      nvmeSupport: row.nvme,
      maximumEbsAttachments: row.maximumEbsAttachments,
    },
    networkInfo: {
      networkPerformance: row.network,
      enaSupport: row.ena,
      networkCards: { item: [{ networkCardIndex: 0, networkPerformance: row.network, baselineBandwidthInGbps: row.networkBaselineGbps }] },
    },
    burstablePerformanceSupported: row.burstable,
  }
}
