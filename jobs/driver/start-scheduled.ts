import { absentActor } from '@/db/people/actors'
import { inPgTransaction } from '@/db/pg/transaction'
import { findTargets } from '@/db/records/targets'
import { startableJobs } from '@/db/runs/claims'
import { releaseLeases, takeLease } from '@/db/runs/leases'
import { findPlan, type PlanRow } from '@/db/runs/plans'
import { dueScheduled, endScheduled, lockWaiting, type ScheduledRun, waitingScheduled } from '@/db/runs/scheduled'
import { writeAudit } from '@/db/trail/audit'
import { type Actor, systemActor } from '@/lib/kernel/access/access'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { Plan } from '@/lib/kernel/operation/plan'
import { asAgreed, type LeftOut } from '@/lib/kernel/operation/scheduled'
import { resourceByName } from '@/lib/resources'
import type { Log } from '../queue/log'
import type { Waker } from '../queue/waker'
import { keepQuestion, knownOperation, waitForPlan } from '../requests/ask-plan'
import { mustRunIn } from '../requests/permission'
import { hitEnvironments, startRun } from '../requests/start-run'
import { mustBeTime } from '../requests/submit'

export interface Starter {
  holder: string
  waker: Waker
  /** Makes the plan with this id here; never throws. */
  makePlan: (planId: string) => Promise<void>
  log: Log
}

/** Longer than any plan takes. */
const leaseTtlMs = 60_000
const planTimeoutMs = 30_000
const atOnce = 8
const namedMax = 3

/**
 * Starts what was scheduled and is due now: makes its plan again in the name of the person who scheduled it, with what they may do at this moment, and either starts
 * its run or skips it with the reason. Any number of workers may do so at once, and one that dies leaves it to the next.
 */
