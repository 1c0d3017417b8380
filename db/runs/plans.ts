import { and, eq, inArray } from 'drizzle-orm'
import { Fault } from '@/lib/kernel/ground/errors'
import type { Plan, PlanEnvironment } from '@/lib/kernel/operation/plan'
import { type Db, databaseFault, getDb, getPool, notify, type Tx } from '../pg/client'
import { inPgTransaction, type Queryable } from '../pg/transaction'
import { environments, plans } from '../schema'

export type PlanRow = typeof plans.$inferSelect

const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work()
  } catch (error) {
    throw databaseFault(error)
  }
}

type NewPlan = Pick<PlanRow, 'operation' | 'targets' | 'input' | 'policy' | 'personId' | 'actorName' | 'retryOf'>

const insertWith = async (db: Db | Tx, values: NewPlan): Promise<string> => {
  const [row] = await db.insert(plans).values(values).returning({ id: plans.id })
  return row!.id
}

export const insertPlan = (values: NewPlan): Promise<string> => guarded(() => insertWith(getDb(), values))

/** A person may have so many plans in the making: each looks at up to a thousand targets. */
const openMax = 5

/** As `insertPlan`, for a question of a person's own: throws `limit.reached` while this many of theirs are not answered. Two at once count one another. */
export const insertAskedPlan = (values: NewPlan): Promise<string> =>
  inPgTransaction(async (client, tx) => {
    if (values.personId !== null) {
      await client.query(`select pg_advisory_xact_lock(hashtextextended('plans:' || $1, 0))`, [values.personId])
      const { rows } = await client.query<{ count: number }>(
        `select count(*)::int as count from plans where person_id = $1 and state in ('asked', 'making') and created_at > clock_timestamp() - interval '5 minutes'`,
        [values.personId],
      )
      if (rows[0]!.count >= openMax)
        throw new Fault('limit.reached', { because: `${openMax} plans of yours are in the making. Wait until one is ready.` })
    }
    return insertWith(tx, values)
  })

export const findPlan = (planId: string): Promise<PlanRow | undefined> =>
  guarded(async () => {
    if (!/^[0-9a-f-]{36}$/i.test(planId)) return undefined
    const [row] = await getDb().select().from(plans).where(eq(plans.id, planId))
    return row
  })

/** Locks the row of a plan for this transaction: two that submit, schedule or approve it wait for one another. */
export const lockPlan = async (client: Queryable, planId: string): Promise<void> => {
  await client.query('select 1 from plans where id = $1 for update', [planId])
}

/** The caller holds its row locked and has shown that this person may. */
export const notePlanApproval = async (client: Queryable, planId: string, by: { personId: string; name: string }): Promise<void> => {
  await client.query('update plans set approved_by = $2, approved_by_name = $3, approved_at = clock_timestamp() where id = $1', [
    planId,
    by.personId,
    by.name,
  ])
}

/** Takes an approval back and puts the plan before those who may approve it. The caller holds its row locked. */
export const askApprovalAgain = async (client: Queryable, planId: string): Promise<void> => {
  await client.query(
    'update plans set approved_by = null, approved_by_name = null, approved_at = null, approval_asked_at = clock_timestamp() where id = $1',
    [planId],
  )
}

/** Moves a plan that is not made yet to `making`; undefined when it is ready, failed or gone. */
export const startPlan = (planId: string): Promise<PlanRow | undefined> =>
  guarded(async () => {
    const [row] = await getDb()
      .update(plans)
      .set({ state: 'making' })
      .where(and(eq(plans.id, planId), inArray(plans.state, ['asked', 'making'])))
      .returning()
    return row
  })

export const finishPlan = (planId: string, made: { plan: Plan } | { because: string }): Promise<void> =>
  guarded(async () => {
    const values =
      'plan' in made
        ? { state: 'ready' as const, plan: made.plan, digest: made.plan.digest, readyAt: new Date() }
        : { state: 'failed' as const, because: made.because, readyAt: new Date() }
    await getDb().update(plans).set(values).where(eq(plans.id, planId))
    await notify(getDb(), 'plans', planId)
  })

/** Plans that somebody waits for and nobody makes, oldest first. `olderThanMs`: younger ones are on their way through the queue. */
export const openPlans = (olderThanMs: number): Promise<string[]> =>
  guarded(async () => {
    const { rows } = await getPool().query<{ id: string }>(
      `select p.id from plans p where p.state in ('asked', 'making') and p.created_at < clock_timestamp() - $1 * interval '1 millisecond'
         and p.created_at > clock_timestamp() - interval '5 minutes'
         and not exists (select 1 from leases l where l.name = 'plan:' || p.id and l.expires_at > clock_timestamp())
       order by p.created_at limit 50`,
      [olderThanMs],
    )
    return rows.map((row) => row.id)
  })

/** What the plan says of the environments it touches. */
export const planEnvironments = (ids: readonly string[]): Promise<Omit<PlanEnvironment, 'targets'>[]> =>
  guarded(() =>
    getDb()
      .select({
        id: environments.id,
        name: environments.name,
        colour: environments.colour,
        protection: environments.protection,
        maintenanceWindows: environments.maintenanceWindows,
      })
      .from(environments)
      .where(inArray(environments.id, [...ids]))
      .orderBy(environments.position, environments.name),
  )

/** What the environments allow of a run's policy; null: everything. */
export const policyLimits = (
  ids: readonly string[],
): Promise<{ name: string; parallelMax: number | null; stopAfterFailuresMax: number | null }[]> =>
  guarded(() =>
    getDb()
      .select({ name: environments.name, parallelMax: environments.parallelMax, stopAfterFailuresMax: environments.stopAfterFailuresMax })
      .from(environments)
      .where(inArray(environments.id, [...ids])),
  )

/** Seconds that the last `limit` jobs of an operation took which ended well. */
export const recentSeconds = (operation: string, limit: number): Promise<number[]> =>
  guarded(async () => {
    const { rows } = await getPool().query<{ seconds: number }>(
      `select extract(epoch from finished_at - started_at)::float8 as seconds from jobs
       where operation = $1 and state = 'done' and started_at is not null order by finished_at desc limit $2`,
      [operation, limit],
    )
    return rows.map((row) => row.seconds)
  })
