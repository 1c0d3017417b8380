/** Rows of pygmy's tables by the end of their names: `rules` for `engine_rules`. Columns as text; null is NULL. */
export type DumpTables = Record<string, Record<string, string | null>[]>

const copyHead = /^COPY (?:"?\w+"?\.)?"?(\w+)"? \(([^)]*)\) FROM stdin;$/
const escapes: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }

const unescaped = (written: string): string | null =>
  written === '\\N' ? null : written.replace(/\\(.)/g, (_, letter: string) => escapes[letter] ?? letter)

/** What a dump of PostgreSQL in plain text holds of these tables, whatever is before the last underscore of their names. */
export const readDump = (text: string, wanted: readonly string[]): DumpTables => {
  const tables: DumpTables = {}
  let into: { rows: Record<string, string | null>[]; columns: string[] } | null = null
  let isSkipped = false
  for (const line of text.split(/\r?\n/)) {
    if (into === null && !isSkipped) {
      const [, name, columns] = copyHead.exec(line) ?? []
      if (name === undefined || columns === undefined) continue
      const end = name.slice(name.lastIndexOf('_') + 1)
      isSkipped = !wanted.includes(end)
      if (isSkipped) continue
      tables[end] ??= []
      into = { rows: tables[end], columns: columns.split(',').map((one) => one.trim().replaceAll('"', '')) }
    } else if (line === '\\.') {
      into = null
      isSkipped = false
    } else if (into !== null) {
      const values = line.split('\t')
      into.rows.push(Object.fromEntries(into.columns.map((column, index) => [column, unescaped(values[index] ?? '\\N')])))
    }
  }
  return tables
}

/** Of one dimension: `{"0 10 * * *",x}`. What is no array is its only element. */
export const readArray = (written: string | null): string[] => {
  if (written === null || written === '') return []
  if (!/^\{.*\}$/s.test(written)) return [written]
  const items = written.slice(1, -1).match(/"(?:\\.|[^"\\])*"|[^,]+/gs) ?? []
  return items.map((one) => (one.startsWith('"') ? one.slice(1, -1).replace(/\\(.)/gs, '$1') : one))
}
