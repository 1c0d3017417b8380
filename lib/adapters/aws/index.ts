import {
  DescribeInstancesCommand,
  DescribeInstanceTypeOfferingsCommand,
  DescribeInstanceTypesCommand,
  type Filter,
  type Instance,
  paginateDescribeInstances,
  paginateDescribeVolumes,
  type Volume,
} from '@aws-sdk/client-ec2'
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts'
import { isFault } from '@/lib/kernel/ground/errors'
import type { MachinesAct, MachinesRead } from '@/lib/ports/machines'
import { dryRuns } from './actions'
import { makeClients } from './clients'
import { requestOf } from './deeds'
import { isLetThrough } from './faults'
import { makeSend } from './requests'
import { machineNow, machineOf, typeOf } from './seen'
import { launchTries, rdsTries } from './tries'

const tries = { ...dryRuns, ...launchTries, ...rdsTries }

/** The most that EC2 puts on a page: the fewest requests. */
const pageSize = 1000

export interface AwsMachines extends MachinesRead, MachinesAct {
  close: () => void
}

/** Machines of EC2. */
export const makeMachines = (): AwsMachines => {
  const clients = makeClients()
  const send = makeSend()
  const identity: MachinesRead['identity'] = (account, options) =>
    send({ account, where: 'STS', action: 'sts:GetCallerIdentity' }, options, async (abortSignal) => {
      const { Account, Arn } = await clients.sts(account).send(new GetCallerIdentityCommand({}), { abortSignal })
      return { awsAccount: Account ?? '', arn: Arn ?? '' }
    })
  return {
    identity,
    list: async (account, region, { tags }, options) => {
      const client = clients.ec2(account, region)
      const instances = await send({ account, where: region, action: 'ec2:DescribeInstances' }, options, async (abortSignal) => {
        const found: Instance[] = []
        for await (const page of paginateDescribeInstances({ client, pageSize }, { Filters: filters(tags) }, { abortSignal }))
          for (const { Instances = [] } of page.Reservations ?? []) found.push(...Instances)
        return found
      })
      if (instances.length === 0) return []
      const volumes = await send({ account, where: region, action: 'ec2:DescribeVolumes' }, options, async (abortSignal) => {
        const found = new Map<string, Volume>()
        for await (const page of paginateDescribeVolumes({ client, pageSize }, {}, { abortSignal }))
          for (const volume of page.Volumes ?? []) found.set(volume.VolumeId ?? '', volume)
        return found
      })
      return instances.map((instance) => machineOf(instance, region, volumes))
    },
    machine: (account, region, instanceId, options) =>
      send({ account, where: region, action: 'ec2:DescribeInstances' }, options, async (abortSignal) => {
        const client = clients.ec2(account, region)
        const { Reservations = [] } = await client.send(new DescribeInstancesCommand({ InstanceIds: [instanceId] }), { abortSignal })
        return machineNow(Reservations[0]!.Instances![0]!)
      }),
    types: async (account, region, zone, names, options) => {
      const client = clients.ec2(account, region)
      const byName = [{ Name: 'instance-type', Values: [...names] }]
      const offered = await send({ account, where: region, action: 'ec2:DescribeInstanceTypeOfferings' }, options, (abortSignal) =>
        client.send(
          new DescribeInstanceTypeOfferingsCommand({
            LocationType: 'availability-zone',
            Filters: [...byName, { Name: 'location', Values: [zone] }],
          }),
          { abortSignal },
        ),
      )
      const inZone = new Set(offered.InstanceTypeOfferings?.map(({ InstanceType }) => String(InstanceType)))
      // By a filter: one name that EC2 does not know would have the whole question refused.
      const known = await send({ account, where: region, action: 'ec2:DescribeInstanceTypes' }, options, (abortSignal) =>
        client.send(new DescribeInstanceTypesCommand({ Filters: byName }), { abortSignal }),
      )
      return (known.InstanceTypes ?? []).map((one) => typeOf(one, inZone))
    },
    act: (account, region, deed, options) => {
      const request = requestOf(deed, false)
      return send({ account, where: region, action: request.action, isDeed: true }, options, async (abortSignal) => {
        await request.send(clients.ec2Deeds(account, region), abortSignal)
      })
    },
    mayDo: async (account, region, action, on, options) => {
      if (action === 'sts:GetCallerIdentity') {
        await identity(account, options)
        return
      }
      try {
        await send({ account, where: region, action }, options, (abortSignal) =>
          tries[action](
            { ec2: clients.ec2(account, region), rds: clients.rds(account, region), cloudWatch: clients.cloudWatch(account, region) },
            on,
            abortSignal,
          ),
        )
      } catch (error) {
        if (!isFault(error) || !isLetThrough(error.cause)) throw error
      }
    },
    close: clients.close,
  }
}

const filters = (tags: Readonly<Record<string, string>>): Filter[] =>
  Object.entries(tags).map(([key, value]) => ({ Name: `tag:${key}`, Values: [value] }))
