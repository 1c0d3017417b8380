import { getTableColumns, getTableName, type SQL } from 'drizzle-orm'
import { getTableConfig, type PgColumn, type PgTable } from 'drizzle-orm/pg-core'
import type { Resource } from '@/lib/kernel/resource/resource'
import { resourceByName } from '@/lib/resources'

export interface ShapeColumn {
  /** Quoted, for statements. */
  sql: string
  /** As PostgreSQL casts to it: `uuid`, `text[]`, `timestamp with time zone`. */
  type: string
  isNotNull: boolean
  hasDefault: boolean
}

/** What statements need of a resource, read once from its table. */
export interface Shape {
  resource: Resource
  /** What it is read from, quoted. */
  table: string
  /** Where it is written, quoted: has every column of a title. */
  stored: string
  columns: Readonly<Record<string, ShapeColumn>>
  /** Columns that the title is made of. */
  titleColumns: readonly string[]
  /** The column that holds the row's environment, or null. */
  environmentColumn: string | null
  hasRevision: boolean
  /** Unique constraint or index → the columns it holds, by property name. */
  uniques: ReadonlyMap<string, readonly string[]>
}

export const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`

const secretPattern = /hash$|^sealed|secret|password/i
/** The links of the audit chain are hashes, and no secret. */
const openHashes = new Set(['audit.hash', 'audit.previousHash'])

/** A column that no reader of any resource selects: sealed, or a hash of what lets somebody in. One that says whether there is a secret is none. */
export const isSecretColumn = (resource: Resource, name: string, column: PgColumn): boolean =>
  secretPattern.test(name) && column.getSQLType() !== 'boolean' && !openHashes.has(`${resource.name}.${name}`)

/** Both with values that are true and with values that are false, so that either branch of a title is seen. */
const columnsOfTitle = (resource: Resource): string[] => {
  const seen = new Set<string>()
  for (const value of ['x', ''])
    resource.title(
      new Proxy(
        {},
        {
          get: (_, name) => {
            seen.add(String(name))
            return value
          },
        },
      ),
    )
  return [...seen]
}

const isSql = (value: unknown): value is SQL => typeof value === 'object' && value !== null && 'queryChunks' in value

/** The columns of an index, those inside expressions such as `lower(name)` included. */
export const columnsInside = (part: unknown, properties: ReadonlyMap<string, string>): string[] => {
  if (isSql(part)) return part.queryChunks.flatMap((chunk) => columnsInside(chunk, properties))
  const name = (part as { name?: unknown } | null)?.name
  const property = typeof name === 'string' ? properties.get(name) : undefined
  return property ? [property] : []
}

const uniquesOf = (resource: Resource, columns: Record<string, PgColumn>): Map<string, string[]> => {
  const properties = new Map(Object.entries(columns).map(([property, column]) => [column.name, property]))
  const config = getTableConfig(resource.keptIn as unknown as PgTable)
  const found = new Map<string, string[]>()
  for (const { config: index } of config.indexes)
    if (index.unique && index.name)
      found.set(
        index.name,
        index.columns.flatMap((part) => columnsInside(part, properties)),
      )
  for (const unique of config.uniqueConstraints)
    if (unique.name)
      found.set(
        unique.name,
        unique.columns.flatMap((column) => columnsInside(column, properties)),
      )
  return found
}

const shapes = new Map<string, Shape>()

export const shapeOf = (resource: Resource): Shape => {
  const known = shapes.get(resource.name)
  if (known) return known
  const table = getTableColumns(resource.table) as Record<string, PgColumn>
  const columns: Record<string, ShapeColumn> = {}
  for (const [property, column] of Object.entries(table))
    columns[property] = {
      sql: quote(column.name),
      type: column.getSQLType(),
      isNotNull: column.notNull,
      hasDefault: column.hasDefault,
    }
  const environmentColumn =
    typeof resource.scope === 'string' && resource.scope !== 'console'
      ? resource.scope
      : 'environmentId' in columns
        ? 'environmentId'
        : null
  const shape: Shape = {
    resource,
    table: quote(getTableName(resource.table)),
    stored: quote(getTableName(resource.keptIn)),
    columns,
    titleColumns: columnsOfTitle(resource).filter((name) => name in columns),
    environmentColumn,
    hasRevision: 'revision' in columns,
    uniques: uniquesOf(resource, table),
  }
  shapes.set(resource.name, shape)
  return shape
}

/** The resource a reference field points to. The self-check has proved that it exists. */
export const targetOf = (resource: Resource, field: string): Resource | null => {
  const spec = resource.fields[field]
  return spec?.kind === 'reference' ? (resourceByName(spec.to) ?? null) : null
}
