import type { StanzaInfo } from '@/lib/domain/backups/info'
import type { ArchivedRun, RecoveryTarget } from '@/lib/domain/backups/target'
import type { InstanceAddress } from './addresses'
import type { CallOptions } from './postgres'

/** What pgBackRest on an instance's host has of it. Its own configuration names the stanza; needs no running server. */
export type BackupsSeen = ({ stanza: string; because: null } & StanzaInfo) | { stanza: string | null; because: string }

export interface BackupSpec {
  /** Of the host work that makes it. */
  key: string
  stanza: string
  type: 'full' | 'diff' | 'incr'
}

export interface RestoreSpec {
  /** Of the host work that makes it, and the mark that the copy carries. */
  key: string
  stanza: string
  /** Of the backup. */
  label: string
  target: RecoveryTarget
}

export interface BackupsRead {
  /** `because`: why nothing is known: not installed, no stanza of this data directory, or what pgBackRest said. Throws `shell.*`. */
  backups: (instance: InstanceAddress, options: CallOptions) => Promise<BackupsSeen>
  /** WAL in the archive, by its names in the repository, without the gaps. Throws `shell.*`. */
  archived: (instance: InstanceAddress, stanza: string, archiveId: string, options: CallOptions) => Promise<ArchivedRun[]>
  backupCommands: {
    backup: (spec: Omit<BackupSpec, 'key'>) => string[]
    restore: (instance: InstanceAddress, spec: Omit<RestoreSpec, 'key'>) => string[]
  }
}

/** As `CopiesAct`. */
export interface BackupsAct {
  /** Begins a backup as host work of the spec's key, and returns. */
  startBackup: (instance: InstanceAddress, spec: BackupSpec, options: CallOptions) => Promise<void>
  /**
   * Begins to restore a backup beside the data directory, as `start` does a copy of another server: with the configuration of the old directory, and
   * with the recovery's end in postgresql.auto.conf. Swapped in and started it is read-only until it is promoted.
   */
  startRestore: (instance: InstanceAddress, spec: RestoreSpec, options: CallOptions) => Promise<void>
}
