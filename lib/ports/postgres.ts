import type { InstanceCounters } from '@/lib/domain/samples/rates'
import type { InstanceAddress } from './addresses'

export type StopMode = 'smart' | 'fast' | 'immediate'

/**
 * online: accepts connections · starting / stopping: the postmaster runs but does not serve yet / any more · stopped: no postmaster, clean shutdown ·
 * crashed: no postmaster and the control file says it was running · absent: no data directory · refused: runs, but refuses our login ·
 * unreachable: the host does not answer · unknown: looked, and could not tell.
 */
export type InstanceState = 'online' | 'starting' | 'stopping' | 'stopped' | 'crashed' | 'absent' | 'refused' | 'unreachable' | 'unknown'
export type InstanceRole = 'primary' | 'standby' | 'unknown'

/** A standby as its upstream sees it (pg_stat_replication). */
export interface StandbySeen {
  applicationName: string
  clientAddress: string | null
  state: string
  syncState: string
  sentLsn: string | null
  flushLsn: string | null
  replayLsn: string | null
  /** Bytes between the upstream's position and what was replayed. */
  lagBytes: number | null
  slotName: string | null
}

/** Why a host could not be used: a `shell.*` code, and the key it showed when that was the reason. */
export interface HostFault {
  code: string
  offeredKey: string | null
}

/** One look at an instance. LSNs are PostgreSQL text (`0/3000148`). Everything that could not be seen is null. */
export interface Probe {
  state: InstanceState
  role: InstanceRole
  /** `15.18`; null when neither server nor PG_VERSION could be read. */
  version: string | null
  systemIdentifier: string | null
  /** `cluster_name`, by which an upstream lists a standby whose connection string gives it no name. Left out by one that is not online, or has none. */
  clusterName?: string
  /** `synchronous_standby_names`; left out by one that is not online, or waits for nobody. */
  synchronousNames?: string
  timeline: number | null
  /** `pg_control` database state: 'in production', 'shut down', 'in archive recovery' … */
  controlState: string | null
  hasStandbySignal: boolean | null
  postmasterPid: number | null
  /** ISO times. */
  postmasterStartedAt: string | null
  confLoadedAt: string | null
  currentLsn: string | null
  receivedLsn: string | null
  replayedLsn: string | null
  /** Seconds since the last replayed transaction while there is something to replay; 0 when all received is replayed. */
  replaySeconds: number | null
  /** Seconds since the last transaction that was replayed had been committed upstream, whatever has been received since. On an idle primary this grows without meaning lag. */
  replayedSecondsAgo?: number | null
  /** pg_is_wal_replay_paused(); left out by one that replays. */
  isReplayPaused?: true
  /** `messageSecondsAgo`: since the receiver last heard from its sender; left out when there is no receiver. */
  upstream: { host: string | null; port: number | null; slotName: string | null; status: string | null; messageSecondsAgo?: number } | null
  standbys: StandbySeen[]
  slots: { name: string; kind: 'physical' | 'logical'; isActive: boolean; retainedBytes: number | null }[]
  clients: number | null
  maxConnections: number | null
  activeTransactions: number | null
  longestTransactionSeconds: number | null
  pendingRestart: string[]
  /** Of a primary: where earlier timelines of its history ended, oldest first. Left out where its files may not be read. */
  forks?: { timeline: number; forkLsn: string }[]
  /** Data checksums or wal_log_hints: without them pg_rewind cannot work. */
  canRewind?: boolean
  /** Of one that is down: how far what lies on its disk goes, by its control file. */
  ended?: { checkpointLsn: string | null; minRecoveryLsn: string | null }
  /** Why it is not online, in words. */
  because: string | null
  /** Why the host itself could not be used; left out when it was reached. */
  hostFault?: HostFault
  /** ISO time of the look, by the console's clock. */
  observedAt: string
}

export interface FileSettingProblem {
  file: string
  line: number
  name: string | null
  error: string
}

export interface SqlGrid {
  columns: string[]
  /** Of each column, as PostgreSQL names it: `integer`, `character varying(20)`. Left out where it was not asked; null: it is not known. */
  types?: (string | null)[]
  rows: (string | null)[][]
  rowCount: number
  /** Rows or bytes past the cap were left out. */
  isCut: boolean
  command: string
  tookMs: number
}

export interface SqlOptions {
  database: string
  statementTimeoutMs: number
  rowsMax: number
  bytesMax: number
  signal?: AbortSignal
  /** Of `query`: the role to log in as; left out: the console's own login, which is a superuser. */
  as?: string
}

