import type { FleetGuessing } from '@/lib/domain/problems/fleet'
import { databaseFault, getPool } from '../pg/client'

/** So many of each are nobody's own mistakes; of the counts that slow guessing down. */
const timesMin = { factor: 5, proof: 5, name: 20, from: 30, token: 20 } as const

/**
 * Only names that somebody has are shown: people type passwords where their name belongs. A count that is older than a quarter of an hour and makes nobody
 * wait is over.
 */
const text = `with counted as materialized (
    select key, failures, first_at, split_part(key, ':', 1) as kind, substr(key, strpos(key, ':') + 1) as rest from login_attempts
    where failures >= ${Math.min(...Object.values(timesMin))} and (first_at > now() - interval '15 minutes' or blocked_until > now()))
  select a.key as id, case when a.kind in ('factor', 'proof') then 'factor' when a.kind = 'name' then 'account' else 'network' end as guessed,
    coalesce(p.user_name, a.rest) as of, p.id as "personId", a.failures as times, a.first_at as since
  from counted a left join people p on (a.kind = 'name' and lower(p.user_name) = a.rest) or (a.kind in ('factor', 'proof') and p.id::text = a.rest)
  where (a.kind in ('from', 'token') or p.id is not null) and a.failures >= case a.kind
    ${Object.entries(timesMin)
      .map(([kind, times]) => `when '${kind}' then ${times}`)
      .join(' ')} end
  order by a.failures desc limit 50`

/** Who is guessed at now; its callers ask for `audit.view` everywhere. Throws `database.down`. */
export const guessingNow = async (): Promise<FleetGuessing[]> => {
  try {
    const { rows } = await getPool().query({ name: 'guessing-now', text })
    return rows.map((row) => ({ ...row, since: row.since.toISOString() }))
  } catch (error) {
    throw databaseFault(error)
  }
}
