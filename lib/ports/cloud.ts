import type { FittedMachine, OfferedType } from '@/lib/domain/machines/fit'
import type { CloudCallOptions, MachinePlace } from './cloud-call'
import type { CloudAction, TriedOn } from './cloud-rights'
import type { CloudLaunchesAct, CloudLaunchesRead, LaunchPlace } from './launches'
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

/** All throw `cloud.refused`, `cloud.unreachable`, and `record.missing` where the account is not registered any more. */
export interface CloudRead extends CloudRdsRead, CloudLaunchesRead {
  machine: (place: MachinePlace, options: CloudCallOptions) => Promise<MachineNow>
  /** By name, what of them EC2 knows there; `zone`: where they are to be offered. */
  types: (place: MachinePlace, zone: string, names: readonly string[], options: CloudCallOptions) => Promise<OfferedType[]>
  /**
   * Whether the credentials of the account may do it there: nothing is changed. EC2 by its own dry run; RDS, which has none, by an instance that is not there,
   * which a policy that is bound to tags never allows. What the action needs of `on` is not null.
   */
  mayDo: (place: LaunchPlace, action: CloudAction, on: TriedOn, options: CloudCallOptions) => Promise<void>
}

export interface CloudAct extends CloudRdsAct, CloudLaunchesAct {
  /** As `MachinesAct.act`. */
  act: (place: MachinePlace, deed: CloudDeed, options: CloudCallOptions) => Promise<void>
}

export type CloudDeed = { does: 'start' | 'stop' | 'reboot' } | { does: 'set-type'; type: string }
