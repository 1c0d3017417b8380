import { Fault } from '@/lib/kernel/ground/errors'
import type { JobState, RunState } from '@/lib/kernel/ground/journal'
import { getPool } from '../pg/client'
import type { Queryable } from '../pg/transaction'

/** Locks the row of a run for this transaction. Throws `record.missing`. */
export const lockRun = async (client: Queryable, runId: string): Promise<{ state: RunState; cancelled: boolean }> => {
  const { rows } = await client.query<{ state: RunState; cancelled: boolean }>(
    'select state, cancel_requested_at is not null as cancelled from runs where id = $1 for update',
    [runId],
  )
  if (!rows[0]) throw new Fault('record.missing')
  return rows[0]
}

/** Locks the row of a job for this transaction; undefined: it is gone. The caller holds that of its run. */
export const lockJob = async (
  client: Queryable,
  jobId: string,
): Promise<{ state: JobState; lastSeq: number; title: string } | undefined> => {
  const { rows } = await client.query<{ state: JobState; lastSeq: number; title: string }>(
    'select state, last_seq as "lastSeq", title from jobs where id = $1 for no key update',
    [jobId],
  )
  return rows[0]
}

/** Notes who wants a run to be cancelled; its drivers read it. The caller holds its row locked. */
export const noteCancel = async (client: Queryable, runId: string, by: string): Promise<void> => {
  await client.query('update runs set cancel_requested_by = $2, cancel_requested_at = clock_timestamp() where id = $1', [runId, by])
}

/** Who wants which of these runs to be cancelled, by the run's id. */
export const readCancels = async (runIds: readonly string[]): Promise<Map<string, string>> => {
  const { rows } = await getPool().query<{ id: string; by: string }>(
    'select id, cancel_requested_by as by from runs where id = any($1) and cancel_requested_at is not null',
    [runIds],
  )
  return new Map(rows.map(({ id, by }) => [id, by]))
}

/** undefined: there is no such run. */
export const stateOfRun = async (runId: string): Promise<RunState | undefined> => {
  const { rows } = await getPool().query<{ state: RunState }>('select state from runs where id = $1', [runId])
  return rows[0]?.state
}
