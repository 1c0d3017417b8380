import type { Fence } from '@/lib/domain/proof/failover-report'
import { iso } from '@/lib/domain/values/iso'
import { databaseFault, getPool } from '../pg/client'
import { lastFenceSql } from '../trail/fences'
import { nextFailoverSql } from './failovers'

const read = async (query: { name: string; text: string; values: unknown[] }): Promise<Fence[]> => {
  try {
    const { rows } = await getPool().query<Omit<Fence, 'at'> & { at: Date }>(query)
    return rows.map((row) => ({ ...row, at: iso(row.at)! }))
  } catch (error) {
    throw databaseFault(error)
  }
}

/** The last fence of an instance since it was replaced; null: there was none, or it is the primary again. The caller has shown that the actor may see this instance. */
export const fenceOf = async (instanceId: string): Promise<Fence | null> => {
  const [found] = await read({
    name: 'fence-of-instance',
    text: `select f.* from instances i cross join lateral (${lastFenceSql}) f where i.id = $1`,
    values: [instanceId],
  })
  return found ?? null
}

/** The fences in a failover's herd after it and before the next one, oldest first. The caller has shown that the actor may see this failover. */
export const fencesAfter = (failoverId: string): Promise<Fence[]> =>
  read({
    name: 'fences-after-failover',
    text: `select a.title, a.detail->>'action' as action, a.detail->>'because' as because, a.at from failovers f
      join audit a on a.act = 'instance.fence' and a.object_id = f.herd_id and a.at > f.started_at
        and a.at < ${nextFailoverSql}
      where f.id = $1 order by a.at limit 100`,
    values: [failoverId],
  })
