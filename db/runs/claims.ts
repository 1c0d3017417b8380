import { iso } from '@/lib/domain/values/iso'
import type { JobState } from '@/lib/kernel/ground/journal'
import type { JsonObject } from '@/lib/kernel/ground/json'
import type { RunPolicy } from '@/lib/kernel/operation/plan'
import { type PolicyJob, type Schedule, schedule } from '@/lib/kernel/operation/policy'
import { sayReservation } from '@/lib/kernel/operation/reservation'
import { operationByName } from '@/lib/operations'
import { getPool } from '../pg/client'
import { inPgTransaction, type Queryable } from '../pg/transaction'
import { type Append, appendWith } from './journal'
import { type HeldLease, type LeaseRequest, releaseLeases, takeLeases } from './leases'
import { reservationsOf } from './reservations'
import { settleRuns } from './run-state'

/** A job that its caller drives from now on, as long as it renews `token`. */
export interface Claim {
  jobId: string
  runId: string
  operation: string
  targetId: string
  title: string
  input: JsonObject
  digest: string
  token: string
  /** Leases that the token holds: the job's own and its locks. */
  leases: number
  cancelRequestedBy: string | null
  /** ISO; null: none, or a person has decided meanwhile that the job goes on. */
  deadlineAt: string | null
}

interface RunRow {
  id: string
  operation: string
  title: string
  input: JsonObject
  policy: RunPolicy
  actor_name: string
  cancel_requested_by: string | null
  deadline_at: Date | null
  is_past_deadline: boolean
}

interface JobRow {
  id: string
  run_id: string
  target_id: string
  title: string
  state: JobState
  wave: number
  herd_id: string | null
  server_id: string | null
  locks: string[]
  digest: string
  last_seq: number
  because: string | null
  is_held: boolean
}

const selectRuns = `select id, operation, title, input, policy, actor_name, cancel_requested_by, deadline_at,
  deadline_at is not null and deadline_at <= clock_timestamp() as is_past_deadline from runs where id = any($1)`
const selectJobs = `select j.id, j.run_id, j.target_id, j.title, j.state, j.wave, j.herd_id, j.server_id, j.locks, j.digest, j.last_seq, j.because,
    l.name is not null as is_held
  from jobs j left join leases l on l.name = 'job:' || j.id and l.expires_at > clock_timestamp()
  where j.run_id = any($1) order by j.id`

const policyJob = (row: JobRow): PolicyJob => ({
  id: row.id,
  title: row.title,
  state: row.state,
  wave: row.wave,
  herdId: row.herd_id,
  serverId: row.server_id,
  locks: row.locks,
  isHeld: row.is_held,
})

const scheduleOf = (run: RunRow, jobs: readonly JobRow[]): Schedule =>
  schedule(jobs.map(policyJob), run.policy, { cancelRequestedBy: run.cancel_requested_by, isPastDeadline: run.is_past_deadline })

/**
 * Takes jobs of one run for a driver: those of `jobIds` that the run's policy lets start now and whose leases are free. What may not start stays waiting
 * with the reason on it, and the holder's name where somebody holds its herd; what will never start is closed. Other jobs of the run are not taken.
 */
export const claimJobs = (runId: string, jobIds: readonly string[], driver: { holder: string; ttlMs: number }): Promise<Claim[]> =>
  inPgTransaction(async (client) => {
    await client.query('select 1 from runs where id = $1 for update', [runId])
    const run = (await client.query<RunRow>(selectRuns, [[runId]])).rows[0]
    if (!run) return []
    const jobs = (await client.query<JobRow>(selectJobs, [[runId]])).rows
    const plan = scheduleOf(run, jobs)
    const byId = new Map(jobs.map((job) => [job.id, job]))
    await closeNeverStarted(client, run, plan, byId)

    const start = plan.start.filter((id) => jobIds.includes(id)).map((id) => byId.get(id)!)
    const wishes = start.map((job): LeaseRequest & { job: JobRow } => ({
      job,
      names: [`job:${job.id}`, ...job.locks],
      token: crypto.randomUUID(),
      holder: driver.holder,
      reason: `${run.operation} of ${job.title} (${run.actor_name})`,
      jobId: job.id,
    }))
    const overtakesWaiting = operationByName(run.operation)?.overtakesWaiting ?? false
    // What an open job has reserved is taken by nobody else, whether a driver holds it now or not; nor do two of one call share a lock then.
    const reservations = await reservationsOf(
      client,
      wishes.map(({ job }) => ({ jobId: job.id, names: job.locks, overtakesWaiting })),
    )
    const requests = wishes.filter((_, index) => reservations[index] === null)
    for (const [index, { job }] of wishes.entries()) {
      const reservation = reservations[index]
      if (reservation) plan.wait.set(job.id, `Waits: the ${reservation.name.split(':')[0]} is ${sayReservation(reservation)}.`)
    }
    const refused = await takeLeases(client, requests, driver.ttlMs)
    for (const { token, job } of requests) {
      const other = refused.get(token)
      if (other) plan.wait.set(job.id, whyHeld(other))
    }
    const taken = requests.filter(({ token }) => !refused.has(token))
    await client.query(
      `update jobs set state = 'running', because = null, started_at = coalesce(started_at, clock_timestamp()) where id = any($1) and state = 'waiting'`,
      [taken.map(({ job }) => job.id)],
    )
    const decided = await client.query<{ job_id: string }>(
      `select distinct job_id from journal where job_id = any($1) and kind = 'decided'`,
      [taken.map(({ job }) => job.id)],
    )
    const isDecided = new Set(decided.rows.map((row) => row.job_id))
    const hasNews = await explainWaiting(client, plan, byId)
    if (hasNews || taken.length > 0 || plan.close.length > 0) await settleRuns(client, [runId])
    return taken.map(({ job, token, names }) => ({
      jobId: job.id,
      runId,
      operation: run.operation,
      targetId: job.target_id,
      title: job.title,
      input: run.input,
      digest: job.digest,
      token,
      leases: names.length,
      cancelRequestedBy: run.cancel_requested_by,
      deadlineAt: isDecided.has(job.id) ? null : iso(run.deadline_at),
    }))
  })

