import { limitsOf } from '@/lib/domain/health/judge'
import type { HealthKind } from '@/lib/domain/health/kind'
import { healthKinds } from '@/lib/domain/health/kinds'
import { databaseFault, getPool } from '../pg/client'

/** A look that comes a little early is one that does not wait for another round. */
const early = 0.9

interface Standing {
  isOn: boolean
  lines: string[]
  isPrimary: boolean
  /** Whether what is asked once a herd is asked of this member. */
  isChosen: boolean
  tried: Record<string, number> | null
}

/** The chosen one is the online standby with the lowest id; where none is, the online primary. */
const standingSql = `
select e.looks_at_health as "isOn", e.health_limits as lines, i.role = 'primary' as "isPrimary",
  i.id = (select m.id from instances m where m.herd_id = i.herd_id and m.state = 'online' and m.role in ('standby', 'primary')
    order by m.role = 'standby' desc, m.id limit 1) as "isChosen",
  (select json_object_agg(l.kind, extract(epoch from now() - l.tried_at) / 3600) from health_looks l where l.instance_id = i.id) as tried
from instances i join environments e on e.id = i.environment_id where i.id = $1`

/** Which kinds this instance is to be asked now; with `isNow` all that it would ever be asked. None where its environment does not want it. Throws `database.down`. */
export const dueKinds = async (instanceId: string, { isNow }: { isNow: boolean }): Promise<HealthKind[]> => {
  try {
    const { rows } = await getPool().query<Standing>(standingSql, [instanceId])
    const standing = rows[0]
    if (!standing?.isOn) return []
    const { isPrimary, isChosen, lines } = standing
    const asked: Record<HealthKind['asks'], boolean> = { every: true, primary: isPrimary, once: isChosen }
    return healthKinds.filter(
      (kind) =>
        asked[kind.asks] &&
        !limitsOf(kind, lines).isOff &&
        (isNow || (standing.tried?.[kind.name] ?? Number.POSITIVE_INFINITY) >= kind.everyHours * early),
    )
  } catch (error) {
    throw databaseFault(error)
  }
}
