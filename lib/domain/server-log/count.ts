import type { ErrorCount, LogEntry } from './entry'

const isError = ({ level }: LogEntry): boolean => level === 'ERROR' || level === 'FATAL' || level === 'PANIC'

/** Without what is particular to one: `relation "x" does not exist` → `relation "…" does not exist`. */
export const shapeOfMessage = (text: string): string =>
  text
    .split('\n')[0]!
    .replaceAll(/"[^"]*"/g, '"…"')
    .replaceAll(/'[^']*'/g, "'…'")
    .replaceAll(/\b\d+(?:[./:]\d+)*\b/g, '…')
    .slice(0, 200)

/** What errors of one line of a count have in common; of a count itself the same. */
export const errorKey = ({ level, code, text }: Pick<LogEntry, 'level' | 'code' | 'text'>): string =>
  `${level} ${code ?? shapeOfMessage(text)}`

/** Errors by code, or by their words where the server writes no code; most frequent first. */
export const countErrors = (entries: readonly LogEntry[]): ErrorCount[] => {
  const counts = new Map<string, ErrorCount>()
  for (const entry of entries.filter(isError)) {
    const text = shapeOfMessage(entry.text)
    const key = errorKey(entry)
    const known = counts.get(key)
    counts.set(key, { code: entry.code, level: entry.level, text: known?.text ?? text, count: (known?.count ?? 0) + 1, lastAt: entry.at })
  }
  return [...counts.values()].sort((a, b) => b.count - a.count)
}
