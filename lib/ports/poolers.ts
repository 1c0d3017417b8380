import type { HostAddress } from './addresses'
import type { CallOptions } from './postgres'

/** Everything needed to reach one PgBouncer on a host. */
export interface PoolerAddress {
  poolerId: string
  host: HostAddress
  /** Where its unix socket lies; the admin console is reached there alone. */
  socketDirectory: string
  port: number
  /** Its pgbouncer.ini, absolute. */
  configPath: string
}

/**
 * online: its console answers · stopped: nothing listens on the socket · refused: it runs, and does not let the console in ·
 * unreachable: the host does not answer · unknown: looked, and could not tell.
 */
export type PoolerState = 'online' | 'stopped' | 'refused' | 'unreachable' | 'unknown'

export type PoolMode = 'session' | 'transaction' | 'statement'

/** One database of a pooler with all its pools together. */
export interface PooledDatabase {
  name: string
  /** What its connections point to; null host: a unix socket of the pooler's own host. */
  host: string | null
  port: number
  /** The database's name on the server. */
  database: string
  poolMode: PoolMode
  /** Its own PAUSE. It is drained only when `serversBusy` is 0 too: PAUSE marks at once and then waits. */
  isPaused: boolean
  /** New clients are rejected. */
  isDisabled: boolean
  clientsActive: number
  /** Waiting for a server connection. */
  clientsWaiting: number
  /** Server connections that a client holds, or that are being tested. */
  serversBusy: number
  serversIdle: number
  /** Of the client that has waited longest, seconds. */
  longestWaitSeconds: number
}

/** One look at a pooler. What could not be seen is null or empty. */
export interface PoolerSeen {
  state: PoolerState
  /** Why it is not online, in words. */
  because: string | null
  /** `1.18.0` */
  version: string | null
  /** A PAUSE without a database: it holds all of them, and none of them shows it. */
  isPausedWhole: boolean | null
  /** Without the console's own, `pgbouncer`; ordered by name. */
  databases: PooledDatabase[]
  /** Clients of all databases, whatever they do. */
  clients: number | null
  waiting: number | null
  /** ISO time of the look, by the console's clock. */
  observedAt: string
}

/** A client and what it holds. `remotePid` is the `pg_stat_activity.pid` of the server connection it uses. */
export interface PoolerClient {
  database: string
  user: string
  /** `198.18.1.11:50412`, or `unix`. */
  address: string
  applicationName: string | null
  /** active, waiting, idle … as PgBouncer says it. */
  state: string
  /** Seconds that it has waited for a server. */
  waitSeconds: number
  connectedAt: string | null
  remotePid: number | null
}

/** Averages are of PgBouncer's last stats period (60 s unless set otherwise). */
export interface PoolerStats {
  database: string
  /** Since it started. */
  transactions: number
  queries: number
  transactionsPerSecond: number
  queriesPerSecond: number
  /** Length of one. */
  transactionMicroseconds: number
  queryMicroseconds: number
  /** That all clients together waited for a server connection, in each second. */
  waitMicroseconds: number
}

/** A configuration file as it lies on the host. */
export interface PoolerFile {
  text: string
  /** SHA-256 of the text, in hex. */
  digest: string
  /** `postgres:postgres` */
  owner: string
  /** Octal: `640`. */
  mode: string
  /** The highest token that has written it, for any herd's lines; 0: no writer ever carried one. */
  fence: number
}

export interface PoolerWrite {
  text: string
  /** `PoolerFile.digest` of what it replaces: a file that somebody changed meanwhile is left alone. */
  expectedDigest: string
  /** Grows with every writer; one that is lower than what the file has seen is rejected. */
  token: number
  /** Id of the herd whose lines alone are changed: only a later writer of the same herd, or of the whole file, shuts it out. null: the whole file. */
  herdId: string | null
}

