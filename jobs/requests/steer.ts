import { notify } from '@/db/pg/client'
import { inPgTransaction } from '@/db/pg/transaction'
import { closeStopped } from '@/db/runs/claims'
import { appendWith } from '@/db/runs/journal'
import { breakLease, dropLease } from '@/db/runs/leases'
import { settleRuns } from '@/db/runs/run-state'
import { getRun, runIdOfJob, visibleRun } from '@/db/runs/runs'
import { lockJob, lockRun, noteCancel, stateOfRun } from '@/db/runs/steering'
import { writeAudit } from '@/db/trail/audit'
import { type Actor, mayIn } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import type { Decision, JobState, RunState } from '@/lib/kernel/ground/journal'
import type { RunView } from '@/lib/shapes/run'
import { getWaker } from '../queue/location'
import { askForPlan, knownOperation } from './ask-plan'
import { mustRunIn } from './permission'
import { untilNews } from './until-news'

const endedRuns: readonly RunState[] = ['done', 'failed', 'cancelled']

const steerable = async (actor: Actor, runId: string): Promise<RunView> => {
  const { run } = await visibleRun(actor, runId)
  mustRunIn(actor, knownOperation(run.operation), run.input, run.environment_ids)
  return getRun(actor, runId)
}

const audited = (run: RunView) => ({
  resource: 'run',
  objectId: run.id,
  title: run.title,
  environmentId: run.environmentIds.length === 1 ? run.environmentIds[0]! : null,
})

/**
 * Targets that have not started never will; those that run stop at their next safe point and run their endings. Asking again changes nothing.
 * Throws `run.closed` when it has ended, `access.denied`, `record.missing`.
 */
export const cancelRun = async (actor: Actor, runId: string): Promise<void> => {
  const run = await steerable(actor, runId)
  await inPgTransaction(async (client, tx) => {
    const { state, cancelled } = await lockRun(client, runId)
    if (endedRuns.includes(state)) throw new Fault('run.closed')
    if (cancelled) return
    await noteCancel(client, runId, actor.name)
    await closeStopped(client, runId)
    await settleRuns(client, [runId])
    await notify(tx, 'runs', runId)
    await writeAudit(tx, actor, { act: 'run.cancel', ...audited(run) })
  })
}

/**
 * A person's answer to a job that needs attention: `resume` (the open step is checked again first) or `abandon` (clean-up runs, the job is closed).
 * Throws `run.closed` when the job does not wait for an answer (any more), `access.denied`, `record.missing`.
 */
export const resumeJob = async (actor: Actor, jobId: string, decision: Decision): Promise<void> => {
  const runId = await runIdOfJob(actor, jobId)
  const run = await steerable(actor, runId)
  await inPgTransaction(async (client, tx) => {
    await lockRun(client, runId)
    const job = await lockJob(client, jobId)
    if (job?.state !== 'attention') throw new Fault('run.closed', { because: 'This job is no longer waiting for a decision.' })
    // Its driver has written its question and is about to let go: what it held is of no use to it now.
    await dropLease(client, `job:${jobId}`)
    const [fault] = await appendWith(client, [
      { runId, jobId, token: null, firstSeq: job.lastSeq + 1, entries: [{ kind: 'decided', decision, by: actor.name }] },
    ])
    if (fault) throw fault
    await writeAudit(tx, actor, { act: 'run.decide', ...audited(run), detail: { jobId, target: job.title, decision } })
  })
  await getWaker().wakeJobs([jobId])
}

/**
 * A new plan for the targets of a run that did not end well: failed, undone or refused, and with `withCancelled` those that were cancelled or never
 * started too. Throws `plan.refused` when there are none, `record.missing`, `access.denied`.
 */
export const retryFailed = async (actor: Actor, runId: string, options: { withCancelled?: boolean } = {}): Promise<{ planId: string }> => {
  const run = await steerable(actor, runId)
  const states: JobState[] = ['failed', 'undone', 'refused', ...(options.withCancelled ? (['cancelled'] as const) : [])]
  const targets = run.jobs.filter((job) => states.includes(job.state)).map((job) => job.targetId)
  if (targets.length === 0) throw new Fault('plan.refused', { because: 'No target of this run has failed.' })
  return askForPlan(actor, { operation: run.operation, targets, input: run.input, policy: run.policy }, runId)
}

/** Takes a lease from its holder; administrators only. The job stays open and is taken up again. Throws `record.missing` when nobody holds it. */
export const releaseLease = async (actor: Actor, name: string): Promise<void> => {
  if (!mayIn(actor, 'setting.change', null)) throw new Fault('access.denied', { because: 'Only an administrator may release a lease.' })
  await inPgTransaction(async (client, tx) => {
    const lease = await breakLease(client, name)
    await writeAudit(tx, actor, {
      act: 'lease.release',
      title: name,
      detail: { holder: lease.holder, reason: lease.reason, jobId: lease.jobId },
    })
  })
}

/** Waits until the run has ended or needs attention. Throws `worker.absent` after `timeoutMs`, and the signal's reason when it aborts. */
export const waitForRun = async (actor: Actor, runId: string, options: { timeoutMs: number; signal?: AbortSignal }): Promise<RunView> => {
  const deadline = Date.now() + options.timeoutMs
  await untilNews({ channel: 'runs', of: runId, signal: options.signal }, async () => {
    const state = await stateOfRun(runId)
    if (state === undefined || state === 'attention' || endedRuns.includes(state)) return true
    if (Date.now() > deadline) throw new Fault('worker.absent', { because: `The run had not ended after ${options.timeoutMs / 1000} s.` })
    return undefined
  })
  return getRun(actor, runId)
}
