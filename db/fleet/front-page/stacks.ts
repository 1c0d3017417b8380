import type { TroubledStack } from '@/lib/domain/problems/fleet'
import { certificateDaysLeft } from '@/lib/domain/stack/findings'
import { getPool } from '../../pg/client'

/** $1 environments, $2 how many of each trouble. A certificate that a rotation has made is in nobody's use yet. */
const troubledSql = `
select * from (
  select found.*, count(*) over (partition by trouble)::int as total, row_number() over (partition by trouble order by since, name) as place
  from (
    select s.id, s.name, s.environment_id as "environmentId", 'drift' as trouble, jsonb_array_length(l.findings) as count,
      concat_ws(': ', l.findings->0->>'server', l.findings->0->>'what') as first, l.since, l.seen_at as "seenAt"
    from stack_looks l join stacks s on s.id = l.stack_id join environments e on e.id = s.environment_id
    where l.findings <> '[]' and e.looks_for_drift
    union all
    select s.id, s.name, s.environment_id, case when a.valid_until < now() then 'ended' else 'ending' end, count(*)::int,
      (array_agg(concat(a.title, ' until ', to_char(a.valid_until at time zone 'UTC', 'YYYY-MM-DD')) order by a.valid_until))[1],
      min(a.valid_until) - case when a.valid_until < now() then interval '0' else interval '${certificateDaysLeft} days' end, null
    from authorities a join stacks s on s.id = a.stack_id
    where a.valid_until < now() + interval '${certificateDaysLeft} days' and not starts_with(a.server, 'next ') and s.built_at is not null
    group by s.id, a.valid_until < now()
  ) found where $1::uuid[] is null or "environmentId" = any($1)
) placed where place <= $2::bigint order by trouble, place`

/** Built clusters that are not as declared, and whose certificates end soon or have ended; `max` of each. */
export const readTroubledStacks = async (scope: readonly string[] | null, max: number): Promise<TroubledStack[]> => {
  const { rows } = await getPool().query<Omit<TroubledStack, 'since' | 'seenAt'> & { since: Date | null; seenAt: Date | null }>({
    name: 'fleet-stacks',
    text: troubledSql,
    values: [scope, max],
  })
  return rows.map((row) => ({ ...row, since: row.since?.toISOString() ?? null, seenAt: row.seenAt?.toISOString() ?? null }))
}
