import { sql } from 'drizzle-orm'
import { boolean, index, integer, pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { moment } from './columns'

/** A plan that a person read and scheduled for a time. What is due is decided by the clock of this database. */
export const scheduledRuns = pgTable(
  'scheduled_runs',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    state: text('state').$type<'waiting' | 'started' | 'skipped' | 'cancelled'>().notNull().default('waiting'),
    /** Why it was skipped, who cancelled it, or which targets were left out. */
    because: text('because'),
    at: moment('at').notNull(),
    /** In which the time was given, as IANA names it. */
    zone: text('zone').notNull().default('UTC'),
    /** The run is skipped if no worker has started it this long after its time. */
    startWithinMinutes: integer('start_within_minutes').notNull(),
    operation: text('operation').notNull(),
    resource: text('resource').notNull(),
    title: text('title').notNull(),
    herdIds: uuid('herd_ids').array().notNull().default(sql`'{}'`),
    environmentIds: uuid('environment_ids').array().notNull().default(sql`'{}'`),
    /** The plan that was read. It is kept as long as this row. */
    planId: uuid('plan_id').notNull(),
    personId: uuid('person_id'),
    /** Of the token it was ordered with, which must hold at the time; null: a login. */
    tokenId: uuid('token_id'),
    actorName: text('actor_name').notNull(),
    reason: text('reason').notNull().default(''),
    ticket: text('ticket').notNull().default(''),
    isOutsideWindow: boolean('is_outside_window').notNull().default(false),
    approvedBy: uuid('approved_by'),
    approvedByName: text('approved_by_name'),
    runId: uuid('run_id'),
    /** Rises with each move to another time: a worker that began with an older one starts nothing. */
    revision: integer('revision').notNull().default(1),
    createdAt: moment('created_at').notNull().defaultNow(),
    endedAt: moment('ended_at'),
  },
  (t) => [
    uniqueIndex('scheduled_runs_plan_key').on(t.planId),
    index('scheduled_runs_due_idx').on(t.at).where(sql`state = 'waiting'`),
    index('scheduled_runs_at_idx').on(t.at, t.id),
    index('scheduled_runs_run_idx').on(t.runId),
    index('scheduled_runs_herds_idx').using('gin', t.herdIds),
    index('scheduled_runs_environments_idx').using('gin', t.environmentIds),
    index('scheduled_runs_title_trgm').using('gin', t.title.op('gin_trgm_ops')),
  ],
)
