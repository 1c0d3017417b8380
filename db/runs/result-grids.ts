import type { JournalEntry } from '@/lib/kernel/ground/journal'
import { isObject, type Json } from '@/lib/kernel/ground/json'
import { operationByName } from '@/lib/operations'
import type { Queryable } from '../pg/transaction'

/** Rows that a step answered with, apart from its line. */
export interface NewGrid {
  jobId: string
  seq: number
  rows: Json
}

const isGrid = (output: Json): output is { columns: Json[]; rows: Json[] } =>
  isObject(output) && Array.isArray(output.columns) && Array.isArray(output.rows)

/**
 * A line as the journal keeps it: of an operation that says who may read its results, the rows go into a table of their own, where fewer people read them
 * and from where they are removed after a while. The line says how many there were.
 */
export const withoutRows = (operation: string, entry: JournalEntry): { entry: JournalEntry; rows: Json | null } => {
  if (entry.kind !== 'finished' || !isGrid(entry.output) || operationByName(operation)?.results === undefined) return { entry, rows: null }
  const { rows, ...rest } = entry.output
  return { entry: { ...entry, output: { ...rest, kept: rows.length } }, rows }
}

export const insertGrids = async (client: Queryable, grids: readonly (Omit<NewGrid, 'rows'> & { rows: string })[]): Promise<void> => {
  if (grids.length === 0) return
  await client.query(
    `insert into result_grids (job_id, seq, bytes, rows)
     select job_id, seq, octet_length(rows), rows::jsonb from unnest($1::uuid[], $2::int[], $3::text[]) as g (job_id, seq, rows)`,
    [grids.map(({ jobId }) => jobId), grids.map(({ seq }) => seq), grids.map(({ rows }) => rows)],
  )
}