const whyHeld = (lease: HeldLease): string => {
  if (lease.name.startsWith('job:')) return `Waits: ${lease.holder} still holds it.`
  const what = `Waits: the ${lease.name.split(':')[0]}`
  if (lease.owner === null) return `${what} is held by ${lease.reason}, driven by ${lease.holder}.`
  return `${what} is locked by ${lease.owner}, from ${lease.holder}: ${lease.reason}.`
}

const explainWaiting = async (client: Queryable, plan: Schedule, jobs: ReadonlyMap<string, JobRow>): Promise<boolean> => {
  const changed = [...plan.wait].filter(([id, because]) => jobs.get(id)?.because !== because && jobs.get(id)?.state === 'waiting')
  if (changed.length === 0) return false
  await client.query('update jobs j set because = w.because from unnest($1::uuid[], $2::text[]) as w (id, because) where j.id = w.id', [
    changed.map(([id]) => id),
    changed.map(([, because]) => because),
  ])
  return true
}

const closeNeverStarted = async (client: Queryable, run: RunRow, plan: Schedule, jobs: ReadonlyMap<string, JobRow>): Promise<void> => {
  const appends = plan.close.map(
    ({ id, because }): Append => ({
      runId: run.id,
      jobId: id,
      token: null,
      firstSeq: jobs.get(id)!.last_seq + 1,
      entries: [{ kind: 'closed', outcome: 'cancelled', because }],
    }),
  )
  // A fault here means that somebody holds it after all: it is closed when the run is looked at next.
  if (appends.length > 0) await appendWith(client, appends)
}

/** Closes what will never start in this run: after a cancel, a stop or a passed deadline. The caller holds the run's row locked. */
export const closeStopped = async (client: Queryable, runId: string): Promise<void> => {
  const run = (await client.query<RunRow>(selectRuns, [[runId]])).rows[0]
  if (!run) return
  const jobs = (await client.query<JobRow>(selectJobs, [[runId]])).rows
  await closeNeverStarted(client, run, scheduleOf(run, jobs), new Map(jobs.map((job) => [job.id, job])))
}

/**
 * Gives back the leases of jobs that their driver leaves. Answers the jobs of any run that may go on because of it: wake them. Those that could have
 * started before were woken before.
 */
export const releaseJobs = async (left: readonly Pick<Claim, 'runId' | 'jobId' | 'token'>[]): Promise<string[]> => {
  const runIds = [...new Set(left.map(({ runId }) => runId))]
  const names = await inPgTransaction((client) =>
    releaseLeases(
      client,
      left.map(({ token }) => token),
    ),
  )
  const others = await jobsWaitingFor(
    names.filter((name) => !name.startsWith('job:')),
    runIds,
  )
  const leftIds = new Set(left.map(({ jobId }) => jobId))
  return [...(await startableJobs(runIds, leftIds)), ...others]
}

/** Jobs that have not started and need one of these leases; those of `besides` are left out. */
export const jobsWaitingFor = async (locks: readonly string[], besides: readonly string[] = []): Promise<string[]> => {
  const { rows } = await getPool().query<{ id: string }>(
    `select id from jobs where state = 'waiting' and locks && $1::text[] and run_id <> all($2::uuid[])`,
    [locks, besides],
  )
  return rows.map((row) => row.id)
}

/**
 * Jobs of these runs that a driver may take now, found without any lock: taking one checks again. `left` narrows it to those that could not start
 * while these jobs were driven. Closes what will never start.
 */
export const startableJobs = async (runIds: readonly string[], left?: ReadonlySet<string>): Promise<string[]> => {
  const runs = (await getPool().query<RunRow>(selectRuns, [runIds])).rows
  const jobs = (await getPool().query<JobRow>(selectJobs, [runIds])).rows
  const start: string[] = []
  for (const run of runs) {
    const own = jobs.filter((job) => job.run_id === run.id)
    const plan = scheduleOf(run, own)
    const driven = own.map((job): JobRow => (left?.has(job.id) ? { ...job, state: 'running', is_held: true } : job))
    const before = new Set(left ? scheduleOf(run, driven).start : [])
    start.push(...plan.start.filter((id) => !before.has(id)))
    if (plan.close.length > 0)
      await inPgTransaction(async (client) => {
        await client.query('select 1 from runs where id = $1 for update', [run.id])
        await closeStopped(client, run.id)
      })
  }
  return start
}

/** Runs with jobs that have not ended, oldest first. */
export const openRuns = async (): Promise<string[]> => {
  const { rows } = await getPool().query<{ run_id: string }>(
    `select j.run_id from jobs j join runs r on r.id = j.run_id where j.state in ('waiting', 'running') group by j.run_id, r.created_at order by r.created_at`,
  )
  return rows.map((row) => row.run_id)
}

/** The jobs by their run, runs sorted; jobs that are gone are left out. */
export const runsOfJobs = async (jobIds: readonly string[]): Promise<Map<string, string[]>> => {
  const { rows } = await getPool().query<{ run_id: string; ids: string[] }>(
    'select run_id, array_agg(id::text) as ids from jobs where id = any($1) group by run_id order by run_id',
    [jobIds],
  )
  return new Map(rows.map((row) => [row.run_id, row.ids]))
}
