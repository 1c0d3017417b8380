import type { CanaryLedger } from '@/lib/domain/proof/canary-ledger'
import type { HostAddress, InstanceAddress } from './addresses'
import type { CanaryEndpoint } from './canary'
import type { CallOptions } from './postgres'

/** Of the writers, in all. rows: one row a commit. transfers: the row, and money from one account to another, which adds one to the sum. */
export interface DrillLoad {
  writers: number
  perSecond: number
  workload: 'rows' | 'transfers'
}

/** What writers use by turns: of one way the first endpoint that takes writes. */
export interface DrillWay {
  title: string
  endpoints: readonly (CanaryEndpoint | DrillPort)[]
}

/** A port of a proxy, reached from that host. */
export interface DrillPort {
  title: string
  host: HostAddress
  address: string
  port: number
}

export type DrillProgram = 'postgres' | 'patroni' | 'etcd'

/** A process on a host. Two of the same pid and start are the same one. */
export interface DrillProcess {
  pid: number
  /** Of the kernel, in its ticks since boot. */
  started: string
  /** It can be started so again; the first one is the program. */
  argv: string[]
  /** Why the SSH user may not signal it; null: it may. */
  whyNot: string | null
}

export interface DrillDatabase {
  isThere: boolean
  /** The id of the job that made it; null: none that a drill has left. */
  jobId: string | null
}

export const drillDatabase = 'matriarch_drill'

export interface DrillRead {
  /** Throws `shell.*`, `sql.*`. */
  database: (instance: InstanceAddress, options: CallOptions) => Promise<DrillDatabase>
  /** What the writers of this run have noted, as long as they ran on this machine; null: nothing is here. */
  ledger: (run: string) => Promise<{ ledger: CanaryLedger; sha256: string; isWriting: boolean } | null>
  /** Ids of the run's rows as this server holds them, each as often as it is there, and the sum of all accounts. Throws `shell.*`, `sql.*`. */
  rows: (instance: InstanceAddress, run: string, options: CallOptions) => Promise<{ ids: number[]; sum: number }>
  /** The process that serves that data directory; null: none runs. etcd: the one of the host. Throws `shell.*`. */
  process: (host: HostAddress, program: DrillProgram, dataDirectory: string, options: CallOptions) => Promise<DrillProcess | null>
}

/** Never touches any database but its own, `matriarch_drill`. */
export interface DrillAct {
  /** Makes the database with its role and tables, as often as it is asked for; one of another job is `step.blocked`. Throws `shell.*`, `sql.*`. */
  prepare: (instance: InstanceAddress, jobId: string, options: CallOptions) => Promise<void>
  /**
   * Starts writers. Resolves once commits were acknowledged through every way; ways that acknowledged none after a moment are named, with the reason.
   * Writers end by themselves after a quarter of an hour. The role gets a new password, which they alone know. A run that writes already is
   * `step.blocked`. Throws `sql.timeout`, and then nothing is left of it.
   */
  start: (
    run: string,
    primary: InstanceAddress,
    ways: readonly DrillWay[],
    load: DrillLoad,
    options: CallOptions & { jobId: string },
  ) => Promise<{ silent: { way: string; because: string }[] }>
  /** Ends the writers, when they are of this process, and closes their ledger. Never throws. */
  stop: (run: string) => Promise<void>
  /** Drops the database and the role, and with it what is noted of these runs. Nothing there is no error. Throws `shell.*`, `sql.*`. */
  remove: (instance: InstanceAddress, runs: readonly string[], options: CallOptions) => Promise<void>
  /** Signals that very process; one that is gone is no error. Throws `shell.*`. */
  kill: (host: HostAddress, process: DrillProcess, signal: 'TERM' | 'KILL', options: CallOptions) => Promise<void>
  /** Starts the program again as it ran, where none serves that data directory. Throws `shell.*`. */
  revive: (host: HostAddress, program: DrillProgram, dataDirectory: string, argv: readonly string[], options: CallOptions) => Promise<void>
}
