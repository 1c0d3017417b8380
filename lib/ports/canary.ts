import type { CanaryLedger } from '@/lib/domain/canary-ledger'
import type { InstanceAddress } from './addresses'

/** A door to a database, on its host's own socket. */
export interface CanaryEndpoint {
  title: string
  host: InstanceAddress['host']
  socketDirectory: string
  port: number
  database: string
}

export interface CanaryOptions {
  timeoutMs: number
  signal?: AbortSignal
}

export interface CanaryRead {
  /** What the canary of this run has noted so far, by whoever wrote it on this machine; null: nothing is here. */
  ledger: (run: string) => Promise<{ ledger: CanaryLedger; sha256: string; isWriting: boolean } | null>
  /** Ids of the run's rows as this server holds them; none where the table is not there. Throws `shell.*`, `sql.*`. */
  rows: (endpoint: CanaryEndpoint, run: string, options: CanaryOptions) => Promise<number[]>
}

/**
 * A client of the console's own: one row at a time, twenty a second, through the first of its endpoints that takes writes, and on to another one when that ends. Its table
 * is in a schema of its own, `matriarch_canary`.
 */
export interface CanaryAct {
  /** Makes the schema with an empty table; what an earlier canary left there is dropped. Throws `shell.*`, `sql.*`. */
  prepare: (endpoint: CanaryEndpoint, options: CanaryOptions) => Promise<void>
  /** Resolves once some commits were acknowledged; it goes on by itself for at most a quarter of an hour. Forgets what was noted of the run before; one that writes already is an error. The job is the one whose page shows it. Throws `sql.timeout`. */
  start: (run: string, endpoints: readonly CanaryEndpoint[], options: CanaryOptions & { jobId: string }) => Promise<void>
  /** Ends the writer, when it is one of this process, and closes its ledger. Never throws. */
  stop: (run: string) => Promise<void>
  /** Drops the schema, and what is noted of the run. Nothing there is no error. Throws `shell.*`, `sql.*`. */
  remove: (endpoint: CanaryEndpoint, run: string, options: CanaryOptions) => Promise<void>
}
