import { absentActor } from '@/db/people/actors'
import { notify } from '@/db/pg/client'
import { inPgTransaction } from '@/db/pg/transaction'
import { askApprovalAgain, findPlan, lockPlan, planEnvironments } from '@/db/runs/plans'
import { getScheduled, lockWaiting, moveWaiting, type ScheduledRun } from '@/db/runs/scheduled'
import { writeAudit } from '@/db/trail/audit'
import { writeChange } from '@/db/trail/changes'
import { utcMinute } from '@/lib/domain/values/iso'
import type { Actor } from '@/lib/kernel/access/access'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { Json } from '@/lib/kernel/ground/json'
import type { Plan } from '@/lib/kernel/operation/plan'
import type { ScheduledMove } from '@/lib/shapes/plan'
import { knownOperation } from './ask-plan'
import { mustRunIn } from './permission'
import { timeOf } from './schedule-run'
import { mustBeTime } from './submit'

export interface Moved {
  id: string
  /** ISO time. */
  at: string
  revision: number
}

/**
 * Lets a scheduled run wait for another time. The time is judged as when it was scheduled, by the maintenance windows as they are now, for the person who moves
 * it and for the one in whose name it runs. The plan that was read stays, and is made again at the new time; an
 * approval was for the old time, so it is asked for again. Throws `input.invalid`, `plan.window`,
 * `access.denied`, `record.missing`, `record.conflict` when somebody moved it meanwhile, `run.closed` when it does not wait any more.
 */
export const moveScheduled = async (actor: Actor, id: string, move: ScheduledMove): Promise<Moved> => {
  if (actor.personId === null) throw new Fault('access.denied', { because: 'Only a signed-in person can reschedule a run.' })
  const row = await getScheduled(actor, id)
  const plan = await currentPlan(row)
  const { at, zone } = timeOf(move.at, plan, new Date())
  const isOutsideWindow = move.isOutsideWindow === true
  const reason = (move.reason ?? '').trim() === '' ? row.reason : move.reason!.trim()
  for (const who of [actor, ...(await ordererOf(actor, row))])
    inTheirName(actor, who, () => {
      mustRunIn(who, knownOperation(row.operation), plan.input, row.environmentIds)
      mustBeTime(who, plan, { isOutsideWindow, reason }, at)
    })

  return inPgTransaction(async (client, tx) => {
    // Before its appointment: an approval takes the two in this order.
    await lockPlan(client, row.planId)
    const now = await lockWaiting(tx, id)
    if (!now) throw new Fault('run.closed', { because: 'This run is no longer waiting for its time.' })
    if (now.revision !== move.revision)
      throw new Fault('record.conflict', {
        because: `Somebody moved it meanwhile, to ${utcMinute(now.at)}. Nothing was changed; review it again.`,
        current: { at: now.at.toISOString() },
        revision: now.revision,
      })
    const fields = movedFields(now, { at, isOutsideWindow })
    if (Object.keys(fields).length === 0) return { id, at: at.toISOString(), revision: now.revision }
    const revision = await moveWaiting(tx, id, { at, zone, reason, isOutsideWindow })
    const loses = now.approvedBy !== null
    if (loses) {
      await askApprovalAgain(client, row.planId)
      await notify(tx, 'plans', row.planId)
    }
    const environmentId = row.environmentIds.length === 1 ? row.environmentIds[0]! : null
    await writeChange(tx, actor, { resource: 'scheduled-run', objectId: id, title: row.title, act: 'change', environmentId, fields })
    await writeAudit(tx, actor, {
      act: 'run.reschedule',
      resource: 'scheduled-run',
      objectId: id,
      title: row.title,
      environmentId,
      detail: {
        operation: row.operation,
        from: now.at.toISOString(),
        at: at.toISOString(),
        zone,
        orderedBy: row.actorName,
        reason,
        isOutsideWindow,
        ...(loses ? { approvalGone: now.approvedByName } : {}),
      },
    })
    return { id, at: at.toISOString(), revision }
  })
}

/** Before and after. */
const movedFields = (was: Pick<ScheduledRun, 'at' | 'isOutsideWindow'>, is: typeof was): Record<string, [Json, Json]> => ({
  ...(was.at.getTime() === is.at.getTime() ? {} : { at: [was.at.toISOString(), is.at.toISOString()] }),
  ...(was.isOutsideWindow === is.isOutsideWindow ? {} : { isOutsideWindow: [was.isOutsideWindow, is.isOutsideWindow] }),
})

/** The plan that was read, with the maintenance windows of its environments as they are now. */
const currentPlan = async (row: ScheduledRun): Promise<Plan> => {
  const plan = (await findPlan(row.planId))?.plan
  if (!plan) throw new Fault('plan.failed', { because: 'The confirmed plan no longer exists. Cancel the run, and plan it again.' })
  const targets = new Map(plan.environments.map((environment) => [environment.id, environment.targets]))
  const environments = await planEnvironments(row.environmentIds)
  return { ...plan, environments: environments.map((environment) => ({ ...environment, targets: targets.get(environment.id) ?? 1 })) }
}

/** Who ordered it, where that is somebody else. Throws `access.denied` when they may not sign in any more. */
const ordererOf = async (actor: Actor, row: ScheduledRun): Promise<Actor[]> => {
  if (row.personId === null || (row.personId === actor.personId && row.tokenId === (actor.tokenId ?? null))) return []
  const orderer = await absentActor(row.personId, row.tokenId)
  if (orderer === null)
    throw new Fault('access.denied', {
      because: `It runs in the name of ${row.actorName}, who may no longer sign in, or whose token was revoked. Cancel it, and plan it yourself.`,
    })
  return [orderer]
}

/** What another person may not do is said of them. */
const inTheirName = (actor: Actor, who: Actor, judge: () => void): void => {
  try {
    judge()
  } catch (fault) {
    if (who === actor || !isFault(fault, 'access.denied')) throw fault
    throw new Fault(
      'access.denied',
      { because: `It runs in the name of ${who.name}, who may not do this then. Cancel it, and plan it yourself. (${fault.message})` },
      { cause: fault },
    )
  }
}