export const startDue = async (starter: Starter): Promise<void> => {
  const entries = (await dueScheduled()).values()
  const lane = async () => {
    for (const due of entries) await begin(starter, due)
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
}

const begin = async (starter: Starter, { id, revision, isLate }: { id: string; revision: number; isLate: boolean }): Promise<void> => {
  const token = crypto.randomUUID()
  const lease = { names: [`scheduled:${id}`], token, holder: starter.holder, reason: 'beginning what was scheduled', jobId: null }
  if ((await takeLease(lease, leaseTtlMs)) !== null) return
  try {
    const row = await waitingScheduled(id, revision)
    if (row) await (isLate ? skip(row, lateWords(row)) : tryToStart(starter, row))
  } finally {
    await inPgTransaction((client) => releaseLeases(client, [token]))
  }
}

const lateWords = ({ startWithinMinutes }: ScheduledRun): string =>
  `No worker was available to start it within ${startWithinMinutes === 1 ? 'a minute' : `${startWithinMinutes} minutes`} of its scheduled time.`

const tryToStart = async (starter: Starter, row: ScheduledRun): Promise<void> => {
  try {
    await start(starter, row)
  } catch (error) {
    // The database comes back, and then it is looked at again.
    if (isFault(error, 'database.down')) throw error
    if (!isFault(error) || error.code === 'internal.bug') starter.log.error({ scheduledId: row.id, err: error }, 'a scheduled run failed')
    await skip(row, isFault(error) ? wordsOf(error) : 'A bug in Matriarch stopped it; see the worker’s log.')
  }
}

const wordsOf = (fault: Fault): string =>
  fault.facts.because === undefined && fault.facts.fields
    ? fault.facts.fields.map(({ path, message }) => `${path}: ${message}`).join('; ')
    : fault.message

const start = async (starter: Starter, row: ScheduledRun): Promise<void> => {
  const actor = row.personId === null ? null : await absentActor(row.personId, row.tokenId)
  if (actor === null)
    throw new Fault('access.denied', {
      because: `${row.actorName} may no longer sign in, or the token it was scheduled with was revoked.`,
    })
  const read = (await findPlan(row.planId))?.plan
  if (!read) throw new Fault('plan.failed', { because: 'The confirmed plan no longer exists.' })
  const made = await planAgain(starter, actor, read)
  const { plan, leftOut } = asAgreed(read, made.plan)
  // One alone is named by the run already.
  const isAlone = leftOut.length === 1 && row.environmentIds.length === 1
  if (plan.eligible === 0) throw new Fault('plan.refused', { because: isAlone ? leftOut[0]!.because : leftOutWords(leftOut, row) })
  await mustStillHold(actor, row, read, plan)
  await submit(starter, actor, row, made.row, plan, leftOut)
}

/** For the targets that would have run and are still registered. Throws as `askForPlan` does. */
const planAgain = async (starter: Starter, actor: Actor, read: Plan): Promise<{ row: PlanRow; plan: Plan }> => {
  const ids = read.targets.filter((target) => target.eligible).map((target) => target.id)
  const registered = new Set((await findTargets(resourceByName(read.resource)!, ids)).map((target) => target.id))
  const targets = ids.filter((id) => registered.has(id))
  if (targets.length === 0) throw new Fault('plan.refused', { because: 'None of its targets is registered any more.' })
  const planId = await keepQuestion(actor, { operation: read.operation, targets, input: read.input, policy: read.policy }, null)
  await starter.makePlan(planId)
  // Another worker may have been faster.
  const row = await waitForPlan(actor, planId, { timeoutMs: planTimeoutMs })
  if (!row.plan) throw new Fault('plan.failed', { because: row.because ?? undefined })
  return { row, plan: row.plan }
}

/** The environments may ask for more than they did. */
const mustStillHold = async (actor: Actor, row: ScheduledRun, read: Plan, plan: Plan): Promise<void> => {
  if (plan.phrase !== null && read.phrase === null)
    throw new Fault('plan.phrase', { because: 'It now requires a typed phrase, which it did not when it was scheduled.' })
  mustBeTime(actor, plan, row, new Date())
  if (!plan.needsApproval) return
  if (row.approvedBy === null) throw new Fault('plan.approval', { because: 'It now requires the approval of a second person.' })
  const approver = await absentActor(row.approvedBy, null)
  if (approver === null) throw new Fault('plan.approval', { because: `${row.approvedByName}, who approved it, may no longer sign in.` })
  try {
    mustRunIn(approver, knownOperation(plan.operation), plan.input, hitEnvironments(plan))
  } catch (cause) {
    throw new Fault('plan.approval', { because: `${row.approvedByName}, who approved it, may no longer do this.` }, { cause })
  }
}

const submit = async (
  starter: Starter,
  actor: Actor,
  row: ScheduledRun,
  planRow: PlanRow,
  plan: Plan,
  leftOut: readonly LeftOut[],
): Promise<void> => {
  const runId = await inPgTransaction(async (client, tx) => {
    // Cancelled or moved at this moment, or begun by a worker that was thought to be dead.
    if (!(await lockWaiting(tx, row.id, row.revision))) return null
    const { reason, ticket, approvedByName: approvedBy, id: scheduledId } = row
    const started = await startRun(client, tx, actor, {
      row: planRow,
      plan,
      reason,
      ticket,
      approvedBy,
      idempotencyKey: `scheduled:${row.id}`,
      scheduledId,
    })
    await endScheduled(tx, row.id, { state: 'started', because: leftOut.length > 0 ? leftOutWords(leftOut, row) : null, runId: started })
    return started
  })
  if (runId !== null) await starter.waker.wakeJobs(await startableJobs([runId]))
}

const leftOutWords = (leftOut: readonly LeftOut[], { environmentIds }: Pick<ScheduledRun, 'environmentIds'>): string => {
  // Whoever may see one of its environments reads this.
  if (environmentIds.length > 1)
    return leftOut.length === 1 ? 'One of its targets was left out.' : `${leftOut.length} of its targets were left out.`
  const named = leftOut.slice(0, namedMax).map(({ title, because }) => `${title}: ${because}`)
  const more = leftOut.length > named.length ? [`and ${leftOut.length - named.length} more`] : []
  return [...named, ...more].join(' ')
}

const skip = (row: ScheduledRun, because: string): Promise<void> =>
  inPgTransaction(async (_client, tx) => {
    if (!(await lockWaiting(tx, row.id, row.revision))) return
    await endScheduled(tx, row.id, { state: 'skipped', because })
    await writeAudit(tx, systemActor, {
      act: 'run.skip',
      resource: 'scheduled-run',
      objectId: row.id,
      title: row.title,
      environmentId: row.environmentIds.length === 1 ? row.environmentIds[0]! : null,
      detail: { because, orderedBy: row.actorName, at: row.at.toISOString() },
    })
  })
