import { sql } from 'drizzle-orm'
import { sayReservation } from '@/lib/kernel/operation/reservation'
import type { Tx } from '../pg/client'

export interface Reserved {
  /** By whom, and what ends it: no full stop. */
  said: string
  needsAttention: boolean
}

interface Row extends Record<string, unknown> {
  operation: string
  title: string
  actorName: string
  state: 'driven' | 'running' | 'attention'
}

/** The first open job that has one of these herds for itself; null: none. A job that waits to be started has not. */
export const reservedBy = async (tx: Tx, herdIds: readonly string[]): Promise<Reserved | null> => {
  const { rows } = await tx.execute<Row>(
    sql`select o.operation, o.title, r.actor_name as "actorName",
        case when l.name is null then o.state else 'driven' end as state
      from jobs o join runs r on r.id = o.run_id left join leases l on l.name = 'job:' || o.id and l.expires_at > clock_timestamp()
      where o.state in ('running', 'attention') and o.locks && (select array_agg('herd:' || id) from json_array_elements_text(${JSON.stringify(herdIds)}::json) h (id))
      order by o.started_at, o.id limit 1`,
  )
  const [row] = rows
  return row === undefined ? null : { said: sayReservation(row), needsAttention: row.state === 'attention' }
}
