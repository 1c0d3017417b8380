import type { OfferedType } from '@/lib/domain/machines/fit'
import type { CloudDeed, MachineNow } from './cloud'
import type { CloudCallOptions, CloudSettings, MachineMarket } from './cloud-call'
import type { CloudAction, TriedOn } from './cloud-rights'

export type { CloudSettings, MachineMarket } from './cloud-call'

export interface MachineVolume {
  id: string
  device: string
  /** GiB. */
  size: number
  type: string
}

/** What EC2 says of a machine. */
export interface MachineSeen {
  instanceId: string
  region: string
  zone: string
  type: string
  /** `pending`, `running`, `stopping`, `stopped`, `shutting-down`, `terminated`. */
  state: string
  market: MachineMarket
  architecture: string
  privateAddress: string | null
  publicAddress: string | null
  /** Every address of its network interfaces, the two above included. */
  addresses: readonly string[]
  volumes: readonly MachineVolume[]
  tags: Readonly<Record<string, string>>
  launchedAt: Date | null
}

export interface MachinesRead {
  /** Who the account's credentials are: the number of the AWS account. Throws `cloud.refused` and `cloud.unreachable`. */
  identity: (account: CloudSettings, options: CloudCallOptions) => Promise<{ awsAccount: string; arn: string }>
  /** Every machine of a region that has all of these tags (`*` and `?` in values). Throws `cloud.refused` and `cloud.unreachable`; never part of the list. */
  list: (
    account: CloudSettings,
    region: string,
    filter: { tags: Readonly<Record<string, string>> },
    options: CloudCallOptions,
  ) => Promise<MachineSeen[]>
  /** One machine as it is now. Throws `cloud.refused`, also where there is no such machine, and `cloud.unreachable`. */
  machine: (account: CloudSettings, region: string, instanceId: string, options: CloudCallOptions) => Promise<MachineNow>
  /** What EC2 knows of these types there. Throws `cloud.refused` and `cloud.unreachable`. */
  types: (
    account: CloudSettings,
    region: string,
    zone: string,
    names: readonly string[],
    options: CloudCallOptions,
  ) => Promise<OfferedType[]>
  /** As `CloudRead.mayDo`. Throws `cloud.refused` and `cloud.unreachable`. */
  mayDo: (account: CloudSettings, region: string, action: CloudAction, on: TriedOn, options: CloudCallOptions) => Promise<void>
}

/** What EC2 is asked to do to one machine. Each is accepted or refused at once; what becomes of it shows in its state. */
export type MachineDeed = CloudDeed & { instanceId: string }

/**
 * Throws `cloud.no-capacity` (no machine of the type to give in the zone, or by the quota), `cloud.unfit` (the machine cannot become one of the type),
 * `cloud.wrong-state` (not in the state that it is in now), `cloud.refused` and `cloud.unreachable`. Only with `isOver` was nothing done: an answer that was lost leaves it open. Nothing is sent twice, but what
 * was throttled, which EC2 had not done.
 */
export interface MachinesAct {
  act: (account: CloudSettings, region: string, deed: MachineDeed, options: CloudCallOptions) => Promise<void>
}
