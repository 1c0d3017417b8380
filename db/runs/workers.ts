import { getPool } from '../pg/client'

/** A worker that was not seen for this long is gone, or cannot reach the database. */
export const seenWithin = `seen_at > clock_timestamp() - interval '15 seconds'`

export interface WorkerSeen {
  id: string
  host: string
  pid: number
  startedAt: Date
  /** It drives so many now. */
  jobs: number
}

/** Says that a worker lives; to be repeated every few seconds. */
export const registerWorker = async ({ id, host, pid, startedAt, jobs }: WorkerSeen): Promise<void> => {
  await getPool().query(
    `insert into workers (id, host, pid, started_at, seen_at, jobs) values ($1, $2, $3, $4, now(), $5)
     on conflict (id) do update set seen_at = now(), jobs = excluded.jobs`,
    [id, host, pid, startedAt, jobs],
  )
}

export const forgetWorker = async (id: string): Promise<void> => {
  await getPool().query('delete from workers where id = $1', [id])
}

/** Workers that live. */
export const countWorkers = async (): Promise<number> => {
  const { rows } = await getPool().query<{ count: number }>(`select count(*)::int as count from workers where ${seenWithin}`)
  return rows[0]!.count
}