/** A member of the herd, as a timer on a pooler's host asks it and points the pooler at it. */
export interface DeadManMember {
  instanceId: string
  title: string
  /** As the pooler's host reaches it. */
  address: string
  port: number
  /** Of a member on the pooler's own host, which is asked there first, as the SSH user; null: it is on another one. */
  socketDirectory: string | null
  /** The pooler's file with this member as the primary; null: the file is somebody's own, and never written. */
  text: string | null
}

/** What a timer is to watch over. */
export interface DeadManSpec {
  /** Empty: nobody is asked. Once its time is up the databases are resumed as they are, wherever they point to, and no later timer ends it before. */
  members: DeadManMember[]
  /** Those that the job pauses, with their names on the server: no other one is ever resumed. */
  databases: { name: string; database: string }[]
  /** A server with another system identifier is not the herd's primary; null: not known. */
  systemIdentifier: string | null
  /** Lines of the file, from 0, that point to other herds: they stay as they are by then, whatever `text` says. */
  foreignLines: number[]
}

/** `key` names one timer of one pooler: letters, digits and dashes, at most 40. `token` is of `claimPooler`. The clock starts now. */
export interface DeadManArming extends DeadManSpec {
  key: string
  herdId: string
  token: number
  expiryMs: number
}

export interface DeadManExtension {
  key: string
  expiryMs: number
  token: number
}

/** What a member said to the pooler's host. silent: it cannot be reached, refuses the login, or is of another system; `because` says which. */
export interface DeadManAnswer {
  instanceId: string
  title: string
  answer: 'writable' | 'standby' | 'silent'
  timeline: number | null
  because: string | null
}

export interface DeadManTrial {
  /** Why no timer could work there, with what to do about it; null: it could. */
  problem: string | null
  /** Empty when nobody could be asked at all. */
  answers: DeadManAnswer[]
}

/**
 * armed: it waits, or asks and finds nobody who takes writes. disarmed, overtaken (by a later one): it ended without touching anything.
 * firing: it has begun to resume clients. fired: it did. lost: it ended before its time (the host went down), or in the middle of its work.
 */
export interface DeadManSeen {
  state: 'absent' | 'armed' | 'disarmed' | 'overtaken' | 'firing' | 'fired' | 'lost'
  /** While it is armed; 0: its time is up. */
  leftMs: number | null
  /** Title of the member it points to; null: none. */
  ledTo: string | null
  /** Databases that it resumed. */
  resumed: string[]
  /** The end of what it wrote, at most 4 KiB. */
  log: string
}

export type PoolerVerb = 'pause' | 'resume' | 'reconnect' | 'disable' | 'enable' | 'kill'

export interface PoolersRead {
  /** Never throws for a machine that is down or odd: that is `state` with `because`. */
  look: (pooler: PoolerAddress, options: CallOptions) => Promise<PoolerSeen>
  /** Throws `shell.*`, `pooler.*`. */
  clients: (pooler: PoolerAddress, options: CallOptions) => Promise<PoolerClient[]>
  /** Throws `shell.*`, `pooler.*`. */
  stats: (pooler: PoolerAddress, options: CallOptions) => Promise<PoolerStats[]>
  /** SHOW CONFIG: every setting as the pooler applies it. Throws `shell.*`, `pooler.*`. */
  settings: (pooler: PoolerAddress, options: CallOptions) => Promise<Record<string, string>>
  /** null: there is no such file. Throws `shell.*`. */
  readFile: (pooler: PoolerAddress, options: CallOptions) => Promise<PoolerFile | null>
  /** From the pooler's host, with the same script and logins as a timer: who is writable now. Leaves nothing behind. Throws `shell.*`. */
  tryDeadMan: (pooler: PoolerAddress, spec: DeadManSpec, options: CallOptions) => Promise<DeadManTrial>
  /** Throws `shell.*`. */
  deadMan: (pooler: PoolerAddress, key: string, options: CallOptions) => Promise<DeadManSeen>
  /** The console's commands, for previews: pure, no call. */
  commands: { of: (verb: PoolerVerb, database: string) => string }
}

