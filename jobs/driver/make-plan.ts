import { setMaxListeners } from 'node:events'
import { inPgTransaction } from '@/db/pg/transaction'
import { findTargets, type TargetRow } from '@/db/records/targets'
import { releaseLeases, takeLease } from '@/db/runs/leases'
import { finishPlan, type PlanRow, planEnvironments, recentSeconds, startPlan } from '@/db/runs/plans'
import { median } from '@/lib/kernel/engine/fold'
import { Fault } from '@/lib/kernel/ground/errors'
import type { JsonObject } from '@/lib/kernel/ground/json'
import type { Operation } from '@/lib/kernel/operation/operation'
import type { Plan, PlanTarget } from '@/lib/kernel/operation/plan'
import { composePlan, makeTargetPlan, unseen } from '@/lib/kernel/operation/plan-making'
import type { ReadPorts } from '@/lib/ports'
import { resourceByName } from '@/lib/resources'
import type { Log } from '../queue/log'

/** All targets are looked at under one deadline; those that have not answered by then are excluded. */
const lookTimeoutMs = 20_000
const looksAtOnce = 100
const leaseTtlMs = lookTimeoutMs + 10_000
const historySize = 50

export interface PlanMaker {
  ports: ReadPorts
  holder: string
  operationByName: (name: string) => Operation | undefined
  log: Log
}

/** Makes the plan if nobody else does. Never throws: a plan that cannot be made is marked failed, or left to the sweep when the database is away. */
export const makePlan = async (maker: PlanMaker, planId: string): Promise<void> => {
  const token = crypto.randomUUID()
  try {
    const lease = { names: [`plan:${planId}`], token, holder: maker.holder, reason: 'making the plan', jobId: null }
    if ((await takeLease(lease, leaseTtlMs)) !== null) return
    try {
      const row = await startPlan(planId)
      if (row) await finishPlan(planId, await look(maker, row))
    } finally {
      await inPgTransaction((client) => releaseLeases(client, [token]))
    }
  } catch (error) {
    maker.log.warn({ planId, err: error }, 'a plan was left')
  }
}

const look = async (maker: PlanMaker, row: PlanRow): Promise<{ plan: Plan } | { because: string }> => {
  try {
    return { plan: await composeFor(maker, row) }
  } catch (error) {
    if (error instanceof Fault && error.code === 'database.down') throw error
    maker.log.error({ planId: row.id, err: error }, 'a plan failed')
    return { because: error instanceof Fault ? error.message : 'A bug in Matriarch stopped the plan; see the worker’s log.' }
  }
}

const composeFor = async (maker: PlanMaker, row: PlanRow): Promise<Plan> => {
  const startedAt = performance.now()
  const operation = maker.operationByName(row.operation)
  const resource = operation && resourceByName(operation.on)
  if (!operation || !resource) throw new Fault('plan.failed', { because: `This worker does not know the operation ${row.operation}.` })
  const input = row.input as JsonObject
  const registered = new Map((await findTargets(resource, row.targets)).map((target) => [target.id, target]))
  const deadline = AbortSignal.timeout(lookTimeoutMs)
  // Every look of every target listens to it.
  setMaxListeners(0, deadline)
  const targets = await inParallel(row.targets, looksAtOnce, async (targetId) =>
    named(await lookAt(maker.ports, operation, input, targetId, deadline), registered.get(targetId)),
  )
  const environmentIds = [...new Set(targets.map((target) => target.environmentId).filter((id) => id !== null))]
  const seconds = await recentSeconds(operation.name, historySize)
  const medianSeconds = median(seconds)
  return composePlan(
    operation,
    input,
    row.policy,
    targets,
    environmentIds.length > 0 ? await planEnvironments(environmentIds) : [],
    medianSeconds === null ? null : { medianSeconds, count: seconds.length },
    { at: new Date(), inMs: Math.round(performance.now() - startedAt) },
  )
}

const lookAt = async (
  ports: ReadPorts,
  operation: Operation,
  input: JsonObject,
  targetId: string,
  deadline: AbortSignal,
): Promise<PlanTarget> => {
  const late = () => unseen(operation, targetId, `The target did not answer within ${lookTimeoutMs / 1000} s.`)
  try {
    // An adapter that does not heed its signal must not hold up the others.
    return await Promise.race([makeTargetPlan(operation, ports, input, targetId, deadline), whenAborted(deadline)])
  } catch (error) {
    if (deadline.aborted) return late()
    throw error
  }
}

const whenAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason as Error)
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
  })

/** A target that could not be looked at still has its name and its environment. */
const named = (target: PlanTarget, row: TargetRow | undefined): PlanTarget =>
  row === undefined || target.title !== target.id
    ? target
    : { ...target, title: row.title, environmentId: row.environmentId, herdId: row.herdId, serverId: row.serverId }

const inParallel = async <T, R>(items: readonly T[], atOnce: number, work: (item: T) => Promise<R>): Promise<R[]> => {
  const results = new Array<R>(items.length)
  const entries = items.entries()
  const lane = async () => {
    for (const [index, item] of entries) results[index] = await work(item)
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, lane))
  return results
}
