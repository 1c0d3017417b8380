import { getPool } from '@/db/client'
import type { RunView } from '@/db/runs'
import { runAndWait } from '@/e2e/harness/submit'
import { untilSeen } from './stage'

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

/** From each intent to its outcome; whatever is there to be seen between two lines is the console's own work. */
const partsOf = async (runId: string): Promise<Part[]> => {
  const { rows } = await getPool().query<Part>(
    `select step, extract(epoch from max(at) filter (where kind = 'finished') - min(at) filter (where kind = 'intended'))::float8 * 1000 as ms
     from journal where run_id = $1 and step is not null and kind in ('intended', 'finished') group by step
     having count(*) filter (where kind = 'finished') > 0 and count(*) filter (where kind = 'intended') > 0 order by min(seq)`,
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
