import type { Reservation } from '@/lib/kernel/operation/reservation'
import type { Queryable } from '../pg/transaction'

interface Wish {
  names: readonly string[]
  /** The job that asks; null: none. */
  jobId: string | null
  /** Jobs that need attention are not in its way. */
  overtakesWaiting?: boolean
}

const openStates: readonly Reservation['state'][] = ['running', 'attention']

/**
 * For each wish the open job that keeps one of its locks, as long as that job has not ended and no person has abandoned it; null: none. Of two open jobs the one
 * that started first is in nobody's way but the other's. A lock whose lease is in force is left to that lease. `states` narrows it to jobs in one of these.
 */
export const reservationsOf = async (
  client: Queryable,
  wishes: readonly Wish[],
  states: readonly Reservation['state'][] = openStates,
): Promise<(Reservation | null)[]> => {
  const wanted = wishes.flatMap(({ names, jobId, overtakesWaiting = false }, index) =>
    names.map((name) => ({ index, jobId, name, overtakesWaiting })),
  )
  if (wanted.length === 0) return wishes.map(() => null)
  const { rows } = await client.query<Omit<Reservation, 'startedAt'> & { index: number; startedAt: Date }>(
    `select distinct on (w.index) w.index, w.name, o.id as "jobId", o.run_id as "runId", o.operation, o.title, o.state,
       r.actor_name as "actorName", o.started_at as "startedAt"
     from unnest($1::int[], $2::uuid[], $3::text[], $5::boolean[]) as w (index, job_id, name, overtakes_waiting)
     left join jobs own on own.id = w.job_id
     join jobs o on o.state = any($4) and w.name = any(o.locks) and o.id is distinct from w.job_id
       and not (w.overtakes_waiting and o.state = 'attention')
       and (own.id is null or own.state = 'waiting' or (o.started_at, o.id) < (own.started_at, own.id))
     join runs r on r.id = o.run_id
     where not exists (select 1 from leases l where l.name = w.name and l.expires_at > clock_timestamp())
     order by w.index, o.started_at, o.id`,
    [
      wanted.map(({ index }) => index),
      wanted.map(({ jobId }) => jobId),
      wanted.map(({ name }) => name),
      states,
      wanted.map(({ overtakesWaiting }) => overtakesWaiting),
    ],
  )
  return wishes.map((_, at) => {
    const found = rows.find(({ index }) => index === at)
    if (found === undefined) return null
    const { index: _index, startedAt, ...rest } = found
    return { ...rest, startedAt: startedAt.toISOString() }
  })
}
