import { limitsOf, showHealthValue } from '@/lib/domain/health/judge'
import { healthKind } from '@/lib/domain/health/kinds'
import type { CriticalHealth } from '@/lib/domain/problems/fleet'
import { getPool } from '../../pg/client'

interface Row extends Omit<CriticalHealth, 'check' | 'shown' | 'total'> {
  kind: string
  value: number
  lines: string[]
}

/** More herds than this with one critical check are too many to tell one by one. */
const rowsMax = 2_000

/** $1 environments. Found and not looked at since is still told of: nobody has seen it gone. */
export const criticalSql = `
select h.id, h.name, h.environment_id as "environmentId", f.kind, v.health_limits as lines, count(*)::int as count, min(f.since) as since,
  max(f.looked_at) as "seenAt", (array_agg(i.title order by f.since, i.title))[1] as member,
  (array_agg(concat_ws(': ', nullif(f.database, ''), nullif(f.object, '')) order by f.since, i.title))[1] as object,
  (array_agg(f.value order by f.since, i.title))[1] as value
from health_findings f join instances i on i.id = f.instance_id join herds h on h.id = i.herd_id join environments v on v.id = h.environment_id
where f.severity = 'critical' and v.looks_at_health and ($1::uuid[] is null or h.environment_id = any($1))
group by h.id, v.id, f.kind order by min(f.since), h.name, f.kind limit ${rowsMax}`

/** What health checks found critical, once for each check of a herd, the oldest first; `max` of them. */
export const readCriticalHealth = async (scope: readonly string[] | null, max: number): Promise<CriticalHealth[]> => {
  const { rows } = await getPool().query<Row & { since: Date; seenAt: Date }>({ name: 'fleet-health', text: criticalSql, values: [scope] })
  const found = rows.flatMap(({ kind: name, value, lines, since, seenAt, ...rest }) => {
    const kind = healthKind(name)
    // Switched off since it was found: nobody looks for it, so nobody would see it gone.
    if (kind === undefined || limitsOf(kind, lines).isOff) return []
    const shown = showHealthValue(value, kind.unit)
    return [{ ...rest, kind: name, check: kind.title, shown, since: since.toISOString(), seenAt: seenAt.toISOString() }]
  })
  return found.slice(0, max).map((one) => ({ ...one, total: found.length }))
}
