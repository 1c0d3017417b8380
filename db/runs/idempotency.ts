import { getPool } from '../pg/client'

export interface Kept {
  status: number
  /** null: answered, but not kept. */
  body: string | null
}

export type Taken = { state: 'ours' } | { state: 'busy' } | { state: 'other' } | { state: 'kept'; kept: Kept }

/** A request that never answered (its process died) gives its key up after this long; answers are kept for a day. */
const busySeconds = 60

/** Takes a key for one request, or says what became of it before. */
export const takeKey = async (key: string, requestHash: string): Promise<Taken> => {
  const pool = getPool()
  const ours = await pool.query(
    `insert into idempotency as i (key, request_hash) values ($1, $2)
      on conflict (key) do update set request_hash = excluded.request_hash, created_at = now(), status = null, body = null
        where i.created_at < now() - interval '1 day' or (i.status is null and i.created_at < now() - interval '${busySeconds} seconds')
      returning key`,
    [key, requestHash],
  )
  if (ours.rows.length > 0) return { state: 'ours' }
  const { rows } = await pool.query('select request_hash, status, body from idempotency where key = $1', [key])
  // Given back between the two statements: the next attempt gets it.
  if (!rows[0]) return { state: 'busy' }
  if (rows[0].request_hash !== requestHash) return { state: 'other' }
  return rows[0].status === null ? { state: 'busy' } : { state: 'kept', kept: { status: rows[0].status, body: rows[0].body } }
}

export const keepAnswer = async (key: string, { status, body }: Kept): Promise<void> => {
  await getPool().query('update idempotency set status = $2, body = $3 where key = $1', [key, status, body])
}

export const releaseKey = async (key: string): Promise<void> => {
  await getPool().query('delete from idempotency where key = $1 and status is null', [key])
}

/** Keys older than a day. Returns how many went. */
export const forgetKeys = async (): Promise<number> =>
  (await getPool().query("delete from idempotency where created_at < now() - interval '1 day'")).rowCount ?? 0
