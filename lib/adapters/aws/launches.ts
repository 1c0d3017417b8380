import {
  AttachVolumeCommand,
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  CreateTagsCommand,
  DeleteSecurityGroupCommand,
  DeleteVolumeCommand,
  DescribeImagesCommand,
  DescribeVolumesCommand,
  type EC2Client,
  GetConsoleOutputCommand,
  type Instance,
  paginateDescribeInstances,
  paginateDescribeSecurityGroups,
  paginateDescribeVolumes,
  RunInstancesCommand,
  type SecurityGroup,
  TerminateInstancesCommand,
  type Volume,
} from '@aws-sdk/client-ec2'
import { isFault } from '@/lib/kernel/ground/errors'
import type { CloudCallOptions } from '@/lib/ports/cloud-call'
import type { LaunchesAct, LaunchesRead } from '@/lib/ports/launches'
import type { CloudSettings } from '@/lib/ports/machines'
import { makeClients } from './clients'
import { isDryRunPassed } from './faults'
import {
  debianImages,
  groupOf,
  ingressOf,
  launchedMachineOf,
  launchedVolumeOf,
  launchInput,
  newestOf,
  tagFilters,
  tagList,
} from './launch-seen'
import { makeSend } from './requests'

const pageSize = 1000

export interface AwsLaunches extends LaunchesRead, LaunchesAct {
  close: () => void
}

