import { inPgTransaction } from '@/db/pg/transaction'
import { runOfPlan } from '@/db/runs/new-run'
import { findPlan, lockPlan } from '@/db/runs/plans'
import { endScheduled, getScheduled, insertScheduled, lockWaiting, scheduledOfPlan } from '@/db/runs/scheduled'
import { writeAudit } from '@/db/trail/audit'
import { parseTime } from '@/lib/domain/values/appointed-time'
import { nextOpening } from '@/lib/domain/values/maintenance-window'
import { type Actor, isOwn } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import type { Plan } from '@/lib/kernel/operation/plan'
import type { Appointment } from '@/lib/shapes/plan'
import { getPlan, knownOperation } from './ask-plan'
import { mustRunIn } from './permission'
import { auditedInputOf, hitEnvironments, titleOf } from './start-run'
import { confirmPlan } from './submit'

type Scheduled =
  | { scheduled: true; id: string /** ISO time. */; at: string }
  /** Something changed: nothing is scheduled, and this is the plan as it would be now. */
  | { scheduled: false; moved: { planId: string; plan: Plan } }

const startWithinDefault = 15
const startWithinMax = 24 * 60
const aheadDays = 90

const wrong = (path: string, message: string) => new Fault('input.invalid', { because: message, fields: [{ path, message }] })

const submittedAlready = () => new Fault('run.closed', { because: 'This plan was already submitted. Make a new one to schedule it.' })

/** When that is, of a plan whose environments are these. Throws `input.invalid`. */
export const timeOf = (at: string, plan: Pick<Plan, 'environments'>, now: Date): { at: Date; zone: string } => {
  if (at === 'window') {
    const opens = nextOpening(plan.environments, now)
    if (opens === null)
      throw wrong('at', 'No maintenance window of its environments opens within two weeks, or there is none. Give a time.')
    if (opens.getTime() === now.getTime()) throw wrong('at', 'The maintenance windows are open now. Submit it, or give a time.')
    return { at: opens, zone: 'UTC' }
  }
  const parsed = parseTime(at)
  if (typeof parsed === 'string') throw wrong('at', parsed)
  if (parsed.at.getTime() <= now.getTime()) throw wrong('at', 'This time has passed. Give one that lies ahead.')
  if (parsed.at.getTime() > now.getTime() + aheadDays * 86_400_000) throw wrong('at', `Give a time within the next ${aheadDays} days.`)
  return parsed
}

/**
 * Puts a plan that was read off to a time. Everything is asked of the person now that a submission asks, the maintenance window of that time included; then
 * a worker looks once more, and what has changed in a way that matters is not run. A plan is scheduled once: a second time answers with the first.
 * Throws as `submitRun` does, and `input.invalid` for the time.
 */
export const scheduleRun = async (actor: Actor, appointment: Appointment): Promise<Scheduled> => {
  if (actor.personId === null)
    throw new Fault('access.denied', { because: 'Only a signed-in person can schedule a run: it runs in their name.' })
  const row = await getPlan(actor, appointment.planId)
  const earlier = await scheduledOfPlan(row.id)
  if (earlier) return { scheduled: true, id: earlier.id, at: earlier.at.toISOString() }
  if (row.runId) throw submittedAlready()
  const startWithinMinutes = appointment.startWithinMinutes ?? startWithinDefault
  if (!Number.isInteger(startWithinMinutes) || startWithinMinutes < 1 || startWithinMinutes > startWithinMax)
    throw wrong('startWithinMinutes', `Give whole minutes from 1 to ${startWithinMax}.`)
  const now = new Date()
  const confirmed = await confirmPlan(actor, row, appointment, (plan) => timeOf(appointment.at, plan, now).at)
  if ('moved' in confirmed) return { scheduled: false, moved: confirmed.moved }

  const { plan } = confirmed
  const { at, zone } = timeOf(appointment.at, plan, now)
  const environmentIds = hitEnvironments(plan)
  const eligible = plan.targets.filter((target) => target.eligible)
  const { reason = '', ticket = '', isOutsideWindow = false } = appointment
  const id = await inPgTransaction(async (client, tx) => {
    await lockPlan(client, row.id)
    const other = await scheduledOfPlan(row.id, tx)
    if (other) return other.id
    // Submitted at this moment.
    if (await runOfPlan(row.id, client)) throw submittedAlready()
    const made = await insertScheduled(tx, {
      at,
      zone,
      startWithinMinutes,
      operation: plan.operation,
      resource: plan.resource,
      title: titleOf(plan),
      herdIds: [...new Set(eligible.map(({ herdId }) => herdId).filter((herdId) => herdId !== null))],
      environmentIds,
      planId: row.id,
      personId: actor.personId,
      tokenId: actor.tokenId ?? null,
      actorName: actor.name,
      reason,
      ticket,
      isOutsideWindow,
      approvedBy: plan.needsApproval ? row.approvedBy : null,
      approvedByName: plan.needsApproval ? row.approvedByName : null,
    })
    await writeAudit(tx, actor, {
      act: 'run.schedule',
      resource: 'scheduled-run',
      objectId: made,
      title: titleOf(plan),
      environmentId: environmentIds.length === 1 ? environmentIds[0]! : null,
      detail: {
        operation: plan.operation,
        input: auditedInputOf(plan),
        targets: eligible.map((target) => ({ id: target.id, title: target.title })),
        digest: plan.digest,
        planId: row.id,
        at: at.toISOString(),
        zone,
        approvedBy: plan.needsApproval ? row.approvedByName : null,
        reason,
        ticket,
        isOutsideWindow,
      },
    })
    return made
  })
  return { scheduled: true, id, at: at.toISOString() }
}

/** Cancels it. The person who scheduled it, or the very token, may always do so; others need the operation's permission. Throws `run.closed` when it does not wait any more, `access.denied`, `record.missing`. */
export const cancelScheduled = async (actor: Actor, id: string): Promise<void> => {
  const row = await getScheduled(actor, id)
  const plan = await findPlan(row.planId)
  const isTheirs = row.tokenId === null ? isOwn(actor, row.personId) : isOwn(actor, row.personId) || actor.tokenId === row.tokenId
  if (!isTheirs) mustRunIn(actor, knownOperation(row.operation), plan?.input ?? {}, row.environmentIds)
  await inPgTransaction(async (_client, tx) => {
    if (!(await lockWaiting(tx, id))) throw new Fault('run.closed', { because: 'This run is no longer waiting for its time.' })
    await endScheduled(tx, id, { state: 'cancelled', because: `Cancelled by ${actor.name}.` })
    await writeAudit(tx, actor, {
      act: 'run.unschedule',
      resource: 'scheduled-run',
      objectId: id,
      title: row.title,
      environmentId: row.environmentIds.length === 1 ? row.environmentIds[0]! : null,
    })
  })
}
