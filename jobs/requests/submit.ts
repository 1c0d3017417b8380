import { notify, type Tx } from '@/db/pg/client'
import { inPgTransaction } from '@/db/pg/transaction'
import { startableJobs } from '@/db/runs/claims'
import { runByKey, runOfPlan } from '@/db/runs/new-run'
import { findPlan, lockPlan, notePlanApproval, type PlanRow } from '@/db/runs/plans'
import { approveWaiting, scheduledOfPlan } from '@/db/runs/scheduled'
import { writeAudit } from '@/db/trail/audit'
import { utcMinute } from '@/lib/domain/values/iso'
import { closedAt } from '@/lib/domain/values/maintenance-window'
import { type Actor, mayIn } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import type { Plan } from '@/lib/kernel/operation/plan'
import type { Submission } from '@/lib/shapes/plan'
import { getWaker } from '../queue/location'
import { askAgain, getPlan, knownOperation, waitForPlan } from './ask-plan'
import { mustRun, mustRunIn } from './permission'
import { hitEnvironments, startRun } from './start-run'

export type Submitted =
  | { submitted: true; runId: string /** A sentence when the run waits for something unusual: the queue is down. */; notice: string | null }
  /** Something changed: nothing has run, and this is the plan as it would be now. */
  | { submitted: false; moved: { planId: string; plan: Plan } }

/** An approval is for what was read, and for an hour. */
const approvalMs = 60 * 60_000
const lookAgainMs = 30_000

const ownKey = (actor: Actor, key: string): string => `${actor.tokenId ?? actor.personId ?? actor.name}:${key}`

/**
 * Submits a plan that was read. A worker looks again first: when the digest is another one now, nothing runs and the new plan is answered.
 * A plan is submitted once: a second time, or with the same idempotency key, answers with its run. Nor is one submitted that waits for its time.
 * Throws `auth.proof` where a person answers for something and has not just proved who they are, `run.closed` for that, `access.denied`, `plan.phrase`, `plan.approval`, `plan.window`, `plan.refused` (no target passes), `plan.failed`, `worker.absent`, `record.missing`.
 */
export const submitRun = async (actor: Actor, submission: Submission): Promise<Submitted> => {
  const key = submission.idempotencyKey ? ownKey(actor, submission.idempotencyKey) : null
  const earlier = key === null ? null : await runByKey(key)
  if (earlier) return { submitted: true, runId: earlier, notice: null }

  const row = await getPlan(actor, submission.planId)
  const other = row.runId ?? (await runOfAppointment(row.id))
  if (other) return { submitted: true, runId: other, notice: null }
  const now = () => new Date()
  const confirmed = await confirmPlan(actor, row, submission, now)
  return 'moved' in confirmed ? { submitted: false, moved: confirmed.moved } : create(actor, row, confirmed.plan, submission, key)
}

/** The run that a plan's appointment has started; null: it has none, or that came to nothing. What was agreed to once runs once: throws `run.closed` while it waits for its time. */
const runOfAppointment = async (planId: string, tx?: Tx): Promise<string | null> => {
  const appointed = await scheduledOfPlan(planId, tx)
  if (appointed?.state === 'waiting')
    throw new Fault('run.closed', {
      because: `This plan is scheduled for ${utcMinute(appointed.at)}. Cancel that first, or make a new plan.`,
    })
  return appointed?.runId ?? null
}

/** What a person must have done and may do for this plan to run at `at`, asked before and after a worker has looked once more. Throws as `submitRun` does. */
export const confirmPlan = async (
  actor: Actor,
  row: PlanRow,
  submission: Submission,
  at: (plan: Plan) => Date,
): Promise<{ plan: Plan } | { moved: { planId: string; plan: Plan } }> => {
  if (row.state !== 'ready' || !row.plan) throw new Fault('plan.failed', { because: row.because ?? 'The plan is still being made.' })
  if (row.digest !== submission.digest) return { moved: { planId: row.id, plan: row.plan } }
  mustRunPlan(actor, row.plan)
  mustBeProved(actor, row.plan)
  mustBeReady(actor, row, row.plan, submission)
  mustBeTime(actor, row.plan, submission, at(row.plan))

  const again = await lookAgain(actor, row)
  if (again.plan.digest !== submission.digest) return { moved: again }
  // What is asked of a person follows the environments as they are now.
  mustBeReady(actor, row, again.plan, submission)
  mustBeTime(actor, again.plan, submission, at(again.plan))
  return { plan: again.plan }
}

/** Breaking the glass: a person answers for what the console cannot know, with words of theirs (`Override.input`). A session left open must not. */
const mustBeProved = (actor: Actor, { input: { override } }: Plan): void => {
  if (actor.isProofStale === true && typeof override === 'string' && override.trim() !== '') throw new Fault('auth.proof')
}

const mustRunPlan = (actor: Actor, plan: Plan): void => {
  const eligible = plan.targets.filter((target) => target.eligible)
  if (eligible.length === 0) throw new Fault('plan.refused')
  mustRun(actor, knownOperation(plan.operation), plan.input, eligible)
}

const mustBeReady = (actor: Actor, row: PlanRow, plan: Plan, { phrase }: Submission): void => {
  if (plan.phrase !== null && (phrase ?? '').trim() !== plan.phrase)
    throw new Fault('plan.phrase', {
      because: `Type “${plan.phrase}” to confirm.`,
      fields: [{ path: 'phrase', message: `Type “${plan.phrase}”.` }],
      phrase: plan.phrase,
    })
  if (!plan.needsApproval) return
  if (row.approvedBy === null || row.approvedAt === null) throw new Fault('plan.approval')
  if (row.approvedBy === actor.personId || row.approvedBy === row.personId)
    throw new Fault('plan.approval', { because: 'The approver must be somebody other than the person who asks or submits.' })
  if (Date.now() - row.approvedAt.getTime() > approvalMs)
    throw new Fault('plan.approval', { because: `The approval by ${row.approvedByName} is more than an hour old. Ask for it again.` })
}

