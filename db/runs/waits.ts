import type { JobState } from '@/lib/kernel/ground/journal'
import { sayReservation } from '@/lib/kernel/operation/reservation'
import { operationByName } from '@/lib/operations'
import { databaseFault, getPool } from '../pg/client'
import { inPgTransaction } from '../pg/transaction'
import { reservationsOf } from './reservations'
import { seenWithin } from './workers'

interface OpenJob {
  id: string
  state: JobState
  because: string | null
  /** Of the job's lease, whether it is in force or not; null: nobody has one. */
  holder: string | null
  /** Until the lease ends; 0 or less: it has. */
  seconds: number | null
  /** Since the holder last said that it lives, by the register of workers; null: it is not in it. */
  silentSeconds: number | null
  workers: number
  /** Since it was submitted. */
  ageSeconds: number
}

/** A job that was submitted just now is on its way. */
const onItsWaySeconds = 3
/** A driver renews its lease of 15 s every 4 s, and says that it lives every 5 s: one that has done neither for so long is gone, or cannot reach the database. */
const silentSeconds = 6
const leaseSecondsFew = 9

const isGone = (job: OpenJob): boolean =>
  job.seconds === null || job.seconds <= 0 || (job.seconds < leaseSecondsFew && (job.silentSeconds ?? silentSeconds) >= silentSeconds)

const nobody = 'No worker is running: it continues once one is started.'

/** What a job waits for, as a sentence; null: it goes on. Exported for its test. */
export const sayWait = (job: OpenJob): string | null => {
  if (job.state === 'waiting') {
    if (job.because !== null || job.workers === 0) return job.because ?? nobody
    return job.ageSeconds < onItsWaySeconds ? null : 'Waits for a worker.'
  }
  if (job.state !== 'running' || !isGone(job)) return null
  const lost = job.holder === null ? 'No worker drives it.' : `Its worker ${job.holder} is gone.`
  if (job.workers === 0) return `${lost} ${nobody}`
  const seconds = Math.ceil(job.seconds ?? 0)
  return seconds > 0 ? `${lost} Another takes over in ${seconds} s.` : `${lost} Another takes over now.`
}

/** What each open job of a run waits for at this moment, by its id; jobs that go on are left out. The caller has shown that the actor may see the run. */
export const waitsOf = async (runId: string): Promise<Map<string, string>> => {
  try {
    const { rows } = await getPool().query<OpenJob>(
      `select j.id, j.state, j.because, l.holder, extract(epoch from l.expires_at - clock_timestamp())::float8 as seconds,
         (select extract(epoch from clock_timestamp() - max(w.seen_at))::float8 from workers w where w.host || ':' || w.pid = l.holder) as "silentSeconds",
         (select count(*)::int from workers where ${seenWithin}) as workers,
         extract(epoch from clock_timestamp() - j.created_at)::float8 as "ageSeconds"
       from jobs j left join leases l on l.name = 'job:' || j.id
       where j.run_id = $1 and j.state in ('waiting', 'running')`,
      [runId],
    )
    return new Map(
      rows.flatMap((job): [string, string][] => {
        const words = sayWait(job)
        return words === null ? [] : [[job.id, words]]
      }),
    )
  } catch (error) {
    throw databaseFault(error)
  }
}

/** Who is in the way of a job of this operation at each of these locks now, as a sentence by its name; those that it could take are left out. */
export const holdersOf = async (operation: string, locks: readonly string[]): Promise<Map<string, string>> => {
  if (locks.length === 0) return new Map()
  const overtakesWaiting = operationByName(operation)?.overtakesWaiting ?? false
  try {
    const { rows } = await getPool().query<{ name: string; owner: string | null; holder: string; reason: string }>(
      'select name, owner, holder, reason from leases where name = any($1) and expires_at > clock_timestamp()',
      [locks],
    )
    const reserved = await inPgTransaction((client) =>
      reservationsOf(
        client,
        locks.map((name) => ({ names: [name], jobId: null, overtakesWaiting })),
      ),
    )
    const kindOf = (name: string): string => name.split(':')[0]!
    return new Map([
      ...reserved.flatMap((one): [string, string][] => (one ? [[one.name, `the ${kindOf(one.name)} is ${sayReservation(one)}.`]] : [])),
      ...rows.map(({ name, owner, holder, reason }): [string, string] => [
        name,
        owner === null
          ? `the ${kindOf(name)} is held by ${reason}, driven by ${holder}.`
          : `the ${kindOf(name)} is locked by ${owner}, from ${holder}: ${reason}.`,
      ]),
    ])
  } catch (error) {
    throw databaseFault(error)
  }
}