export interface ExecuteOptions extends Omit<SqlOptions, 'as'> {
  /**
   * Called with the transaction's id (`txid_current()`) and awaited before the statement is sent, so that its fate can be asked for later.
   * When it rejects, nothing is sent and the transaction is rolled back. The session must end by itself if its client dies while it is awaited
   * (`idle_in_transaction_session_timeout` of at most the statement timeout).
   */
  onTransaction: (xid: string) => Promise<void>
}

/** What the configuration files set, as the server applies it now. */
export interface SettingsSeen {
  /** `pg_conf_load_time()`, UTC as `2026-03-01T12:00:00.123456Z`, so that two of them compare as text. Each session has its own; compare it with `serverTime` of an earlier look, never with another session's load time. */
  confLoadedAt: string
  /** The server's clock at this look (`clock_timestamp()`), in the same form. */
  serverTime: string
  /** Every setting whose source is a configuration file. */
  values: Record<string, string>
  pendingRestart: string[]
}

/** committed / aborted / in-progress; unknown: too old for the server to say. */
export type TransactionFate = 'committed' | 'aborted' | 'in-progress' | 'unknown'

export interface CallOptions {
  timeoutMs: number
  /** For an act that is of no use, or of no good, when it is sent late: where proving the lease took longer, it is not sent, and throws `database.down` with `isOver`. */
  sendWithinMs?: number
  signal?: AbortSignal
  onOutput?: (stream: 'stdout' | 'stderr', text: string) => void
}

export interface PostgresRead {
  /** Never throws for a machine that is down or odd: that is `state` with `because`. `light` leaves out what only plans need. */
  probe: (instance: InstanceAddress, options: CallOptions) => Promise<Probe>
  /**
   * Errors of the configuration files as `pg_file_settings` sees them; needs a running server. A valid new value that only waits for a restart is
   * not an error, although the view says "setting could not be applied": those names have `pending_restart` in `pg_settings` once the view was read.
   */
  fileSettings: (instance: InstanceAddress, options: CallOptions) => Promise<FileSettingProblem[]>
  /** One round trip; needs a running server. Throws `sql.*`. */
  settings: (instance: InstanceAddress, options: CallOptions) => Promise<SettingsSeen>
  /** `txid_status()`, PostgreSQL 10 and later. Throws `sql.*`. */
  transactionFate: (instance: InstanceAddress, xid: string, options: CallOptions) => Promise<TransactionFate>
  /**
   * Of all databases of the instance together, in bytes (`pg_database_size()`). It walks their files, so it has a session of its own, which the server
   * ends after `timeoutMs`, and is no part of a look. Throws `sql.*`.
   */
  databaseBytes: (instance: InstanceAddress, options: CallOptions) => Promise<number>
  /** What the server counts and holds now: one cheap statement on the session of the looks. Throws `shell.*`, `sql.*`. */
  counters: (instance: InstanceAddress, options: CallOptions) => Promise<InstanceCounters>
  /** In a READ ONLY transaction that is rolled back. Throws `sql.*`. */
  query: (instance: InstanceAddress, sql: string, options: SqlOptions) => Promise<SqlGrid>
  /** The commands an act would run, for previews: pure, no call. */
  commands: {
    start: (instance: InstanceAddress) => string[]
    stop: (instance: InstanceAddress, mode: StopMode) => string[]
    restart: (instance: InstanceAddress, mode: StopMode) => string[]
    reload: (instance: InstanceAddress) => string[]
  }
}

/**
 * Each returns when the command ended and throws `shell.*` / `sql.*` when it failed or when it is not known; the caller proves the result by probing again.
 * Start on a running server and stop on a stopped one are errors, as PostgreSQL's own tools make them.
 * A fault carries `isOver: true` when the command is known to have ended on the host or never to have begun (a `shell.timeout` whose remote process was
 * seen dead, a connection that was never made); without it the action may still happen.
 */
export interface PostgresAct {
  start: (instance: InstanceAddress, options: CallOptions) => Promise<void>
  stop: (instance: InstanceAddress, mode: StopMode, options: CallOptions) => Promise<void>
  reload: (instance: InstanceAddress, options: CallOptions) => Promise<void>
  checkpoint: (instance: InstanceAddress, options: CallOptions) => Promise<void>
  /** One statement in its own transaction. Throws `sql.*`. */
  execute: (instance: InstanceAddress, sql: string, options: ExecuteOptions) => Promise<SqlGrid>
}
