const shown = (value: unknown): string => {
  if (value === null || value === undefined) return '-'
  if (Array.isArray(value)) return value.map(shown).join(' ')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** Control characters of a remote name must not reach the terminal. */
const harmless = (text: string): string => text.replace(/\p{Cc}/gu, '\uFFFD')

/** Columns side by side, as wide as their widest value. */
export const table = (columns: readonly string[], rows: readonly (readonly unknown[])[]): string => {
  const cells = [columns.map((name) => name.toUpperCase()), ...rows.map((row) => row.map((value) => harmless(shown(value))))]
  const widths = columns.map((_name, index) => Math.max(...cells.map((row) => row[index]!.length)))
  return cells.map((row) => row.map((cell, index) => (index === row.length - 1 ? cell : cell.padEnd(widths[index]!))).join('  ')).join('\n')
}

export const clean = harmless

const statementMax = 200

/** A statement as one line, its beginning. */
export const oneLine = (text: string): string => {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > statementMax ? `${line.slice(0, statementMax - 1)}…` : line
}
