import type { FittedMachine, OfferedType } from '@/lib/domain/machines/fit'

export interface CloudCallOptions {
  /** From the call on, its wait for its turn included; `list` asks two questions, each in this time. */
  timeoutMs: number
  signal?: AbortSignal
}

/** Where a machine is asked about and acted on: the account and the region that it was found in. */
export interface MachinePlace {
  accountId: string
  region: string
  instanceId: string
}

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
export interface CloudRead {
  machine: (place: MachinePlace, options: CloudCallOptions) => Promise<MachineNow>
  /** By name, what of them EC2 knows there; `zone`: where they are to be offered. */
  types: (place: MachinePlace, zone: string, names: readonly string[], options: CloudCallOptions) => Promise<OfferedType[]>
}

export interface CloudAct {
  /** As `MachinesAct.act`. */
  act: (place: MachinePlace, deed: CloudDeed, options: CloudCallOptions) => Promise<void>
}

export type CloudDeed = { does: 'start' | 'stop' | 'reboot' } | { does: 'set-type'; type: string }
