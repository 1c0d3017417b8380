import { getTableColumns, inArray } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import type { Resource } from '@/lib/kernel/resource/resource'
import type { ResourceName } from '@/lib/resources'
import { databaseFault, getDb } from '../pg/client'
import { isSecretColumn } from '../pg/resource-table'

/** What a plan needs to know of a target before anybody looks at it. */
export interface TargetRow {
  id: string
  title: string
  environmentId: string | null
  herdId: string | null
  serverId: string | null
}

/** The registered targets of these ids, in no order; ids that are not registered are left out. For the system: the caller checks permissions. */
export const findTargets = async (resource: Resource, ids: readonly string[]): Promise<TargetRow[]> => {
  const columns = getTableColumns(resource.keptIn) as Record<string, PgColumn>
  // A whole probe is not needed to name a target, and secrets cannot be read here.
  const plain = Object.fromEntries(
    Object.entries(columns).filter(([name, column]) => column.dataType !== 'json' && !isSecretColumn(resource, name, column)),
  )
  const scope = typeof resource.scope === 'string' ? resource.scope : null
  try {
    const rows = (await getDb()
      .select(plain)
      .from(resource.keptIn)
      .where(inArray(columns.id!, [...ids]))) as Record<string, unknown>[]
    const text = (value: unknown): string | null => (typeof value === 'string' ? value : null)
    /** An object is its own herd, or its own server. */
    const idAs = (kind: ResourceName, row: Record<string, unknown>, column: string) => text(row[resource.name === kind ? 'id' : column])
    return rows.map((row) => ({
      id: String(row.id),
      title: resource.title(row),
      environmentId: scope === null ? null : text(row[scope]),
      herdId: idAs('herd', row, 'herdId'),
      serverId: idAs('server', row, 'serverId'),
    }))
  } catch (error) {
    throw databaseFault(error)
  }
}
