import { z } from 'zod'
import { findTargets } from '@/db/records/targets'
import { runOfPlan } from '@/db/runs/new-run'
import { findPlan, insertAskedPlan, insertPlan, type PlanRow, policyLimits } from '@/db/runs/plans'
import { countWorkers } from '@/db/runs/workers'
import { type Actor, isOwn, mayIn } from '@/lib/kernel/access/access'
import { checked } from '@/lib/kernel/ground/checked'
import { Fault, type FieldProblem } from '@/lib/kernel/ground/errors'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { policyOf } from '@/lib/kernel/operation/describe-operation'
import type { Operation } from '@/lib/kernel/operation/operation'
import type { RunPolicy } from '@/lib/kernel/operation/plan'
import { operationByName } from '@/lib/operations'
import { resourceByName } from '@/lib/resources'
import type { PlanQuestion } from '@/lib/shapes/plan'
import { policySchema, targetsSchema } from '@/lib/shapes/plan-schema'
import { getWaker } from '../queue/location'
import { mustRun } from './permission'
import { untilNews } from './until-news'

/** A plan as it is kept, and the run it was submitted as. */
export type StoredPlan = PlanRow & { runId: string | null }

const questionSchema = z.object({ targets: targetsSchema, policy: policySchema.partial() })

export const knownOperation = (name: string): Operation => {
  const operation = operationByName(name)
  if (!operation) throw new Fault('input.invalid', { fields: [{ path: 'operation', message: `There is no operation ${name}.` }] })
  return operation
}

/**
 * Asks a worker for a plan; nothing changes anywhere. Targets are ids of the operation's resource, at most 1000, each of which the actor may run it on.
 * `retryOf` is the run whose targets it takes up. Throws `input.invalid` with the fields, `access.denied` naming the targets, `limit.reached` while too many of
 * this person's are not ready.
 */
export const askForPlan = (actor: Actor, question: PlanQuestion, retryOf: string | null = null): Promise<{ planId: string }> =>
  ask(actor, question, retryOf, insertAskedPlan)

/** The same once more for a plan that was read; it counts against nobody's limit. */
export const askAgain = (actor: Actor, question: PlanQuestion, retryOf: string | null): Promise<{ planId: string }> =>
  ask(actor, question, retryOf, insertPlan)

const ask = async (
  actor: Actor,
  question: PlanQuestion,
  retryOf: string | null,
  insert: typeof insertPlan,
): Promise<{ planId: string }> => {
  const planId = await insert(await questionOf(actor, question, retryOf))
  // Not waited for: when the queue is down, the sweep finds the plan.
  void getWaker().wakePlan(planId)
  return { planId }
}

/** Writes the question down for a worker, and wakes none. Throws as `askForPlan` does. */
export const keepQuestion = async (actor: Actor, question: PlanQuestion, retryOf: string | null): Promise<string> =>
  insertPlan(await questionOf(actor, question, retryOf))

const questionOf = async (actor: Actor, question: PlanQuestion, retryOf: string | null): Promise<Parameters<typeof insertPlan>[0]> => {
  const operation = knownOperation(question.operation)
  const { targets, policy } = checked(questionSchema, { targets: [...new Set(question.targets)], policy: question.policy ?? {} })
  const input = checked(operation.input, question.input ?? {}, ['input'])

  const found = new Map((await findTargets(resourceByName(operation.on)!, targets)).map((target) => [target.id, target]))
  const unseen = targets.filter((id) => !found.has(id) || !mayIn(actor, `${operation.on}.view`, found.get(id)!.environmentId))
  if (unseen.length > 0)
    throw new Fault('input.invalid', {
      fields: unseen.map((id) => ({
        path: `targets.${question.targets.indexOf(id)}`,
        message: `There is no ${operation.on} ${id}, or you may not see it.`,
      })),
    })
  mustRun(actor, operation, input, [...found.values()])

  return {
    operation: operation.name,
    targets,
    input: input as JsonObject,
    policy: await policyWithin([...found.values()], policyOf(operation), policy),
    personId: actor.personId,
    actorName: actor.name,
    retryOf,
  }
}

type Limited = 'parallel' | 'stopAfterFailures'

/** What was left out is tightened to what the environments of the targets allow; what was asked for and is looser is refused. */
const policyWithin = async (
  targets: readonly { environmentId: string | null }[],
  usual: RunPolicy,
  asked: Partial<RunPolicy>,
): Promise<RunPolicy> => {
  const environmentIds = [...new Set(targets.map((target) => target.environmentId).filter((id) => id !== null))]
  const limits = await policyLimits(environmentIds)
  const policy = { ...usual, ...asked }
  const problems: FieldProblem[] = []
  const hold = (name: Limited, limit: number | null, environment: string, message: string) => {
    if (limit === null || (policy[name] ?? Number.POSITIVE_INFINITY) <= limit) return
    if (asked[name] === undefined) policy[name] = limit
    else problems.push({ path: `policy.${name}`, message: `${environment} ${message}` })
  }
  for (const { name, parallelMax, stopAfterFailuresMax } of limits) {
    hold('parallel', parallelMax, name, `allows at most ${parallelMax} at once.`)
    hold('stopAfterFailures', stopAfterFailuresMax, name, `wants a run to stop after ${stopAfterFailuresMax} failures at the latest.`)
  }
  if (problems.length > 0) throw new Fault('input.invalid', { fields: problems })
  return policy
}

/**
 * For the person who asked for it, and whoever may see all the environments it touches; a token counts as its owner only there, too. Throws `record.missing`.
 */
export const getPlan = async (actor: Actor, planId: string): Promise<StoredPlan> => {
  const row = await findPlan(planId)
  if (!row || !(actor.kind === 'system' || isOwn(actor, row.personId) || (await isInSight(actor, row))))
    throw new Fault('record.missing', { because: 'There is no such plan, or you may not see it. Plans are kept for a day.' })
  return { ...row, runId: await runOfPlan(planId) }
}

const isInSight = async (actor: Actor, { plan, personId, operation, targets }: PlanRow): Promise<boolean> => {
  if (plan) return plan.environments.length > 0 && plan.environments.every(({ id }) => mayIn(actor, 'run.view', id))
  // In the making, or failed: known to who asked alone, and to their tokens as far as those may see what it is about.
  const resource = operationByName(operation)?.on
  if (resource === undefined || personId === null || personId !== actor.personId) return false
  const found = await findTargets(resourceByName(resource)!, targets)
  return found.length === targets.length && found.every(({ environmentId }) => mayIn(actor, 'run.view', environmentId))
}

const absentAfterMs = 2_000

/**
 * Waits until the plan is ready or failed, and answers it. Throws `worker.absent` when no worker is there to make it, `plan.failed` when it takes longer
 * than `timeoutMs`, and the signal's reason when it aborts.
 */
export const waitForPlan = async (
  actor: Actor,
  planId: string,
  options: { timeoutMs: number; signal?: AbortSignal },
): Promise<StoredPlan> => {
  const startedAt = Date.now()
  return untilNews({ channel: 'plans', of: planId, signal: options.signal }, async () => {
    const row = await getPlan(actor, planId)
    if (row.state === 'ready' || row.state === 'failed') return row
    const waitedMs = Date.now() - startedAt
    const isLate = waitedMs >= options.timeoutMs
    if (row.state === 'asked' && (isLate || waitedMs > absentAfterMs) && (await countWorkers()) === 0) throw new Fault('worker.absent')
    if (isLate)
      throw new Fault('plan.failed', { because: `The plan was not ready within ${options.timeoutMs / 1000} s; it is still being made.` })
    return undefined
  })
}
