import { getPool } from '@/db/pg/client'
import { untilSeen } from '@/e2e/harness/stage'
import { runAndWait } from '@/e2e/harness/submit'
import type { RunView } from '@/lib/shapes/run'

const runTimeoutMs = 300_000
const alone = { parallel: 1, perServer: 1, standbysFirst: true, stopAfterFailures: 1, deadlineSeconds: null }
const notReady = `select count(*)::int as missing from dr_pairs where verdict <> 'ready' or candidate_id is null`

/** What a part of a switchover took by its journal, milliseconds. */
export interface Part {
  step: string
  ms: number
}

const mustBeDone = ({ jobs, operation }: RunView): void => {
  const failed = jobs.find(({ state }) => state !== 'done')
  if (failed) throw new Error(`${operation} of ${failed.title} is ${failed.state} at ${failed.step}: ${failed.because}`)
}

/** From each intent to its outcome; of a step that times its own parts also these. What lies between two steps is the console's own work. */
const partsOf = async (runId: string): Promise<Part[]> => {
  const { rows } = await getPool().query<Part>(
    `with finished as (select step, seq, at, data from journal where run_id = $1 and kind = 'finished'),
       steps as (select f.step, f.seq, 0 as part, extract(epoch from f.at - min(i.at))::float8 * 1000 as ms, f.data
         from finished f join journal i on i.run_id = $1 and i.kind = 'intended' and i.step = f.step group by f.step, f.seq, f.at, f.data)
     select step, ms from (
       select step, seq, part, ms from steps union all
       select step || ' ' || (one ->> 'name'), seq, ordinal::int, (one ->> 'tookMs')::float8
       from steps, jsonb_array_elements(data #> '{output,parts}') with ordinality as parts (one, ordinal)) as every
     order by seq, part`,
    [runId],
  )
  return rows
}

/** Gives the console the poolers in front of the herd, as a person does once: their files become templates. */
export const adoptPoolers = async (): Promise<void> => {
  await untilSeen(`select count(*)::int as missing from poolers where state <> 'online'`)
  const { rows } = await getPool().query<{ id: string }>('select id from poolers')
  mustBeDone(await runAndWait({ operation: 'follow-primary', targets: rows.map(({ id }) => id), policy: alone }))
}

/** The observer has seen the pair as it is now. */
export const untilReady = (): Promise<void> => untilSeen(notReady)

/** One switchover of the only pair by the worker: plan, digest, submission, journal, proof. */
export const switchOver = async (): Promise<Part[]> => {
  const { rows } = await getPool().query<{ id: string }>('select id from dr_pairs')
  const view = await runAndWait({ operation: 'switchover', targets: rows.map(({ id }) => id), policy: alone }, { timeoutMs: runTimeoutMs })
  mustBeDone(view)
  return partsOf(view.id)
}
