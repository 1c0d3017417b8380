/** One message of a server's log, with what belongs to it. Fields are null where `log_line_prefix` does not have them. */
export interface LogEntry {
  /** As the server wrote it, in its `log_timezone`. */
  at: string | null
  pid: number | null
  user: string | null
  database: string | null
  application: string | null
  client: string | null
  level: LogLevel
  /** SQLSTATE: `40001`. */
  code: string | null
  text: string
  /** DETAIL, HINT, CONTEXT, STATEMENT … in their order. */
  more: { kind: string; text: string }[]
}

export const logLevels = ['DEBUG', 'INFO', 'NOTICE', 'LOG', 'WARNING', 'ERROR', 'FATAL', 'PANIC'] as const
export type LogLevel = (typeof logLevels)[number]

/** How a file is written: `log_destination`. */
export type LogFormat = 'stderr' | 'jsonlog'

/** What of a log is looked for. */
export interface LogQuestion {
  /** In any case, anywhere in a message or what belongs to it; '': all. */
  words: string
  /** Messages that are no worse are left out. */
  level: 'all' | 'warnings' | 'errors'
  /** Beyond the end of the present file: older files too. */
  isDeep: boolean
}

/** The end of a log, or what was found in it. */
export interface LogSeen {
  file: string
  sizeBytes: number
  /** When the file was last written to, ISO; by the host's clock. */
  writtenAt: string
  /** Oldest first. */
  entries: LogEntry[]
  /** Matching messages before these that are not shown, or were not looked at. */
  hasMore: boolean
  /** Bytes that were looked through, of files as they lie there. */
  searchedBytes: number
}

/** What errors have in common: their code, or else their words without what is particular to one. */
export interface ErrorCount {
  code: string | null
  level: LogLevel
  text: string
  count: number
  lastAt: string | null
}
