import type { LogEntry, LogFormat, LogLevel } from './entry'
import { prefixReader, readAnyPrefix } from './prefix'

const belongsTo = /^(DETAIL|HINT|QUERY|CONTEXT|STATEMENT|LOCATION|BACKTRACE)$/

const levelOf = (word: string): LogLevel => (word.startsWith('DEBUG') ? 'DEBUG' : (word as LogLevel))

const level = /(DEBUG[1-5]?|INFO|NOTICE|LOG|WARNING|ERROR|FATAL|PANIC|DETAIL|HINT|QUERY|CONTEXT|STATEMENT|LOCATION|BACKTRACE): {2}/
/** Longer than any prefix: a level further on is somebody's word. */
const prefixMax = 500

/** What a client is called: `10.0.0.7(5432)` and `[local]` as they are; '' and `[unknown]` say nothing. */
const known = (text: string | undefined): string | null => (text === undefined || text === '' || text === '[unknown]' ? null : text)

/** 00000 is success: nothing went wrong. */
const knownCode = (code: string | undefined): string | null => (code === undefined || code === '00000' ? null : code)

const parseStderr = (text: string, prefix: string | null): LogEntry[] => {
  const read = prefix ? prefixReader(prefix) : () => null
  const entries: LogEntry[] = []
  /** What the next line that begins with a tab goes on with. */
  let goOn: ((text: string) => void) | null = null
  for (const line of text.split('\n')) {
    if (line.startsWith('\t')) {
      goOn?.(line.slice(1))
      continue
    }
    const found = level.exec(line.slice(0, prefixMax))
    if (found === null) {
      // The end of a line whose beginning was cut off, or what a program wrote there that is no server.
      goOn = null
      continue
    }
    const before = line.slice(0, found.index)
    const rest = line.slice(before.length + found[0].length)
    const last = entries.at(-1)
    if (belongsTo.test(found[1]!)) {
      if (last === undefined) continue
      const piece = { kind: found[1]!, text: rest }
      last.more.push(piece)
      goOn = (more) => {
        piece.text += `\n${more}`
      }
      continue
    }
    const fields = read(before) ?? readAnyPrefix(before)
    const entry: LogEntry = {
      at: known(fields.at),
      pid: fields.pid === undefined ? null : Number(fields.pid),
      user: known(fields.user),
      database: known(fields.database),
      application: known(fields.application),
      client: known(fields.client),
      level: levelOf(found[1]!),
      code: knownCode(fields.code),
      text: rest,
      more: [],
    }
    goOn = (more) => {
      entry.text += `\n${more}`
    }
    entries.push(entry)
  }
  return entries
}

const pieces = [
  ['detail', 'DETAIL'],
  ['hint', 'HINT'],
  ['internal_query', 'QUERY'],
  ['context', 'CONTEXT'],
  ['statement', 'STATEMENT'],
] as const

const parseJson = (text: string): LogEntry[] =>
  text.split('\n').flatMap((line): LogEntry[] => {
    let row: Record<string, unknown>
    try {
      row = JSON.parse(line) as Record<string, unknown>
    } catch {
      // The rest of a line that was cut off.
      return []
    }
    const word = (name: string): string | null => (typeof row[name] === 'string' && row[name] !== '' ? (row[name] as string) : null)
    const severity = word('error_severity')
    if (severity === null) return []
    return [
      {
        at: word('timestamp'),
        pid: typeof row.pid === 'number' ? row.pid : null,
        user: word('user'),
        database: word('dbname'),
        application: word('application_name'),
        client: word('remote_host'),
        level: levelOf(severity),
        code: knownCode(word('state_code') ?? undefined),
        text: word('message') ?? '',
        more: pieces.flatMap(([name, kind]) => {
          const piece = word(name)
          return piece === null ? [] : [{ kind, text: piece }]
        }),
      },
    ]
  })

/** Messages of a piece of a log, in its order. What stands before the first whole one is left out. */
export const parseLog = (text: string, format: LogFormat, prefix: string | null): LogEntry[] =>
  format === 'jsonlog' ? parseJson(text) : parseStderr(text, prefix)