/** Disruptive work waits for its window, or a person who may answers for it with a reason. Throws `plan.window`, `access.denied`, `input.invalid`. */
export const mustBeTime = (
  actor: Actor,
  plan: Plan,
  { isOutsideWindow, reason }: Pick<Submission, 'isOutsideWindow' | 'reason'>,
  at: Date,
): void => {
  const closed = plan.isDisruptive ? closedAt(plan.environments, at) : []
  if (closed.length === 0) return
  const [{ environment, opensAt }] = closed as [(typeof closed)[number]]
  const words = `${environment.name} accepts disruptive work ${environment.maintenanceWindows.join(', ')} only`
  const next = opensAt === null ? '' : `; it opens next at ${utcMinute(opensAt)}`
  if (isOutsideWindow !== true)
    throw new Fault('plan.window', {
      because: `${words}${next}. Submit it then, or say that it must run outside the window, with a reason.`,
      fields: [{ path: 'isOutsideWindow', message: `No window of ${environment.name} is open.` }],
    })
  const denied = closed.find((one) => !mayIn(actor, 'run.outside-window', one.environment.id))
  if (denied)
    throw new Fault('access.denied', {
      because: `${words}${next}. Running outside it needs the permission run.outside-window in ${denied.environment.name}.`,
    })
  if ((reason ?? '').trim() === '')
    throw new Fault('input.invalid', { fields: [{ path: 'reason', message: 'Say why it must run outside the maintenance window.' }] })
}

const lookAgain = async (actor: Actor, row: PlanRow): Promise<{ planId: string; plan: Plan }> => {
  const { planId } = await askAgain(
    actor,
    { operation: row.operation, targets: row.targets, input: row.input, policy: row.policy },
    row.retryOf,
  )
  const made = await waitForPlan(actor, planId, { timeoutMs: lookAgainMs })
  if (!made.plan) throw new Fault('plan.failed', { because: made.because ?? undefined })
  return { planId, plan: made.plan }
}

const create = async (actor: Actor, row: PlanRow, plan: Plan, submission: Submission, key: string | null): Promise<Submitted> => {
  const created = await inPgTransaction(async (client, tx) => {
    // Two that submit the same plan at once: the second one waits here and then finds the run of the first.
    await lockPlan(client, row.id)
    const other =
      (await runOfPlan(row.id, client)) ?? (key === null ? null : await runByKey(key, client)) ?? (await runOfAppointment(row.id, tx))
    if (other) return { runId: other, isNew: false }
    const { reason = '', ticket = '' } = submission
    const runId = await startRun(client, tx, actor, { row, plan, reason, ticket, approvedBy: row.approvedByName, idempotencyKey: key })
    return { runId, isNew: true }
  })
  if (!created.isNew) return { submitted: true, runId: created.runId, notice: null }
  const isHeard = await getWaker().wakeJobs(await startableJobs([created.runId]))
  return {
    submitted: true,
    runId: created.runId,
    notice: isHeard ? null : 'The queue does not answer. The run is kept, and a worker finds it within seconds.',
  }
}

/**
 * Approval by a second person, for the plan with this very digest, and where it waits for its time, for that time. Throws `plan.moved` when either is another
 * one, `access.denied` when the approver may not run it or is an API token, `plan.approval` when the approver is who asked or who chose the time.
 */
export const approvePlan = async (actor: Actor, planId: string, digest: string, at?: string): Promise<void> => {
  await getPlan(actor, planId)
  if (actor.kind === 'token')
    throw new Fault('access.denied', {
      because: 'Only a person who is signed in approves a plan, never an API token. Open its page and sign in.',
    })
  await inPgTransaction(async (client, tx) => {
    await lockPlan(client, planId)
    const row = await findPlan(planId)
    if (!row?.plan || row.digest !== digest)
      throw new Fault('plan.moved', { because: 'This is not the plan you reviewed. Review it again.' })
    const environmentIds = hitEnvironments(row.plan)
    mustRunIn(actor, knownOperation(row.operation), row.input, environmentIds)
    if (actor.personId === null || actor.personId === row.personId)
      throw new Fault('plan.approval', { because: 'The approver must be somebody other than the person who asked for the plan.' })
    const by = { personId: actor.personId, name: actor.name }
    await notePlanApproval(client, planId, by)
    const waiting = await approveWaiting(tx, planId, by)
    if (waiting?.movers.includes(actor.personId))
      throw new Fault('plan.approval', { because: 'The approver must be somebody other than the person who chose the time.' })
    if (waiting && waiting.at.getTime() !== Date.parse(at ?? ''))
      throw new Fault('plan.moved', {
        because: `This plan is scheduled for ${utcMinute(waiting.at)}. Review it, and approve it for that time.`,
      })
    await notify(tx, 'plans', planId)
    await writeAudit(tx, actor, {
      act: 'plan.approve',
      resource: 'run',
      title: row.plan.title,
      environmentId: environmentIds.length === 1 ? environmentIds[0]! : null,
      detail: {
        planId,
        digest,
        operation: row.operation,
        askedBy: row.actorName,
        targets: row.plan.eligible,
        ...(waiting ? { at: waiting.at.toISOString() } : {}),
      },
    })
  })
}
