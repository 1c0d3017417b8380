import { iso } from '@/lib/domain/values/iso'
import { type Actor, allowance, mayIn } from '@/lib/kernel/access/access'
import { foldJob } from '@/lib/kernel/engine/fold'
import { Fault } from '@/lib/kernel/ground/errors'
import type { JobState, JournalLine, RunState } from '@/lib/kernel/ground/journal'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { type Operation, stepInSegment } from '@/lib/kernel/operation/operation'
import type { RunPolicy } from '@/lib/kernel/operation/plan'
import { uuidPattern } from '@/lib/kernel/resource/terms'
import { operationByName } from '@/lib/operations'
import type { RunLine, RunView } from '@/lib/shapes/run'
import { databaseFault, getPool } from '../pg/client'
import { lineOf } from './journal'
import { waitsOf } from './waits'

type Column = string | number | null | Date | string[] | JsonObject | RunPolicy
interface RunRow extends Record<string, Column> {
  id: string
  operation: string
  resource: string
  title: string
  state: RunState
  person_id: string | null
  actor_name: string
  reason: string
  ticket: string
  input: JsonObject
  policy: RunPolicy
  plan_id: string | null
  digest: string
  environment_ids: string[]
  jobs: number
  retry_of: string | null
  cancel_requested_by: string | null
  created_at: Date
  started_at: Date | null
  finished_at: Date | null
  deadline_at: Date | null
}

interface JobRow {
  id: string
  title: string
  resource: string
  target_id: string
  environment_id: string | null
  herd_id: string | null
  server_id: string | null
  wave: number
  state: JobState
  step: string | null
  because: string | null
  started_at: Date | null
  finished_at: Date | null
}

type LineRow = Parameters<typeof lineOf>[0] & { job_id: string; event_id: string }

const ended: readonly RunState[] = ['done', 'failed', 'cancelled']

const query = async <Row extends object>(text: string, values: unknown[]): Promise<Row[]> => {
  try {
    return (await getPool().query<Row>(text, values)).rows
  } catch (error) {
    throw databaseFault(error)
  }
}

const missing = () => new Fault('record.missing', { because: 'There is no such run, or you may not see it.' })

/** What an actor may see of a run. */
interface Sight {
  run: RunRow
  /** Of its environments, those whose jobs they may see; null: all, and jobs of no environment. The parameter of `seenJobs`. */
  seen: readonly string[] | null
}

/** For actors who may see runs in one of its environments. Throws `record.missing` otherwise. Its jobs are read through `seenJobs`: another environment's are not theirs. */
export const visibleRun = async (actor: Actor, runId: string): Promise<Sight> => {
  const allowed = allowance(actor, 'run.view')
  if (allowed === 'none' || !uuidPattern.test(runId)) throw missing()
  const seen = allowed === 'all' ? null : allowed.environmentIds
  const [run] = await query<RunRow>('select * from runs where id = $1 and ($2::uuid[] is null or environment_ids && $2::uuid[])', [
    runId,
    seen,
  ])
  if (!run) throw missing()
  return { run, seen }
}

/** Condition over jobs `j`, for a statement whose second parameter is what `visibleRun` said of the reader. */
export const seenJobs = '($2::uuid[] is null or j.environment_id = any($2::uuid[]))'

/** A run with those of its jobs that the actor may see, each folded from its journal. Throws `record.missing`. */
export const getRun = async (actor: Actor, runId: string): Promise<RunView> => {
  const { run, seen } = await visibleRun(actor, runId)
  const jobs = await query<JobRow>(`select j.* from jobs j where j.run_id = $1 and ${seenJobs} order by j.wave, j.title, j.id`, [
    runId,
    seen,
  ])
  const lines = await query<LineRow>(
    `select l.job_id, l.event_id, l.seq, l.at, l.kind, l.step, l.data from journal l join jobs j on j.id = l.job_id
     where l.run_id = $1 and ${seenJobs} and l.kind <> 'note' order by l.job_id, l.seq`,
    [runId, seen],
  )
  const waits = ended.includes(run.state) ? new Map<string, string>() : await waitsOf(runId)
  const byJob = new Map<string, JournalLine[]>(jobs.map((job) => [job.id, []]))
  for (const line of lines) byJob.get(line.job_id)?.push(lineOf(line))
  const operation = operationByName(run.operation)
  return {
    id: run.id,
    operation: run.operation,
    resource: run.resource,
    title: run.title,
    state: run.state,
    personId: run.person_id,
    actorName: run.actor_name,
    reason: run.reason,
    ticket: run.ticket,
    input: run.input,
    policy: run.policy,
    planId: run.plan_id,
    digest: run.digest,
    environmentIds: run.environment_ids.filter((id) => seen === null || seen.includes(id)),
    retryOf: run.retry_of,
    cancelRequestedBy: run.cancel_requested_by,
    createdAt: run.created_at.toISOString(),
    startedAt: iso(run.started_at),
    finishedAt: iso(run.finished_at),
    deadlineAt: iso(run.deadline_at),
    jobsHidden: seen === null ? 0 : run.jobs - jobs.length,
    jobs: jobs.map((job) => ({
      id: job.id,
      title: job.title,
      resource: job.resource,
      targetId: job.target_id,
      environmentId: job.environment_id,
      herdId: job.herd_id,
      serverId: job.server_id,
      wave: job.wave,
      state: job.state,
      step: job.step,
      because: job.because,
      waitsFor: waits.get(job.id) ?? null,
      startedAt: iso(job.started_at),
      finishedAt: iso(job.finished_at),
      fold: { ...foldJob(byJob.get(job.id)!, namesOf(operation, byJob.get(job.id)!)), state: job.state },
    })),
  }
}

/** Of the steps, in their order; those of a rolling job are known once it has looked. */
const namesOf = (operation: Operation | undefined, lines: readonly JournalLine[]): string[] => {
  if (operation === undefined) return []
  if (operation.segments === undefined) return operation.effects.map(({ name }) => name)
  const gathered = lines.find((line) => line.kind === 'gathered')
  if (gathered?.kind !== 'gathered') return []
  return operation
    .segments(gathered.facts)
    .flatMap(({ key, leftOut, operation }) => (leftOut === null ? operation.effects.map(({ name }) => stepInSegment(key, name)) : [key]))
}

/**
 * Journal lines of those jobs of a run that the actor may see, after `afterEventId` (0: from the start), in order, at most `limit`. A reader that goes on from the last one it got never misses
 * a line: lines of one run become visible in the order of their ids. Throws `record.missing`.
 */
export const readEvents = async (actor: Actor, runId: string, afterEventId: number, limit: number): Promise<RunLine[]> => {
  const { seen } = await visibleRun(actor, runId)
  const rows = await query<LineRow>(
    `select l.job_id, l.event_id, l.seq, l.at, l.kind, l.step, l.data from journal l join jobs j on j.id = l.job_id
     where l.run_id = $1 and ${seenJobs} and l.event_id > $3 order by l.event_id limit $4`,
    [runId, seen, afterEventId, limit],
  )
  return rows.map((row) => ({ eventId: Number(row.event_id), jobId: row.job_id, line: lineOf(row) }))
}

/** The run a job belongs to, for actors who may see it. Throws `record.missing`. */
export const runIdOfJob = async (actor: Actor, jobId: string): Promise<string> => {
  const [row] = await query<{ run_id: string; environment_id: string | null }>(
    'select run_id, environment_id from jobs where id::text = $1',
    [jobId],
  )
  if (!row || !mayIn(actor, 'run.view', row.environment_id)) throw missing()
  return row.run_id
}
