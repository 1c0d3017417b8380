import type { CommandProgress } from '@/lib/domain/activity/session'
import type { NamePattern } from '@/lib/domain/maintenance/names'
import type { MaintainedIndex, MaintainedTable, MaintenanceWork, QualifiedName } from '@/lib/domain/maintenance/work'
import type { InstanceAddress } from './addresses'
import type { CallOptions } from './postgres'

/** By patterns, or exactly these. */
export type Chosen = { patterns: readonly NamePattern[] } | { exactly: readonly QualifiedName[] }

export interface Maintained<T> {
  /** The server's clock, UTC as `2026-03-01T12:00:00.123456Z`. */
  at: string
  /** In the order of their names, at most `max`. */
  found: T[]
  leftOut: number
}

export interface MaintenanceSight {
  database: string
  chosen: Chosen
  max: number
}

export interface MaintenanceRead {
  /** Tables and materialized views; no temporary ones. Throws `shell.*`, `sql.*`. */
  tables: (instance: InstanceAddress, sight: MaintenanceSight, options: CallOptions) => Promise<Maintained<MaintainedTable>>
  /** Indexes outside the system catalogues; none of temporary tables, and none of a partitioned one. Throws `shell.*`, `sql.*`. */
  indexes: (instance: InstanceAddress, sight: MaintenanceSight, options: CallOptions) => Promise<Maintained<MaintainedIndex>>
}

export interface MaintenanceOptions extends CallOptions {
  /** `application_name` of its session, by which it is found when its driver is gone. */
  session: string
  /** For each lock, and each transaction, that it has to wait for. */
  lockTimeoutMs: number
  /** Every few seconds while it runs. */
  onProgress?: (progress: CommandProgress) => void
}

export interface MaintenanceAct {
  /**
   * Returns when the statement has ended. The server ends it by itself after `timeoutMs`. On abort it is cancelled, as psql does on Ctrl-C; the fault
   * has `isOver` where it was seen to end. Throws `shell.*`, `sql.*`.
   */
  maintain: (
    instance: InstanceAddress,
    target: { database: string; work: MaintenanceWork; object: QualifiedName },
    options: MaintenanceOptions,
  ) => Promise<void>
}
