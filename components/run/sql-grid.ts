import type { JournalLine } from '@/lib/kernel/ground/journal'
import { isObject } from '@/lib/kernel/ground/json'
import type { JobResult } from '@/lib/shapes/results'

/** The result of a statement on one target, its rows at hand. */
export interface ResultGrid {
  columns: string[]
  rows: (string | null)[][]
  isCut: boolean
}

/** How many rows a step answered with, as the last such line says; null: none did. The rows themselves are no part of the journal. */
export const keptIn = (lines: readonly JournalLine[]): number | null => {
  const counts = lines.flatMap((line) =>
    line.kind === 'finished' && isObject(line.output) && typeof line.output.kept === 'number' ? [line.output.kept] : [],
  )
  return counts.at(-1) ?? null
}

/** null: its rows are not at hand. */
export const gridOf = ({ columns, rows, isCut }: JobResult): ResultGrid | null =>
  rows && { columns: columns.map(({ name }) => name), rows, isCut }

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