/** Herds on EC2: what they consist of, made and taken away. */
export const makeLaunches = (): AwsLaunches => {
  const clients = makeClients()
  const send = makeSend()
  const ask = <T>(
    account: CloudSettings,
    region: string,
    action: string,
    options: CloudCallOptions,
    work: (client: EC2Client, abortSignal: AbortSignal) => Promise<T>,
  ): Promise<T> =>
    send({ account, where: region, action: `ec2:${action}` }, options, (abortSignal) => work(clients.ec2(account, region), abortSignal))
  const act = async (
    account: CloudSettings,
    region: string,
    action: string,
    options: CloudCallOptions,
    work: (client: EC2Client, abortSignal: AbortSignal) => Promise<unknown>,
    isSo: ReadonlySet<string> = nothing,
  ): Promise<void> => {
    try {
      await send({ account, where: region, action: `ec2:${action}`, isDeed: true }, options, (abortSignal) =>
        work(clients.ec2Deeds(account, region), abortSignal),
      )
    } catch (error) {
      if (!isFault(error) || !isSo.has((error.cause as { name?: string } | undefined)?.name ?? '')) throw error
    }
  }
  return {
    launched: async (account, region, tags, options) => {
      const Filters = tagFilters(tags)
      const machines = await ask(account, region, 'DescribeInstances', options, async (client, abortSignal) => {
        const found: Instance[] = []
        for await (const page of paginateDescribeInstances({ client, pageSize }, { Filters }, { abortSignal }))
          for (const { Instances = [] } of page.Reservations ?? []) found.push(...Instances)
        return found
      })
      const volumes = await ask(account, region, 'DescribeVolumes', options, async (client, abortSignal) => {
        const found: Volume[] = []
        for await (const page of paginateDescribeVolumes({ client, pageSize }, { Filters }, { abortSignal }))
          found.push(...(page.Volumes ?? []))
        return found
      })
      const groups = await ask(account, region, 'DescribeSecurityGroups', options, async (client, abortSignal) => {
        const found: SecurityGroup[] = []
        for await (const page of paginateDescribeSecurityGroups({ client, pageSize }, { Filters }, { abortSignal }))
          found.push(...(page.SecurityGroups ?? []))
        return found
      })
      return { machines: machines.map(launchedMachineOf), volumes: volumes.map(launchedVolumeOf), groups: groups.map(groupOf) }
    },
    image: (account, region, architecture, options) =>
      ask(account, region, 'DescribeImages', options, async (client, abortSignal) =>
        newestOf((await client.send(new DescribeImagesCommand(debianImages(architecture)), { abortSignal })).Images ?? []),
      ),
    console: (account, region, InstanceId, options) =>
      ask(account, region, 'GetConsoleOutput', options, async (client, abortSignal) => {
        const { Output = '' } = await client.send(new GetConsoleOutputCommand({ InstanceId }), { abortSignal })
        return Output === '' ? null : Buffer.from(Output, 'base64').toString('utf8')
      }),
    mayLaunch: async (account, region, spec, options) => {
      try {
        await ask(account, region, 'RunInstances', options, (client, abortSignal) =>
          client.send(new RunInstancesCommand({ ...launchInput(spec), DryRun: true }), { abortSignal }),
        )
      } catch (error) {
        if (!isFault(error) || !isDryRunPassed(error.cause)) throw error
      }
      return true
    },
    makeGroup: (account, region, { name, description, vpcId, tags }, options) =>
      act(
        account,
        region,
        'CreateSecurityGroup',
        options,
        (client, abortSignal) =>
          client.send(
            new CreateSecurityGroupCommand({
              GroupName: name,
              Description: description,
              ...(vpcId === null ? {} : { VpcId: vpcId }),
              TagSpecifications: [{ ResourceType: 'security-group', Tags: tagList(tags) }],
            }),
            { abortSignal },
          ),
        new Set(['InvalidGroup.Duplicate']),
      ),
    allow: async (account, region, GroupId, rules, options) => {
      // One by one: a rule that stands already has a whole request refused.
      for (const rule of rules)
        await act(
          account,
          region,
          'AuthorizeSecurityGroupIngress',
          options,
          (client, abortSignal) =>
            client.send(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions: [ingressOf(rule)] }), { abortSignal }),
          new Set(['InvalidPermission.Duplicate']),
        )
    },
    dropGroup: (account, region, GroupId, options) =>
      act(
        account,
        region,
        'DeleteSecurityGroup',
        options,
        (client, abortSignal) => client.send(new DeleteSecurityGroupCommand({ GroupId }), { abortSignal }),
        new Set(['InvalidGroup.NotFound']),
      ),
    launch: (account, region, spec, options) =>
      act(account, region, 'RunInstances', options, (client, abortSignal) =>
        client.send(new RunInstancesCommand(launchInput(spec)), { abortSignal }),
      ),
    tag: (account, region, ids, tags, options) =>
      act(account, region, 'CreateTags', options, (client, abortSignal) =>
        client.send(new CreateTagsCommand({ Resources: [...ids], Tags: tagList(tags) }), { abortSignal }),
      ),
    terminate: async (account, region, ids, options) => {
      for (const id of ids)
        await act(
          account,
          region,
          'TerminateInstances',
          options,
          (client, abortSignal) => client.send(new TerminateInstancesCommand({ InstanceIds: [id] }), { abortSignal }),
          new Set(['InvalidInstanceID.NotFound']),
        )
    },
    attach: async (account, region, volumeId, { instanceId, device }, options) => {
      try {
        await act(account, region, 'AttachVolume', options, (client, abortSignal) =>
          client.send(new AttachVolumeCommand({ VolumeId: volumeId, InstanceId: instanceId, Device: device }), { abortSignal }),
        )
      } catch (error) {
        if (!isFault(error, 'cloud.wrong-state')) throw error
        const found = await ask(account, region, 'DescribeVolumes', options, (client, abortSignal) =>
          client.send(new DescribeVolumesCommand({ VolumeIds: [volumeId] }), { abortSignal }),
        )
        if (found.Volumes?.[0]?.Attachments?.[0]?.InstanceId !== instanceId) throw error
      }
    },
    dropVolume: (account, region, VolumeId, options) =>
      act(
        account,
        region,
        'DeleteVolume',
        options,
        (client, abortSignal) => client.send(new DeleteVolumeCommand({ VolumeId }), { abortSignal }),
        new Set(['InvalidVolume.NotFound']),
      ),
    close: clients.close,
  }
}

const nothing: ReadonlySet<string> = new Set()
