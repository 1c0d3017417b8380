import { countJobs, foldRun, type JobCounts } from '@/lib/kernel/engine/fold'
import { type JobState, openRunStates, type RunState } from '@/lib/kernel/ground/journal'
import { getPool } from '../pg/client'
import { inPgTransaction, type Queryable } from '../pg/transaction'

const ended: readonly RunState[] = ['done', 'failed', 'cancelled']

/** Brings counters and state of these runs in line with their jobs. The caller holds the rows of the runs locked. */
export const settleRuns = async (client: Queryable, runIds: readonly string[]): Promise<void> => {
  const runs = await client.query<{ id: string; is_cancelled: boolean }>(
    'select id, cancel_requested_at is not null as is_cancelled from runs where id = any($1)',
    [runIds],
  )
  const jobs = await client.query<{ run_id: string; state: JobState; count: number }>(
    'select run_id, state, count(*)::int as count from jobs where run_id = any($1) group by run_id, state',
    [runIds],
  )
  const counted = new Map<string, JobCounts>(runs.rows.map(({ id }) => [id, countJobs([])]))
  for (const row of jobs.rows) counted.get(row.run_id)![row.state] = row.count
  const settled = runs.rows.map(({ id, is_cancelled }) => {
    const counts = counted.get(id)!
    return { id, counts, state: foldRun(counts, is_cancelled) }
  })
  await client.query(
    `update runs r set state = s.state, jobs_done = s.done, jobs_failed = s.failed, jobs_attention = s.attention,
       started_at = coalesce(r.started_at, case when s.state <> 'waiting' then clock_timestamp() end),
       finished_at = case when s.state = any($6) then coalesce(r.finished_at, clock_timestamp()) end
     from unnest($1::uuid[], $2::text[], $3::int[], $4::int[], $5::int[]) as s (id, state, done, failed, attention)
     where r.id = s.id`,
    [
      settled.map((run) => run.id),
      settled.map((run) => run.state),
      settled.map((run) => run.counts.done),
      settled.map((run) => run.counts.failed + run.counts.undone + run.counts.refused),
      settled.map((run) => run.counts.attention),
      ended,
    ],
  )
  await client.query(`select pg_notify('runs', id) from unnest($1::text[]) as id`, [runIds])
}

/** Closes runs whose last job has ended while nobody was there to say so. */
export const settleStale = async (): Promise<void> => {
  const { rows } = await getPool().query<{ id: string }>(
    `select r.id from runs r where r.state = any($1)
       and not exists (select 1 from jobs j where j.run_id = r.id and j.state in ('waiting', 'running'))`,
    [openRunStates],
  )
  if (rows.length === 0) return
  const ids = rows.map((row) => row.id).sort()
  await inPgTransaction(async (client) => {
    await client.query('select 1 from runs where id = any($1) order by id for update', [ids])
    await settleRuns(client, ids)
  })
}
