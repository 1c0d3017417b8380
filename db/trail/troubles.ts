import { auditUnwatchedAfterSeconds, type FleetAudit } from '@/lib/domain/problems/fleet'
import { databaseFault, getPool } from '../pg/client'

const text = `select id, 'broken' as trouble, place, breach->>'because' as because, breach_since as since from audit_trails where breach is not null
  union all select id, 'unkept', place, fault, fault_since from audit_trails
    where fault is not null and claimed_until > now() - interval '${auditUnwatchedAfterSeconds} s'
  union all (select id, 'unwatched', place, null, checked_at from audit_trails
    where (select max(checked_at) from audit_trails) < now() - interval '${auditUnwatchedAfterSeconds} s'
    order by checked_at desc nulls last limit 1)
  order by 2, 3 limit 50`

/** What is wrong with how the audit log is looked after; its callers ask for `audit.view` everywhere. Throws `database.down`. */
export const auditTroubles = async (): Promise<FleetAudit[]> => {
  try {
    const { rows } = await getPool().query({ name: 'audit-troubles', text })
    return rows.map((row) => ({ ...row, since: row.since?.toISOString() ?? null }))
  } catch (error) {
    throw databaseFault(error)
  }
}
