import { and, eq, sql } from 'drizzle-orm'
import { type Actor, mayIn } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import { uuidPattern } from '@/lib/kernel/resource/terms'
import { type Db, databaseFault, getDb, getPool, notify, type Tx } from '../pg/client'
import { scheduledRuns } from '../schema'

export type ScheduledRun = typeof scheduledRuns.$inferSelect

const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work()
  } catch (error) {
    throw databaseFault(error)
  }
}

export const insertScheduled = async (tx: Tx, values: typeof scheduledRuns.$inferInsert): Promise<string> => {
  const [row] = await tx.insert(scheduledRuns).values(values).returning({ id: scheduledRuns.id })
  await notify(tx, 'records', 'scheduled-run')
  return row!.id
}

/** A plan is scheduled once. */
export const scheduledOfPlan = async (planId: string, tx: Tx | Db = getDb()): Promise<ScheduledRun | undefined> =>
  guarded(async () => {
    const [row] = await tx.select().from(scheduledRuns).where(eq(scheduledRuns.planId, planId))
    return row
  })

/** What a run was scheduled as; null: it was not. The caller has shown that the run may be seen. */
export const scheduledOfRun = (runId: string): Promise<Pick<ScheduledRun, 'id' | 'because'> | null> =>
  guarded(async () => {
    const [row] = await getDb()
      .select({ id: scheduledRuns.id, because: scheduledRuns.because })
      .from(scheduledRuns)
      .where(eq(scheduledRuns.runId, runId))
    return row ?? null
  })

/** For actors who may see one of its environments, as with a run. Throws `record.missing`. */
export const getScheduled = async (actor: Actor, id: string): Promise<ScheduledRun> =>
  guarded(async () => {
    const [row] = uuidPattern.test(id) ? await getDb().select().from(scheduledRuns).where(eq(scheduledRuns.id, id)) : []
    if (!row?.environmentIds.some((one) => mayIn(actor, 'scheduled-run.view', one))) throw new Fault('record.missing')
    return row
  })

const isWaiting = (id: string, revision?: number) =>
  and(
    eq(scheduledRuns.id, id),
    eq(scheduledRuns.state, 'waiting'),
    revision === undefined ? undefined : eq(scheduledRuns.revision, revision),
  )

/** undefined: it does not wait any more, or was moved since it had this revision. */
export const waitingScheduled = (id: string, revision: number): Promise<ScheduledRun | undefined> =>
  guarded(async () => {
    const [row] = await getDb().select().from(scheduledRuns).where(isWaiting(id, revision))
    return row
  })

/** Locks it for this transaction; undefined: it does not wait any more or, where a revision is given, was moved since. */
export const lockWaiting = async (tx: Tx, id: string, revision?: number): Promise<ScheduledRun | undefined> => {
  const [row] = await tx.select().from(scheduledRuns).where(isWaiting(id, revision)).for('update')
  return row
}

type Appointed = Pick<ScheduledRun, 'at' | 'zone' | 'reason' | 'isOutsideWindow'>

/** It waits for another time, which nobody has approved. The caller has locked it. Gives the new revision. */
export const moveWaiting = async (tx: Tx, id: string, appointed: Appointed): Promise<number> => {
  const [row] = await tx
    .update(scheduledRuns)
    .set({ ...appointed, approvedBy: null, approvedByName: null, revision: sql`${scheduledRuns.revision} + 1` })
    .where(eq(scheduledRuns.id, id))
    .returning({ revision: scheduledRuns.revision })
  await notify(tx, 'records', 'scheduled-run')
  return row!.revision
}

/** Notes who has approved what waits of this plan, and says for which time and who moved it there; undefined: nothing of it waits. The caller holds the plan's row locked. */
export const approveWaiting = async (
  tx: Tx,
  planId: string,
  by: { personId: string; name: string },
): Promise<{ at: Date; movers: string[] } | undefined> => {
  const [row] = await tx
    .update(scheduledRuns)
    .set({ approvedBy: by.personId, approvedByName: by.name })
    .where(and(eq(scheduledRuns.planId, planId), eq(scheduledRuns.state, 'waiting')))
    .returning({ id: scheduledRuns.id, at: scheduledRuns.at })
  if (!row) return undefined
  await notify(tx, 'records', 'scheduled-run')
  const { rows } = await tx.execute<{ person_id: string }>(
    sql`select distinct person_id from changes where resource = 'scheduled-run' and object_id = ${row.id} and person_id is not null`,
  )
  return { at: row.at, movers: rows.map(({ person_id }) => person_id) }
}

export const endScheduled = async (
  tx: Tx,
  id: string,
  end: { state: 'started' | 'skipped' | 'cancelled'; because: string | null; runId?: string },
): Promise<void> => {
  await tx
    .update(scheduledRuns)
    .set({ ...end, endedAt: new Date() })
    .where(eq(scheduledRuns.id, id))
  await notify(tx, 'records', 'scheduled-run')
}

const dueMax = 50

/** Whose time has come by this database's clock, and which of them nobody began in time; first those that wait longest. */
export const dueScheduled = (): Promise<{ id: string; revision: number; isLate: boolean }[]> =>
  guarded(async () => {
    const { rows } = await getPool().query<{ id: string; revision: number; isLate: boolean }>(
      `select s.id, s.revision, clock_timestamp() > s.at + s.start_within_minutes * interval '1 minute' as "isLate" from scheduled_runs s
       where s.state = 'waiting' and s.at <= clock_timestamp()
         and not exists (select 1 from leases l where l.name = 'scheduled:' || s.id and l.expires_at > clock_timestamp())
       order by s.at limit ${dueMax}`,
    )
    return rows
  })

type Shown = Pick<
  ScheduledRun,
  'id' | 'title' | 'state' | 'because' | 'actorName' | 'personId' | 'operation' | 'resource' | 'environmentIds'
>
export type HerdAppointment = Shown & { /** ISO time. */ at: string }

const recentDays = 3

/** What waits for its time on a herd, soonest first, and what was skipped there in the last days. */
export const herdAppointments = (actor: Actor, herdId: string): Promise<HerdAppointment[]> =>
  guarded(async () => {
    const { rows } = await getPool().query<Shown & { at: Date }>(
      `select id, title, state, because, at, actor_name as "actorName", person_id as "personId", operation, resource, environment_ids as "environmentIds"
       from scheduled_runs
       where herd_ids @> array[$1::uuid] and (state = 'waiting' or (state = 'skipped' and at > now() - interval '${recentDays} days'))
       order by state desc, at limit 20`,
      [herdId],
    )
    return rows
      .filter(({ environmentIds }) => environmentIds.some((id) => mayIn(actor, 'scheduled-run.view', id)))
      .map(({ at, ...row }) => ({ ...row, at: at.toISOString() }))
  })
