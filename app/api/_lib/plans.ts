import { listIds } from '@/db/records/records'
import { holdersOf } from '@/db/runs/waits'
import { askForPlan, type StoredPlan, waitForPlan } from '@/jobs/requests'
import type { Actor } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import type { RunPolicy } from '@/lib/kernel/operation/plan'
import { operationByName } from '@/lib/operations'
import { pathOf, resourceByName } from '@/lib/resources'
import { type PlanQuestion, targetsMax } from '@/lib/shapes/plan'
import { json } from './serve'
import { mustName, strictQuery } from './strict-query'

export const planTimeoutMs = 30_000

interface Wanted {
  operation: string
  targets?: string[]
  /** Query of the list of what the operation acts on; everything that matches now becomes a target. */
  filter?: string
  input: Record<string, unknown>
  policy?: Partial<RunPolicy>
}

const idsOf = async (actor: Actor, operation: string, filter: string): Promise<string[]> => {
  const resource = resourceByName(operationByName(operation)?.on ?? '')
  if (!resource) throw new Fault('input.invalid', { fields: [{ path: 'operation', message: `There is no operation ${operation}.` }] })
  const query = strictQuery(resource, new URLSearchParams(filter), 'filter.')
  const refuse = (message: string) => new Fault('input.invalid', { fields: [{ path: 'filter', message }] })
  // An empty filter is everything: that has to be said with ids.
  if (Object.keys(query.filters).length === 0 && query.search === '') throw refuse('names nothing to choose by')
  const ids = await listIds(actor, resource, query, targetsMax + 1)
  if (ids.length === 0) await mustName(actor, resource, query, 'filter.')
  if (ids.length === 0) throw refuse(`matches no ${resource.noun[0]}`)
  if (ids.length > targetsMax) throw refuse(`matches more than ${targetsMax} ${resource.noun[1]}`)
  return ids
}

export const questionOf = async (actor: Actor, { operation, targets, filter, input, policy }: Wanted): Promise<PlanQuestion> => ({
  operation,
  targets: targets ?? (await idsOf(actor, operation, filter!)),
  input,
  policy,
})

/** The plan that is named, or one that is made now for the same question. */
export const plannedId = async (
  actor: Actor,
  { planId, operation, ...wanted }: Omit<Wanted, 'operation'> & { operation?: string; planId?: string },
  signal: AbortSignal,
): Promise<string> => {
  if (planId !== undefined) return planId
  const made = await askForPlan(actor, await questionOf(actor, { ...wanted, operation: operation! }))
  await waitForPlan(actor, made.planId, { timeoutMs: planTimeoutMs, signal })
  return made.planId
}

/** What a run of the plan would wait for if it were submitted now, a sentence for each target. */
const waitsOfPlan = async ({ operation, plan, runId }: StoredPlan): Promise<string[]> => {
  const targets = runId === null ? (plan?.targets.filter(({ eligible }) => eligible) ?? []) : []
  const holders = await holdersOf(operation, [...new Set(targets.flatMap(({ locks }) => locks))])
  return targets.flatMap(({ title, locks }) => locks.flatMap((name) => (holders.has(name) ? [`${title}: ${holders.get(name)}`] : [])))
}

/** A stored plan as the API shows it. */
export const shownPlan = async (stored: StoredPlan) => ({
  id: stored.id,
  page: `/${pathOf[operationByName(stored.operation)?.on ?? '']}/run/${stored.operation}?plan=${stored.id}`,
  state: stored.state,
  because: stored.because,
  digest: stored.digest,
  phrase: stored.plan?.phrase ?? null,
  waitsFor: await waitsOfPlan(stored),
  plan: stored.plan,
  approvedBy: stored.approvedByName,
  approvedAt: stored.approvedAt,
  runId: stored.runId,
  createdAt: stored.createdAt,
})

/** Waits for the plan. Throws `plan.failed` and `worker.absent` as the queue does. */
export const answerPlan = async (actor: Actor, planId: string, signal: AbortSignal): Promise<Response> => {
  const stored = await waitForPlan(actor, planId, { timeoutMs: planTimeoutMs, signal })
  if (stored.state === 'failed') throw new Fault('plan.failed', { because: stored.because ?? undefined, planId })
  return json(await shownPlan(stored), 200, { location: `/api/v1/plans/${planId}` })
}
