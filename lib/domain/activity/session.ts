/** A server process of an instance, as pg_stat_activity has it. Ages are in seconds, by the server's clock at the look. */
export interface Session {
  pid: number
  /** backend_start, UTC as `2026-03-01T12:00:00.123456Z`: with the pid it names one session for ever, a pid alone is used again. */
  startedAt: string
  /** backend_type: `client backend`, `autovacuum worker`, `walsender` … */
  kind: string
  database: string | null
  user: string | null
  application: string
  /** Address of the client; null: over the socket, or no client. */
  client: string | null
  /** `active`, `idle`, `idle in transaction` …; null: none of a client. */
  state: string | null
  /** What it waits for: `Lock` and `transactionid`; null: for nothing. */
  waitType: string | null
  wait: string | null
  ageSeconds: number
  transactionSeconds: number | null
  /** Since its last statement began, also where that has ended. */
  statementSeconds: number | null
  stateSeconds: number | null
  /** query_start, in the form of `startedAt`: with the session it names one statement. */
  statementAt: string | null
  /** Transactions since the oldest that it keeps VACUUM from cleaning up after; null: it holds nothing back. */
  heldBack: number | null
  /** The last statement, its beginning, passwords masked; null: it may not be read, or there was none. */
  statement: string | null
  /** Who holds what it waits for, or stands before it in the queue; 0: a prepared transaction. */
  blockedBy: number[]
}

/** A transaction that waits for its second phase, and holds its locks meanwhile. */
export interface PreparedTransaction {
  name: string
  database: string
  user: string
  ageSeconds: number
}

/** How far a command is that reports it (pg_stat_progress_*). */
export interface CommandProgress {
  pid: number
  /** `VACUUM`, `CREATE INDEX`, `COPY`, `ANALYZE`, `CLUSTER`, `base backup`. */
  command: string
  database: string | null
  phase: string | null
  done: number
  /** 0: the server does not know. */
  total: number
  unit: 'blocks' | 'tuples' | 'bytes'
}

/** What the sessions of an instance did at one moment. */
export interface Activity {
  /** The server's clock. */
  at: string
  sessions: Session[]
  /** Sessions that were left out, for there are too many: idle ones first. */
  leftOut: number
  prepared: PreparedTransaction[]
  progress: CommandProgress[]
}

export type Signal = 'cancel' | 'terminate'

export interface SessionKey {
  pid: number
  startedAt: string
}

/** The session, as long as its last statement is this one; null: whatever it is. */
export type SignalTarget = SessionKey & { statementAt: string | null }

export const momentPattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/

export const sessionKeyPattern = /^(\d{1,10})@(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)$/

/** `4711@2026-03-01T12:00:00.123456Z`, as an operation is told of it. */
export const sessionKey = ({ pid, startedAt }: SessionKey): string => `${pid}@${startedAt}`

/** null: it is no such name. */
export const parseSessionKey = (text: string): SessionKey | null => {
  const found = sessionKeyPattern.exec(text.trim())
  return found === null ? null : { pid: Number(found[1]), startedAt: found[2]! }
}

/** The last statement of one that is idle has ended: it runs nothing that could be cancelled. */
export const runsStatement = ({ state }: Pick<Session, 'state'>): boolean => state === 'active' || state === 'fastpath function call'
