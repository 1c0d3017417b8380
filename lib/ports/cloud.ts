import type { FittedMachine, OfferedType } from '@/lib/domain/machines/fit'
import type { CloudCallOptions, MachinePlace } from './cloud-call'
import type { CloudLaunchesAct, CloudLaunchesRead } from './launches'
import type { CloudRdsAct, CloudRdsRead } from './rds'

export type { CloudCallOptions, MachinePlace } from './cloud-call'

/** A machine as EC2 says it is now, which may lag a little behind what was just done. */
export interface MachineNow extends FittedMachine {
  /** EC2's own: `running`, `stopped`, `pending` … */
  state: string
  privateAddress: string | null
  publicAddress: string | null
  /** Its public address is an Elastic IP, and stays with it when it stops. */
  keepsPublicAddress: boolean
}

/** What the console asks of AWS, as a policy names it. */
export const cloudActions = [
  'sts:GetCallerIdentity',
  'ec2:DescribeInstances',
  'ec2:DescribeVolumes',
  'ec2:DescribeInstanceTypes',
  'ec2:DescribeInstanceTypeOfferings',
  'ec2:DescribeSpotPriceHistory',
  'ec2:StartInstances',
  'ec2:StopInstances',
  'ec2:RebootInstances',
  'ec2:ModifyInstanceAttribute',
] as const
export type CloudAction = (typeof cloudActions)[number]

/** All throw `cloud.refused`, `cloud.unreachable`, and `record.missing` where the account is not registered any more. */
export interface CloudRead extends CloudRdsRead, CloudLaunchesRead {
  machine: (place: MachinePlace, options: CloudCallOptions) => Promise<MachineNow>
  /** By name, what of them EC2 knows there; `zone`: where they are to be offered. */
  types: (place: MachinePlace, zone: string, names: readonly string[], options: CloudCallOptions) => Promise<OfferedType[]>
  /** Whether the credentials of the account may do it there, by EC2’s own dry run: nothing is changed. `instanceId` is of no account for what only reads. */
  mayDo: (
    account: { accountId: string; region: string; instanceId: string },
    action: CloudAction,
    options: CloudCallOptions,
  ) => Promise<void>
}

export interface CloudAct extends CloudRdsAct, CloudLaunchesAct {
  /** As `MachinesAct.act`. */
  act: (place: MachinePlace, deed: CloudDeed, options: CloudCallOptions) => Promise<void>
}

export type CloudDeed = { does: 'start' | 'stop' | 'reboot' } | { does: 'set-type'; type: string }
