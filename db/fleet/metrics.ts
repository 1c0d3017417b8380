import { type Actor, allowance } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import { databaseFault, getPool } from '../pg/client'

export interface Metrics {
  instances: { environment: string; state: string; role: string; count: number }[]
  /** Worst lag of a standby, per environment; null where no lag is known. */
  lag: { environment: string; bytes: number | null; seconds: number | null }[]
  /** Age of the oldest fact of an instance, per environment; null where nothing was ever seen. */
  ages: { environment: string; seconds: number | null; never: number }[]
  jobs: { state: string; count: number }[]
  workers: number
  workerJobs: number
}

const instanceCounts = `select e.name as environment, i.state, i.role, count(*)::int as count from instances i join environments e on e.id = i.environment_id
  where $1::uuid[] is null or i.environment_id = any($1) group by 1, 2, 3 order by 1, 2, 3`
const worst = `select e.name as environment, max(i.lag_bytes)::float8 as bytes, max(i.lag_seconds)::float8 as seconds,
    extract(epoch from now() - min(i.observed_at))::float8 as age, count(*) filter (where i.id is not null and i.observed_at is null)::int as never
  from environments e left join instances i on i.environment_id = e.id where $1::uuid[] is null or e.id = any($1) group by 1 order by 1`
const jobCounts = `select state, count(*)::int as count from jobs
  where (state in ('waiting', 'running', 'attention') or finished_at > now() - interval '1 day') and ($1::uuid[] is null or environment_id = any($1))
  group by 1 order by 1`
const workerCounts = `select count(*)::int as workers, coalesce(sum(jobs), 0)::int as jobs from workers where seen_at > now() - interval '30 seconds'`

/** Numbers for a dashboard, over the environments the actor sees. Closed jobs count for a day. Throws `access.denied`, `database.down`. */
export const readMetrics = async (actor: Actor): Promise<Metrics> => {
  const allowed = allowance(actor, 'instance.view')
  if (allowed === 'none') throw new Fault('access.denied')
  const values = [allowed === 'all' ? null : allowed.environmentIds]
  const pool = getPool()
  try {
    const [instances, rest, jobs, workers] = await Promise.all([
      pool.query(instanceCounts, values),
      pool.query(worst, values),
      pool.query(jobCounts, values),
      pool.query(workerCounts),
    ])
    return {
      instances: instances.rows,
      lag: rest.rows.map(({ environment, bytes, seconds }) => ({ environment, bytes, seconds })),
      ages: rest.rows.map(({ environment, age, never }) => ({ environment, seconds: age, never })),
      jobs: jobs.rows,
      workers: workers.rows[0].workers,
      workerJobs: workers.rows[0].jobs,
    }
  } catch (error) {
    throw databaseFault(error)
  }
}
