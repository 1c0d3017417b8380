import { type Filter, type Instance, paginateDescribeInstances, paginateDescribeVolumes, type Volume } from '@aws-sdk/client-ec2'
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts'
import { isFault } from '@/lib/kernel/ground/errors'
import type { CloudCallOptions, CloudSettings, MachineSeen, MachinesRead, MachineVolume } from '@/lib/ports/machines'
import { makeClients } from './clients'
import { asFault } from './faults'

/** The most that EC2 puts on a page: the fewest requests. */
const pageSize = 1000

export interface AwsMachines extends MachinesRead {
  close: () => void
}

/** Machines of EC2. An account's calls to one region follow one another; regions are asked beside each other by who calls. */
export const makeMachines = (): AwsMachines => {
  const clients = makeClients()
  const turn = inTurns()
  return {
    identity: (account, options) =>
      turn(`${account.id} sts`, () =>
        asked(account, 'STS', 'sts:GetCallerIdentity', options, async (abortSignal) => {
          const { Account, Arn } = await clients.sts(account).send(new GetCallerIdentityCommand({}), { abortSignal })
          return { awsAccount: Account ?? '', arn: Arn ?? '' }
        }),
      ),
    list: (account, region, { tags }, options) =>
      turn(`${account.id} ${region}`, async () => {
        const client = clients.ec2(account, region)
        const instances = await asked(account, region, 'ec2:DescribeInstances', options, async (abortSignal) => {
          const found: Instance[] = []
          for await (const page of paginateDescribeInstances({ client, pageSize }, { Filters: filters(tags) }, { abortSignal }))
            for (const { Instances = [] } of page.Reservations ?? []) found.push(...Instances)
          return found
        })
        const volumes = await asked(account, region, 'ec2:DescribeVolumes', options, async (abortSignal) => {
          const found = new Map<string, Volume>()
          if (instances.length === 0) return found
          for await (const page of paginateDescribeVolumes({ client, pageSize }, {}, { abortSignal }))
            for (const volume of page.Volumes ?? []) found.set(volume.VolumeId ?? '', volume)
          return found
        })
        return instances.map((instance) => machineOf(instance, region, volumes))
      }),
    close: clients.close,
  }
}

const filters = (tags: Readonly<Record<string, string>>): Filter[] =>
  Object.entries(tags).map(([key, value]) => ({ Name: `tag:${key}`, Values: [value] }))

const machineOf = (instance: Instance, region: string, volumes: ReadonlyMap<string, Volume>): MachineSeen => {
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
    market: instance.InstanceLifecycle === 'spot' ? 'spot' : 'on-demand',
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

const asked = async <T>(
  account: CloudSettings,
  where: string,
  action: string,
  { timeoutMs, signal }: CloudCallOptions,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  try {
    return await work(AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal ? [signal] : [])]))
  } catch (error) {
    throw isFault(error) ? error : asFault(account, where, action, error)
  }
}

/** Work of one key at a time, in the order it came. */
const inTurns = () => {
  const last = new Map<string, Promise<unknown>>()
  return <T>(key: string, work: () => Promise<T>): Promise<T> => {
    const mine = (last.get(key) ?? Promise.resolve()).then(work, work)
    last.set(
      key,
      mine.catch(() => {}),
    )
    return mine
  }
}
