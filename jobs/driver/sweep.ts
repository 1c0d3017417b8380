import { getPool } from '@/db/pg/client'
import { inPgTransaction } from '@/db/pg/transaction'
import { openRuns, startableJobs } from '@/db/runs/claims'
import { openPlans } from '@/db/runs/plans'
import { settleRuns } from '@/db/runs/run-state'

/** A message that is on its way is left alone this long. */
const onItsWayMs = 1_500

export interface Swept {
  /** Open jobs that nobody holds and that may start or go on. */
  jobs: string[]
  plans: string[]
  /** Workers that live, the caller included. */
  workers: number
}

/**
 * Finds the work that nobody does: its message was lost with the queue, or its driver with a worker. Closes what will never start, and runs whose last
 * job has ended. Any number of workers may sweep at once.
 */
export const sweep = async (): Promise<Swept> => {
  await settleStale()
  const runs = await openRuns()
  const workers = await getPool().query<{ count: number }>(
    `select count(*)::int as count from workers where seen_at > clock_timestamp() - interval '15 seconds'`,
  )
  return {
    jobs: runs.length > 0 ? await startableJobs(runs) : [],
    plans: await openPlans(onItsWayMs),
    workers: workers.rows[0]!.count,
  }
}

const settleStale = async (): Promise<void> => {
  const { rows } = await getPool().query<{ id: string }>(
    `select r.id from runs r where r.state in ('waiting', 'running', 'cancelling')
       and not exists (select 1 from jobs j where j.run_id = r.id and j.state in ('waiting', 'running'))`,
  )
  if (rows.length === 0) return
  const ids = rows.map((row) => row.id).sort()
  await inPgTransaction(async (client) => {
    await client.query('select 1 from runs where id = any($1) order by id for update', [ids])
    await settleRuns(client, ids)
  })
}

/** What nobody asks for any more: plans of yesterday that were not run, keys and logins long past, strips whose certificate shows them, leases of workers that died, workers that are gone. */
export const tidy = async (): Promise<void> => {
  const statements = [
    `delete from plans p where p.created_at < now() - interval '1 day' and not exists (select 1 from runs r where r.plan_id = p.id)
       and not exists (select 1 from scheduled_runs s where s.plan_id = p.id)`,
    `delete from leases where expires_at < now() - interval '1 hour'`,
    `delete from workers where seen_at < now() - interval '1 hour'`,
    `delete from enrolment_keys where expires_at < now() - interval '30 days'`,
    `delete from acknowledgements where until < now() - interval '1 day'`,
    `delete from sessions where expires_at < now() - interval '30 days'`,
    `delete from canary_strips s using jobs j where j.id = s.job_id and j.finished_at < now() - interval '90 days'`,
    `delete from login_attempts where first_at < now() - interval '1 day' and (blocked_until is null or blocked_until < now())`,
  ]
  for (const statement of statements) await getPool().query(statement)
}
