import type { CanaryLedger } from '@/lib/domain/proof/canary-ledger'
import type { InstanceAddress } from './addresses'

/** A door to a database, on its host's own socket. */
export interface CanaryEndpoint {
  title: string
  host: InstanceAddress['host']
  socketDirectory: string
  port: number
  database: string
}

/** A way in through a pooler. Its password, where it needs one, stays in the pooler's auth_file and in the writer's memory. */
export interface CanaryDoor extends CanaryEndpoint {
  user: string
  authFile: string | null
  /** The database on the server, and whom the server takes the client for. */
  serverDatabase: string
  serverUser: string
}

/** A pooler in which a door is looked for. */
export interface CanaryPooler extends Omit<CanaryEndpoint, 'database'> {
  authFile: string | null
  /** Its databases with their names on the server, and its users, the preferred ones first. */
  databases: { name: string; database: string }[]
  users: string[]
  /** Of the herd; null: not known. */
  systemIdentifier: string | null
}

export interface CanaryOptions {
  timeoutMs: number
  signal?: AbortSignal
}

/** Whatever waits for an answer throws `shell.cancelled` after an abort. */
export interface CanaryRead {
  /** What the canary of this run has noted so far, whichever process on this machine wrote it; null: nothing is here. */
  ledger: (run: string) => Promise<{ ledger: CanaryLedger; sha256: string; isWriting: boolean } | null>
  /** Ids of the run's rows as this server holds them; none where the table is not there. Throws `shell.*`, `sql.*`. */
  rows: (endpoint: CanaryEndpoint, run: string, options: CanaryOptions) => Promise<number[]>
  /**
   * Logs in through a pooler as one of its users would: those of its auth_file whose password stands there in plain text, or the SSH user without one. It
   * must point to the herd's primary. Throws `shell.*`, and `sql.unreachable` with the reason why there is no way in.
   */
  door: (pooler: CanaryPooler, options: CanaryOptions) => Promise<CanaryDoor>
}

/**
 * A client of the console's own: one row at a time, twenty a second, through the first of its endpoints that takes writes, and on to another one when that ends. Its table
 * is in a schema of its own, `matriarch_canary`.
 */
export interface CanaryAct {
  /** Makes the schema with an empty table, into which its owner and `writer` may write; what an earlier canary left there is dropped. Throws `shell.*`, `sql.*`. */
  prepare: (endpoint: CanaryEndpoint, writer: string | null, options: CanaryOptions) => Promise<void>
  /** Resolves once some commits were acknowledged; it goes on by itself for at most a quarter of an hour. Forgets what was noted of the run before; one that writes already is `step.blocked`. The job is the one whose page shows it. Throws `sql.timeout` and `shell.cancelled`, and then it is stopped and nothing is noted. */
  start: (run: string, doors: readonly (CanaryEndpoint | CanaryDoor)[], options: CanaryOptions & { jobId: string }) => Promise<void>
  /** Ends the writer, when it is one of this process, and closes its ledger. Never throws. */
  stop: (run: string) => Promise<void>
  /** Drops the schema, and what is noted of the run. Nothing there is no error. Throws `shell.*`, `sql.*`. */
  remove: (endpoint: CanaryEndpoint, run: string, options: CanaryOptions) => Promise<void>
}
