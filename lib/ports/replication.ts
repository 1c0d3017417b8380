import type { InstanceAddress } from './addresses'
import type { CallOptions } from './postgres'
import type { TakeoverAct, TakeoverRead } from './takeover'

/** How a standby follows, as libpq keywords. It never holds a password: that lives in a passfile on the standby's host. */
export interface Following {
  conninfo: Record<string, string>
  slotName: string | null
}

/** What lies on the disk; needs no running server. Everything that could not be read is null. */
export interface DataDirectorySeen {
  /** absent: no such directory. empty: nothing in it. foreign: something, and no PG_VERSION. */
  state: 'absent' | 'empty' | 'foreign' | 'cluster'
  major: string | null
  controlState: string | null
  systemIdentifier: string | null
  timeline: number | null
  /** "Latest checkpoint location"; of a clean shutdown, the last record of the primary. */
  checkpointLsn: string | null
  /** "Minimum recovery ending location": what a standby has on its disk reaches up to there; what it received may reach further. null where there is none. */
  minRecoveryLsn: string | null
  hasChecksums: boolean | null
  /** wal_log_hints. With neither this nor checksums, pg_rewind cannot work. */
  logsHints: boolean | null
  /** standby.signal, or recovery.conf with standby_mode (up to 11): started, it is read-only. */
  isStandby: boolean | null
  following: Following | null
  /** primary_conninfo holds a password, which is never read: `follow` would lose it, and refuses. */
  holdsPassword: boolean
  /** Names of its own replication slots, of both kinds. */
  slots: string[]
  /** Where pg_wal points when it is a symbolic link. */
  walDirectory: string | null
  tablespaces: { oid: string; location: string }[]
  bytes: number | null
  /** Free on the file system of the data directory. */
  freeBytes: number | null
}

/** One line of a timeline's history file: `timeline` ended at `forkLsn`. */
export interface Fork {
  timeline: number
  forkLsn: string
}

/** `synchronous_standby_names`. */
export interface SynchronousSetting {
  /** As the server applies it. */
  names: string
  /** As ALTER SYSTEM has set it; null: it has not, and the configuration files of people say. */
  altered: string | null
}

/** `wal_sender_timeout`: after how long without an answer a primary disconnects a WAL receiver. */
export interface SenderTimeoutSetting {
  /** As the server has loaded it; 0: it disconnects nobody. */
  ms: number
  /** `allow_alter_system`, from 17 on. */
  mayAlter: boolean
  /** As ALTER SYSTEM has set it; null: it has not, and the configuration files of people say. */
  altered: string | null
}

export type ReplicationAnswer =
  | { works: true; systemIdentifier: string; timeline: number; lsn: string }
  /** `isAnswered`: a running server said no, so it lives. */
  | { works: false; because: string; isAnswered: boolean }

export interface ReplicationRead extends TakeoverRead {
  /** `withSizes` also measures it, which takes long on a big one. Throws `shell.*`. */
  dataDirectory: (instance: InstanceAddress, options: CallOptions & { withSizes?: boolean }) => Promise<DataDirectorySeen>
  /** Oldest first; empty on timeline 1. Read from pg_wal, so it works on a stopped server. Throws `shell.*`. */
  history: (instance: InstanceAddress, timeline: number, options: CallOptions) => Promise<Fork[]>
  /** Needs a running server. Throws `sql.*`. */
  synchronousSetting: (instance: InstanceAddress, options: CallOptions) => Promise<SynchronousSetting>
  /** Needs a running server. Throws `sql.*`. */
  senderTimeoutSetting: (instance: InstanceAddress, options: CallOptions) => Promise<SenderTimeoutSetting>
  /** IDENTIFY_SYSTEM over `following`'s connection string from the instance's own host and user. Throws only when that host cannot be used. */
  tryReplication: (instance: InstanceAddress, following: Following, options: CallOptions) => Promise<ReplicationAnswer>
  commands: {
    promote: (instance: InstanceAddress) => string[]
    follow: (instance: InstanceAddress, following: Following) => string[]
  }
}

/** As `PostgresAct`: each throws `shell.*` / `sql.*`, with `isOver: true` when the action is known to be over or never to have begun. */
export interface ReplicationAct extends TakeoverAct {
  /** Asks for the promotion and returns; an error on a server that is not in recovery. */
  promote: (instance: InstanceAddress, options: CallOptions) => Promise<void>
  /**
   * Makes the files say that the server is a standby that follows so: standby.signal and primary_conninfo / primary_slot_name (12 and later), recovery.conf
   * (up to 11), each written beside and renamed, on the disk before it returns. Nothing is reloaded or restarted. null keeps what the files say of
   * whom to follow and only makes it a standby: the fence of a stopped primary.
   */
  follow: (instance: InstanceAddress, following: Following | null, options: CallOptions) => Promise<void>
  /** Takes standby.signal (recovery.conf) away again. An error on a running server. */
  clearStandbySignal: (instance: InstanceAddress, options: CallOptions) => Promise<void>
  /** `synchronous_standby_names` by ALTER SYSTEM, and a reload; null takes away what ALTER SYSTEM has set. Works on a standby too, where it waits for the promotion. */
  setSynchronous: (instance: InstanceAddress, altered: string | null, options: CallOptions) => Promise<void>
  /**
   * `wal_sender_timeout` by ALTER SYSTEM; null takes away what ALTER SYSTEM has set. `isLoaded`: with a reload. Without one the server goes on with what it has
   * loaded. Lowered, it disconnects at once whoever has not answered for longer, an idle receiver too: write a record first.
   */
  setSenderTimeout: (instance: InstanceAddress, altered: string | null, options: CallOptions & { isLoaded: boolean }) => Promise<void>
  /** Physical, reserving WAL at once. An error when there is one of that name. */
  createSlot: (instance: InstanceAddress, name: string, options: CallOptions) => Promise<void>
  /** An error when it is active or there is none. */
  dropSlot: (instance: InstanceAddress, name: string, options: CallOptions) => Promise<void>
}
