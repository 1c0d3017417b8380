import type { CloudCallOptions, CloudSettings, MachinePlace } from './cloud-call'

/** What RDS says of a DB instance of PostgreSQL. */
export interface DbInstanceSeen {
  /** Its DB instance identifier. */
  instanceId: string
  region: string
  zone: string
  /** `db.m5.large`. */
  class: string
  /** RDS's own: `available`, `modifying`, `rebooting`, `starting`, `stopping`, `stopped`, `storage-optimization` … */
  status: string
  engineVersion: string
  /** Host name of its endpoint; null: it is still being made. */
  address: string | null
  port: number
  /** GiB. */
  storageGib: number
  storageType: string
  isMultiAz: boolean
  allowsIam: boolean
  /** Identifier of the instance that it replicates from; null: a primary. */
  source: string | null
  replicas: readonly string[]
  /** What was asked for and is not in force yet; null: nothing, or nothing of its class. */
  pendingClass: string | null
  /** Its Aurora or Multi-AZ cluster, whose members RDS resizes otherwise; null: none. */
  clusterId: string | null
  tags: Readonly<Record<string, string>>
  createdAt: Date | null
}

export interface DbClass {
  class: string
  /** In the instance's zone, for its version. */
  isOffered: boolean
}

/** The newest figures that CloudWatch has of an instance; null: it has none of the last minutes. */
export interface DbFigures {
  /** 0 to 100. */
  cpu: number | null
  freeMemoryBytes: number | null
  freeStorageBytes: number | null
}

export type DbDeed = { does: 'start' | 'stop' | 'reboot' | 'promote' } | { does: 'set-class'; class: string }

/** All throw `cloud.refused`, also where there is no such instance, and `cloud.unreachable`; never part of a list. */
export interface RdsRead {
  /** Every instance of PostgreSQL in a region that has all of these tags (`*` and `?` in values). */
  list: (
    account: CloudSettings,
    region: string,
    filter: { tags: Readonly<Record<string, string>> },
    options: CloudCallOptions,
  ) => Promise<DbInstanceSeen[]>
  instance: (account: CloudSettings, region: string, instanceId: string, options: CloudCallOptions) => Promise<DbInstanceSeen>
  /** By name, which of them RDS has for that version; `isOffered`: in that zone. */
  classes: (
    account: CloudSettings,
    region: string,
    of: { engineVersion: string; zone: string },
    names: readonly string[],
    options: CloudCallOptions,
  ) => Promise<DbClass[]>
  figures: (account: CloudSettings, region: string, instanceId: string, options: CloudCallOptions) => Promise<DbFigures>
}

/** Throws as `MachinesAct.act`: only with `isOver` was nothing done. Each is accepted or refused at once; what becomes of it shows in the status. */
export interface RdsAct {
  act: (account: CloudSettings, region: string, instanceId: string, deed: DbDeed, options: CloudCallOptions) => Promise<void>
}

/** The same for operations, by the place where it was found. */
export interface CloudRdsRead {
  dbInstance: (place: MachinePlace, options: CloudCallOptions) => Promise<DbInstanceSeen>
  dbClasses: (
    place: MachinePlace,
    of: { engineVersion: string; zone: string },
    names: readonly string[],
    options: CloudCallOptions,
  ) => Promise<DbClass[]>
}

export interface CloudRdsAct {
  actOnDb: (place: MachinePlace, deed: DbDeed, options: CloudCallOptions) => Promise<void>
}