/**
 * Each throws `shell.*` / `pooler.*`, with `isOver: true` when the action is known to be over or never to have begun. What PgBouncer refuses (a second
 * PAUSE of the whole, a RESUME of what is not paused, a database it does not know) is `pooler.refused` with its own words.
 */
export interface PoolersAct {
  /**
   * Resolves when every connection of the database is released. Past the deadline, or cancelled, the database *stays paused* and its clients queue:
   * `pooler.timeout`. Safe to repeat. Resume it from another call; the one that waits would never hear of it, and is over by then.
   */
  pause: (pooler: PoolerAddress, database: string, options: CallOptions) => Promise<void>
  /** An error on one that is not paused. */
  resume: (pooler: PoolerAddress, database: string, options: CallOptions) => Promise<void>
  /** RESUME without a database: lifts a PAUSE of the whole, and leaves those of single databases. */
  resumeWhole: (pooler: PoolerAddress, options: CallOptions) => Promise<void>
  /** RELOAD reports success even when the file has errors: look afterwards whether it took effect. */
  reload: (pooler: PoolerAddress, options: CallOptions) => Promise<void>
  /** Closes server connections as they are released. */
  reconnect: (pooler: PoolerAddress, database: string, options: CallOptions) => Promise<void>
  /** Rejects new clients; those that are connected stay. */
  disable: (pooler: PoolerAddress, database: string, options: CallOptions) => Promise<void>
  enable: (pooler: PoolerAddress, database: string, options: CallOptions) => Promise<void>
  /** Drops every client and server connection of the database and leaves it paused. */
  kill: (pooler: PoolerAddress, database: string, options: CallOptions) => Promise<void>
  /** SHUTDOWN: ends the process at once, clients and all. Resolves when nothing listens any more. */
  shutDown: (pooler: PoolerAddress, options: CallOptions) => Promise<void>
  /**
   * Writes beside and renames, with the owner and mode of what was there, on the disk before it returns; the token is noted before the file changes
   * (`<file>.fence`), and what it replaces is kept (`<file>.before`). Throws `pooler.fenced` for a token that is too low, `record.conflict` when the file is another by now. Nothing is reloaded.
   */
  writeFile: (pooler: PoolerAddress, write: PoolerWrite, options: CallOptions) => Promise<void>
  /** Puts back what the last write replaced (`<file>.before`), under the same conditions. An error when nothing was kept. */
  restoreFile: (pooler: PoolerAddress, write: Omit<PoolerWrite, 'text'>, options: CallOptions) => Promise<void>
  /**
   * Leaves a process on the pooler's host that outlives the connection and this program. Unless it is disarmed before its time is up, it asks the members
   * every half second until exactly one, on the highest timeline, takes writes; then it points the pooler there and resumes the paused databases. It
   * writes no file that a later writer (a higher token) or somebody's hand has changed meanwhile, and resumes clients only if that points there too.
   * One is armed on a pooler for a herd at a time: a later token ends an earlier timer. Safe to repeat while it waits. Throws `pooler.fenced` for a token
   * that is too low, `pooler.refused` for a key whose timer is over, and while another timer of the herd is resuming clients.
   */
  armDeadMan: (pooler: PoolerAddress, arming: DeadManArming, options: CallOptions) => Promise<void>
  /**
   * Its time starts again, and a higher `token` becomes its own: what the job writes under that one does not shut it out. `state` is not `armed` when that
   * came too late, and then nothing is changed. Throws `shell.*`.
   */
  extendDeadMan: (pooler: PoolerAddress, extension: DeadManExtension, options: CallOptions) => Promise<DeadManSeen>
  /** Either it is ended before it has touched anything, or the answer says what it did; never both. One that is firing makes its last try, and is waited for. Nothing to disarm is no error. Throws `shell.*`. */
  disarmDeadMan: (pooler: PoolerAddress, key: string, options: CallOptions) => Promise<DeadManSeen>
}
