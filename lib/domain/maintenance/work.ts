import { quoteIdentifier } from '../values/sql-quote'

/** What is done to one table or index, in a session of its own and outside of a transaction. */
export type MaintenanceWork =
  | { deed: 'vacuum'; freeze: boolean; analyze: boolean; truncate: boolean }
  | { deed: 'analyze' }
  /** REINDEX INDEX CONCURRENTLY, PostgreSQL 12 and later. */
  | { deed: 'reindex' }
  /** DROP INDEX CONCURRENTLY. */
  | { deed: 'drop-index' }

/** As the catalogue names it, not quoted. */
export interface QualifiedName {
  schema: string
  name: string
}

export const quotedName = ({ schema, name }: QualifiedName): string => `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`

/** As a person reads it, and as a pattern of its own: quoted only where PostgreSQL needs it. */
export const shownName = ({ schema, name }: QualifiedName): string =>
  [schema, name].map((one) => (/^[a-z_][a-z0-9_$]*$/.test(one) ? one : quoteIdentifier(one))).join('.')

/** The one place where maintenance is put into SQL. */
export const maintenanceStatement = (work: MaintenanceWork, object: QualifiedName, major: number): string => {
  const name = quotedName(object)
  switch (work.deed) {
    case 'vacuum': {
      const options = [
        ...(work.freeze ? ['FREEZE'] : []),
        ...(work.analyze ? ['ANALYZE'] : []),
        ...(!work.truncate && major >= 12 ? ['TRUNCATE false'] : []),
      ]
      return `VACUUM ${options.length === 0 ? '' : `(${options.join(', ')}) `}${name}`
    }
    case 'analyze':
      return `ANALYZE ${name}`
    case 'reindex':
      return `REINDEX INDEX CONCURRENTLY ${name}`
    case 'drop-index':
      return `DROP INDEX CONCURRENTLY ${name}`
  }
}

/** What it locks, what waits for that, and what it waits for itself. */
export const lockWords = (work: MaintenanceWork): string => {
  switch (work.deed) {
    case 'vacuum':
      return `SHARE UPDATE EXCLUSIVE on one table at a time: reads and writes continue; schema changes, index builds and other vacuums of that table wait.${
        work.truncate
          ? ' At its end it takes ACCESS EXCLUSIVE for a moment to return empty pages at the end of the file, and gives way to whoever waits; a standby that replays this cancels queries on the table that hold it up.'
          : ''
      }`
    case 'analyze':
      return 'SHARE UPDATE EXCLUSIVE on one table at a time: reads and writes continue; schema changes, index builds and vacuums of that table wait.'
    case 'reindex':
      return 'SHARE UPDATE EXCLUSIVE on the table of one index at a time: reads and writes continue; schema changes, vacuums and other index builds of that table wait. It waits itself, several times, for the transactions that are open then.'
    case 'drop-index':
      return 'SHARE UPDATE EXCLUSIVE on the table of one index at a time: reads and writes continue; schema changes and vacuums of that table wait. It waits itself for the transactions that are open then.'
  }
}

/** A table or materialized view. Bytes with its TOAST table, without indexes. */
export interface MaintainedTable extends QualifiedName {
  oid: number
  bytes: number
  liveRows: number
  deadRows: number
  /** Transactions since its oldest row that is not frozen. */
  age: number
  /** By hand; UTC as `2026-03-01T12:00:00.123456Z`, so that two of them compare as text. null: never since the statistics were reset. */
  vacuumedAt: string | null
  analyzedAt: string | null
  /** By autovacuum. */
  autovacuumedAt: string | null
  autoanalyzedAt: string | null
}

export interface MaintainedIndex extends QualifiedName {
  oid: number
  /** Its table, as a person reads it. */
  table: string
  bytes: number
  /** What its rows need by the planner’s statistics, as an upper bound; null: not known. */
  neededBytes: number | null
  isValid: boolean
  /** Left behind by a REINDEX CONCURRENTLY that did not end (`_ccnew`, `_ccold`). */
  isLeftover: boolean
  /** A session builds it now. */
  isBuilding: boolean
  /** It holds a constraint, which a DROP INDEX cannot drop. */
  isConstraint: boolean
  /** It cannot be rebuilt CONCURRENTLY: an exclusion constraint. */
  isExclusion: boolean
}
