import {
  DescribeInstancesCommand,
  DescribeInstanceTypeOfferingsCommand,
  DescribeInstanceTypesCommand,
  DescribeSpotPriceHistoryCommand,
  DescribeVolumesCommand,
  type EC2Client,
} from '@aws-sdk/client-ec2'
import type { CloudAction, CloudDeed } from '@/lib/ports/cloud'
import { requestOf } from './deeds'

type Try = (client: EC2Client, instanceId: string, abortSignal: AbortSignal) => Promise<unknown>

const isDry = { DryRun: true }
/** Any type will do: EC2 judges the right before it looks at it. */
const anyType = 'm5.large'

const deed =
  (of: CloudDeed): Try =>
  (client, instanceId, abortSignal) =>
    requestOf({ ...of, instanceId }, true).send(client, abortSignal)

/** The dry run of each action of EC2. */
export const dryRuns: Readonly<Record<Exclude<CloudAction, 'sts:GetCallerIdentity'>, Try>> = {
  'ec2:DescribeInstances': (client, _id, abortSignal) => client.send(new DescribeInstancesCommand(isDry), { abortSignal }),
  'ec2:DescribeVolumes': (client, _id, abortSignal) => client.send(new DescribeVolumesCommand(isDry), { abortSignal }),
  'ec2:DescribeInstanceTypes': (client, _id, abortSignal) => client.send(new DescribeInstanceTypesCommand(isDry), { abortSignal }),
  'ec2:DescribeInstanceTypeOfferings': (client, _id, abortSignal) =>
    client.send(new DescribeInstanceTypeOfferingsCommand(isDry), { abortSignal }),
  'ec2:DescribeSpotPriceHistory': (client, _id, abortSignal) => client.send(new DescribeSpotPriceHistoryCommand(isDry), { abortSignal }),
  'ec2:StartInstances': deed({ does: 'start' }),
  'ec2:StopInstances': deed({ does: 'stop' }),
  'ec2:RebootInstances': deed({ does: 'reboot' }),
  'ec2:ModifyInstanceAttribute': deed({ does: 'set-type', type: anyType }),
}
