import { notify, type Tx } from '@/db/pg/client'
import type { Queryable } from '@/db/pg/transaction'
import { insertRun } from '@/db/runs/new-run'
import type { PlanRow } from '@/db/runs/plans'
import { writeAudit } from '@/db/trail/audit'
import { maskStatement } from '@/lib/domain/reader/mask-statement'
import { closedAt } from '@/lib/domain/values/maintenance-window'
import type { Actor } from '@/lib/kernel/access/access'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { auditedInput } from '@/lib/kernel/operation/audited-input'
import type { Plan } from '@/lib/kernel/operation/plan'
import { shortStatement, statementIn } from '@/lib/kernel/operation/statement'
import { describeOperation, operationByName } from '@/lib/operations'
import { resourceByName } from '@/lib/resources'

interface Ordered {
  row: PlanRow
  /** As it is now. */
  plan: Plan
  reason: string
  ticket: string
  approvedBy: string | null
  idempotencyKey: string | null
  /** What put it off to this time. */
  scheduledId?: string
}

const schemaOf = ({ operation }: Plan): JsonObject => {
  const known = operationByName(operation)
  return known ? describeOperation(known).input : {}
}

export const auditedInputOf = (plan: Plan): JsonObject => auditedInput(schemaOf(plan), plan.input)

/** What is done to what; an operation that runs a statement is told apart by it: `Run SQL: select 1 (3 instances)`. */
export const titleOf = (plan: Plan): string => {
  const eligible = plan.targets.filter((target) => target.eligible)
  const targets = eligible.length === 1 ? eligible[0]!.title : `${eligible.length} ${resourceByName(plan.resource)?.noun[1] ?? 'targets'}`
  const statement = statementIn(schemaOf(plan), plan.input)
  return statement === null ? `${plan.title}: ${targets}` : `${plan.title}: ${shortStatement(maskStatement(statement))} (${targets})`
}

export const hitEnvironments = (plan: Plan): string[] =>
  plan.environments.filter((environment) => environment.targets > 0).map((environment) => environment.id)

/** Writes a plan's run with its jobs and its line of the audit log; nothing starts before the transaction commits. Locks taken after it could wait for one another. */
export const startRun = async (client: Queryable, tx: Tx, actor: Actor, ordered: Ordered): Promise<string> => {
  const { row, plan, reason, ticket, idempotencyKey, scheduledId } = ordered
  const environmentIds = hitEnvironments(plan)
  const title = titleOf(plan)
  const runId = await insertRun(client, {
    actor,
    plan,
    planId: row.id,
    title,
    environmentIds,
    reason,
    ticket,
    retryOf: row.retryOf,
    idempotencyKey,
  })
  await notify(tx, 'runs', runId)
  await writeAudit(tx, actor, {
    act: 'run.submit',
    resource: 'run',
    objectId: runId,
    title,
    environmentId: environmentIds.length === 1 ? environmentIds[0]! : null,
    detail: {
      operation: plan.operation,
      input: auditedInputOf(plan),
      targets: plan.targets.filter((target) => target.eligible).map(({ id, title }) => ({ id, title })),
      digest: plan.digest,
      planId: row.id,
      approvedBy: plan.needsApproval ? ordered.approvedBy : null,
      reason,
      ticket,
      outsideWindow: plan.isDisruptive ? closedAt(plan.environments, new Date()).map((one) => one.environment.name) : [],
      ...(scheduledId ? { scheduledId } : {}),
    },
  })
  return runId
}
