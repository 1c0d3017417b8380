import type { JournalLine } from '@/lib/kernel/ground/journal'
import type { Json } from '@/lib/kernel/ground/json'

/** The result of a statement on one target, found in what a step gave as its output. */
export interface ResultGrid {
  columns: string[]
  rows: (string | null)[][]
  isCut: boolean
}

const isCell = (value: unknown): value is string | null => value === null || typeof value === 'string'

const asGrid = (value: Json | undefined): ResultGrid | null => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  const { columns, rows, isCut } = value
  if (Array.isArray(columns) && Array.isArray(rows) && columns.every((column) => typeof column === 'string'))
    return {
      columns: columns as string[],
      rows: rows.filter((row): row is (string | null)[] => Array.isArray(row) && row.every(isCell)),
      isCut: isCut === true,
    }
  return asGrid(value.grid)
}

/** The last grid among the finished steps; null: the operation gave none. */
export const gridOf = (lines: readonly JournalLine[]): ResultGrid | null => {
  for (let index = lines.length - 1; index >= 0; index -= 1) {
    const line = lines[index]!
    if (line.kind !== 'finished') continue
    const grid = asGrid(line.output)
    if (grid) return grid
  }
  return null
}

/** One table over all targets: the first column names the target, the others are joined by name in the order they first appear. */
export const joinGrids = (
  grids: readonly { title: string; grid: ResultGrid }[],
): { columns: string[]; rows: (string | null)[][]; isCut: boolean } => {
  const columns = [...new Set(grids.flatMap(({ grid }) => grid.columns))]
  const rows = grids.flatMap(({ title, grid }) => {
    const places = columns.map((column) => grid.columns.indexOf(column))
    return grid.rows.map((row) => [title, ...places.map((place) => (place < 0 ? null : (row[place] ?? null)))])
  })
  return { columns: ['target', ...columns], rows, isCut: grids.some(({ grid }) => grid.isCut) }
}

const csvCell = (value: string | null): string => {
  if (value === null) return ''
  // A spreadsheet takes these first characters for a formula.
  const safe = /^[=+\-@\t\r]/.test(value) && !/^-?\d+(\.\d+)?$/.test(value) ? `'${value}` : value
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

export const toCsv = (columns: readonly string[], rows: readonly (readonly (string | null)[])[]): string =>
  [columns, ...rows].map((row) => `${row.map(csvCell).join(',')}\r\n`).join('')
