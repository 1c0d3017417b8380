import type { Blueprint } from '@/lib/domain/blueprints/blueprint'
import type { MachineMarket } from './cloud-call'
import type { CallOptions } from './postgres'

/** A machine type in a place, as it may be launched. */
export interface LaunchChoice {
  type: string
  region: string
  /** null: whichever EC2 chooses. */
  zone: string | null
  market: MachineMarket
  /** USD; null: not known. */
  hourUsd: number | null
  vcpus: number
  memoryMib: number
  /** Of the image: `x86_64` or `arm64`. */
  architecture: string
}

export type LaunchedBlueprint = Omit<Blueprint, 'imported' | 'note'>

/** A blueprint as a launch needs it. */
export interface InventoryBlueprint {
  id: string
  title: string
  environmentId: string
  environmentName: string
  /** Where it is launched; null: it names none. */
  account: { id: string; title: string } | null
  /** When Stop stopped the herd; null: it is not stopped. */
  stoppedAt: string | null
  /** When its herd is torn down is past. */
  isExpired: boolean
  /** The herd that was launched from it; null: none. */
  herd: { id: string; name: string } | null
  blueprint: LaunchedBlueprint
  /** Whether there is a password of its role. */
  hasPassword: boolean
  /** The console's public key for the environment, one line; null: a worker has not made it yet. */
  publicKey: string | null
  /** Types to try, best first; those of the fallback market last. All in one region. */
  choices: LaunchChoice[]
  /** The same for a standby beside it: zones that the herd is not in yet come first. Without a herd, beside the first of `choices`. */
  standbyChoices: LaunchChoice[]
  /** What each GB of its volume costs for a month in that region; null: not known. */
  storageUsdGbMonth: number | null
  /** Some of the prices are those of the dated sample, not the account’s. */
  hasSamplePrices: boolean
  /** Keys of its import that ask for what no launch does, such as backups. */
  asksFor: string[]
}

/** Throw `record.missing` and `database.down`. */
export interface BlueprintsRead {
  blueprint: (id: string) => Promise<InventoryBlueprint>
  /** Types to try in that zone alone, best first; those of the fallback market last. */
  choicesIn: (id: string, zone: string) => Promise<LaunchChoice[]>
}

/** What was launched, under ids that are known beforehand. */
export interface NewLaunch {
  blueprintId: string
  jobId: string
  herd: { id: string; name: string; clusterName: string; port: number; dataDirectory: string; systemIdentifier: string | null }
  members: { serverId: string; instanceId: string; hostname: string; address: string; user: string; hostKey: string; zone: string }[]
}

/** A standby that was launched beside a herd. */
export interface NewStandby {
  blueprintId: string
  jobId: string
  herdId: string
  member: NewLaunch['members'][number]
}

/** Members of a launched herd on other machines, or at other addresses. */
export interface MovedMembers {
  blueprintId: string
  herdId: string
  jobId: string
  /** `machineId`: EC2's id of the machine. */
  members: (Pick<NewLaunch['members'][number], 'serverId' | 'address' | 'hostKey' | 'zone'> & { machineId: string })[]
}

/** As `InventoryAct`. */
export interface BlueprintsAct {
  /** Servers, herd and members, and that the herd was launched from the blueprint: all or none. Throws `record.duplicate` where a name or an address is taken. */
  registerLaunch: (launch: NewLaunch, options: CallOptions) => Promise<void>
  /** Its server and itself, or nothing. Throws as `registerLaunch`. */
  registerStandby: (standby: NewStandby, options: CallOptions) => Promise<void>
  /**
   * Where members of the herd are reached from now on: the servers' addresses, pinned keys and zones, each change in the history. What AWS said of the machines
   * before is over.
   */
  moveMembers: (moved: MovedMembers, options: CallOptions) => Promise<void>
  /** That the herd was stopped, or runs again. */
  noteRest: (rest: { blueprintId: string; isStopped: boolean }, options: CallOptions) => Promise<void>
  /** Takes the registrations of a herd away that was launched and is no more. Throws `record.in-use` while a pooler, a DNS name or another member needs them. */
  forgetLaunch: (launch: { blueprintId: string; herdId: string; jobId: string }, options: CallOptions) => Promise<void>
}
