import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch'
import {
  DescribeInstancesCommand,
  DescribeInstanceTypeOfferingsCommand,
  DescribeInstanceTypesCommand,
  DescribeSpotPriceHistoryCommand,
  DescribeVolumesCommand,
  type EC2Client,
} from '@aws-sdk/client-ec2'
import type { RDSClient } from '@aws-sdk/client-rds'
import type { CloudDeed } from '@/lib/ports/cloud'
import type { cloudActions, TriedOn } from '@/lib/ports/cloud-rights'
import { requestOf } from './deeds'

/** Of one account in one region. */
export interface TryClients {
  ec2: EC2Client
  rds: RDSClient
  cloudWatch: CloudWatchClient
}
/** What it needs of `on` is there. */
export type Try = (clients: TryClients, on: TriedOn, abortSignal: AbortSignal) => Promise<unknown>

export const isDry = { DryRun: true }
/** Any type will do: EC2 judges the right before it looks at it. */
export const anyType = 'm5.large'

const deed =
  (of: CloudDeed): Try =>
  ({ ec2 }, { instanceId }, abortSignal) =>
    requestOf({ ...of, instanceId: instanceId! }, true).send(ec2, abortSignal)

/** The dry run of each action of EC2. */
export const dryRuns: Readonly<Record<Exclude<(typeof cloudActions)[number], 'sts:GetCallerIdentity'>, Try>> = {
  'ec2:DescribeInstances': ({ ec2 }, _on, abortSignal) => ec2.send(new DescribeInstancesCommand(isDry), { abortSignal }),
  'ec2:DescribeVolumes': ({ ec2 }, _on, abortSignal) => ec2.send(new DescribeVolumesCommand(isDry), { abortSignal }),
  'ec2:DescribeInstanceTypes': ({ ec2 }, _on, abortSignal) => ec2.send(new DescribeInstanceTypesCommand(isDry), { abortSignal }),
  'ec2:DescribeInstanceTypeOfferings': ({ ec2 }, _on, abortSignal) =>
    ec2.send(new DescribeInstanceTypeOfferingsCommand(isDry), { abortSignal }),
  'ec2:DescribeSpotPriceHistory': ({ ec2 }, _on, abortSignal) => ec2.send(new DescribeSpotPriceHistoryCommand(isDry), { abortSignal }),
  'ec2:StartInstances': deed({ does: 'start' }),
  'ec2:StopInstances': deed({ does: 'stop' }),
  'ec2:RebootInstances': deed({ does: 'reboot' }),
  'ec2:ModifyInstanceAttribute': deed({ does: 'set-type', type: anyType }),
}
