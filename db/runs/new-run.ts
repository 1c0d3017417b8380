import type { Actor } from '@/lib/kernel/access/access'
import type { Plan } from '@/lib/kernel/operation/plan'
import { databaseFault, getPool } from '../pg/client'
import type { Queryable } from '../pg/transaction'

interface NewRun {
  actor: Actor
  plan: Plan
  planId: string
  title: string
  environmentIds: readonly string[]
  reason: string
  ticket: string
  retryOf: string | null
  idempotencyKey: string | null
}

/** The run and a job for each target that passes. Nothing starts before the transaction commits. */
export const insertRun = async (client: Queryable, run: NewRun): Promise<string> => {
  const { plan, actor } = run
  const targets = plan.targets.filter((target) => target.eligible)
  const { rows } = await client.query<{ id: string }>(
    `insert into runs (operation, resource, title, person_id, actor_name, input, policy, plan_id, digest, reason, ticket, environment_ids, jobs, retry_of,
       idempotency_key, created_at, deadline_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, clock_timestamp(), clock_timestamp() + $16 * interval '1 second')
     returning id`,
    [
      plan.operation,
      plan.resource,
      run.title,
      actor.personId,
      actor.name,
      JSON.stringify(plan.input),
      JSON.stringify(plan.policy),
      run.planId,
      plan.digest,
      run.reason,
      run.ticket,
      run.environmentIds,
      targets.length,
      run.retryOf,
      run.idempotencyKey,
      plan.policy.deadlineSeconds,
    ],
  )
  const runId = rows[0]!.id
  const jobs = targets.map((target) => ({
    run_id: runId,
    operation: plan.operation,
    resource: plan.resource,
    target_id: target.id,
    title: target.title,
    environment_id: target.environmentId,
    herd_id: target.herdId,
    server_id: target.serverId,
    wave: target.order,
    locks: target.locks,
    digest: target.digest,
  }))
  await client.query(
    `insert into jobs (run_id, operation, resource, target_id, title, environment_id, herd_id, server_id, wave, locks, digest)
     select run_id, operation, resource, target_id, title, environment_id, herd_id, server_id, wave, locks, digest
       from jsonb_to_recordset($1::jsonb) as j (run_id uuid, operation text, resource text, target_id uuid, title text, environment_id uuid, herd_id uuid,
         server_id uuid, wave int, locks text[], digest text)`,
    [JSON.stringify(jobs)],
  )
  return runId
}

export const runOfPlan = async (planId: string, client: Queryable = getPool()): Promise<string | null> => {
  const { rows } = await client.query<{ id: string }>('select id from runs where plan_id = $1', [planId])
  return rows[0]?.id ?? null
}

export const runByKey = async (idempotencyKey: string, client: Queryable = getPool()): Promise<string | null> => {
  try {
    const { rows } = await client.query<{ id: string }>('select id from runs where idempotency_key = $1', [idempotencyKey])
    return rows[0]?.id ?? null
  } catch (error) {
    throw databaseFault(error)
  }
}
