import { sql } from 'drizzle-orm'
import { bigint, index, integer, jsonb, pgSequence, pgTable, primaryKey, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import type { JobState, RunState } from '@/lib/kernel/ground/journal'
import type { Plan, RunPolicy } from '@/lib/kernel/operation/plan'
import { id, moment } from './columns'

/** A plan asked for by the web and made by a worker. Kept a day. */
export const plans = pgTable(
  'plans',
  {
    id: id(),
    state: text('state').$type<'asked' | 'making' | 'ready' | 'failed'>().notNull().default('asked'),
    operation: text('operation').notNull(),
    targets: uuid('targets').array().notNull(),
    input: jsonb('input').notNull().default({}),
    policy: jsonb('policy').$type<RunPolicy>().notNull(),
    personId: uuid('person_id'),
    actorName: text('actor_name').notNull(),
    plan: jsonb('plan').$type<Plan>(),
    digest: text('digest'),
    because: text('because'),
    /** When the person who made it asked for a second one; null: nobody is asked to look at it. */
    approvalAskedAt: moment('approval_asked_at'),
    approvedBy: uuid('approved_by'),
    approvedByName: text('approved_by_name'),
    approvedAt: moment('approved_at'),
    /** The run whose failed targets this plan takes up again. */
    retryOf: uuid('retry_of'),
    createdAt: moment('created_at').notNull().defaultNow(),
    readyAt: moment('ready_at'),
  },
  (t) => [index('plans_state_idx').on(t.state, t.createdAt)],
)

export const runs = pgTable(
  'runs',
  {
    id: id(),
    operation: text('operation').notNull(),
    resource: text('resource').notNull(),
    title: text('title').notNull(),
    state: text('state').$type<RunState>().notNull().default('waiting'),
    personId: uuid('person_id'),
    actorName: text('actor_name').notNull(),
    input: jsonb('input').notNull().default({}),
    policy: jsonb('policy').$type<RunPolicy>().notNull(),
    planId: uuid('plan_id'),
    digest: text('digest').notNull(),
    reason: text('reason').notNull().default(''),
    ticket: text('ticket').notNull().default(''),
    environmentIds: uuid('environment_ids').array().notNull().default(sql`'{}'`),
    jobs: integer('jobs').notNull().default(0),
    jobsDone: integer('jobs_done').notNull().default(0),
    jobsFailed: integer('jobs_failed').notNull().default(0),
    jobsAttention: integer('jobs_attention').notNull().default(0),
    retryOf: uuid('retry_of'),
    /** `personId or token:Idempotency-Key`; a second POST with it answers with this run. */
    idempotencyKey: text('idempotency_key'),
    cancelRequestedBy: text('cancel_requested_by'),
    cancelRequestedAt: moment('cancel_requested_at'),
    createdAt: moment('created_at').notNull().defaultNow(),
    startedAt: moment('started_at'),
    finishedAt: moment('finished_at'),
    deadlineAt: moment('deadline_at'),
  },
  (t) => [
    index('runs_plan_idx').on(t.planId),
    index('runs_created_idx').on(t.createdAt, t.id),
    index('runs_state_idx').on(t.state, t.createdAt),
    index('runs_operation_idx').on(t.operation, t.createdAt),
    index('runs_environments_idx').using('gin', t.environmentIds),
    index('runs_title_trgm').using('gin', t.title.op('gin_trgm_ops')),
    uniqueIndex('runs_idempotency_key').on(t.idempotencyKey),
  ],
)

export const jobs = pgTable(
  'jobs',
  {
    id: id(),
    runId: uuid('run_id')
      .notNull()
      .references(() => runs.id, { onDelete: 'cascade' }),
    operation: text('operation').notNull(),
    resource: text('resource').notNull(),
    targetId: uuid('target_id').notNull(),
    title: text('title').notNull(),
    environmentId: uuid('environment_id'),
    herdId: uuid('herd_id'),
    serverId: uuid('server_id'),
    /** Policy order: all jobs of a lower wave end before a higher one starts, when the policy says so. */
    wave: integer('wave').notNull().default(0),
    /** Leases it holds while it runs, as its plan named them: `herd:<id>`. */
    locks: text('locks').array().notNull().default(sql`'{}'`),
    state: text('state').$type<JobState>().notNull().default('waiting'),
    step: text('step'),
    because: text('because'),
    digest: text('digest').notNull(),
    lastSeq: integer('last_seq').notNull().default(0),
    createdAt: moment('created_at').notNull().defaultNow(),
    startedAt: moment('started_at'),
    finishedAt: moment('finished_at'),
  },
  (t) => [
    index('jobs_run_idx').on(t.runId, t.wave, t.title),
    index('jobs_target_idx').on(t.targetId, t.createdAt),
    index('jobs_herd_idx').on(t.herdId, t.createdAt),
    index('jobs_open_idx').on(t.state, t.createdAt).where(sql`state in ('waiting', 'running', 'attention')`),
    index('jobs_history_idx').on(t.operation, t.finishedAt).where(sql`state = 'done'`),
    index('jobs_operation_idx').on(t.operation, t.finishedAt),
    index('jobs_created_idx').on(t.createdAt, t.id),
    index('jobs_environment_idx').on(t.environmentId, t.createdAt),
    index('jobs_title_trgm').using('gin', t.title.op('gin_trgm_ops')),
  ],
)

/** Append-only. The key is the fence: a driver that lost its lease collides here before it acts. */
export const journal = pgTable(
  'journal',
  {
    jobId: uuid('job_id')
      .notNull()
      .references(() => jobs.id, { onDelete: 'cascade' }),
    seq: integer('seq').notNull(),
    at: moment('at').notNull().defaultNow(),
    kind: text('kind').notNull(),
    step: text('step'),
    /** The entry less kind and step. */
    data: jsonb('data').notNull(),
    /** Rises over all jobs in commit order as far as one run is concerned: the event id of the stream. */
    eventId: bigint('event_id', { mode: 'number' }).notNull().generatedAlwaysAsIdentity(),
    runId: uuid('run_id').notNull(),
  },
  (t) => [primaryKey({ columns: [t.jobId, t.seq] }), index('journal_run_idx').on(t.runId, t.eventId)],
)

/** Rows that steps answered with, apart from their lines: fewer people may read them, and they are removed after some time. */
export const resultGrids = pgTable(
  'result_grids',
  {
    jobId: uuid('job_id')
      .notNull()
      .references(() => jobs.id, { onDelete: 'cascade' }),
    /** Of the line. */
    seq: integer('seq').notNull(),
    at: moment('at').notNull().defaultNow(),
    /** Of `rows` as text. */
    bytes: integer('bytes').notNull(),
    rows: jsonb('rows').notNull(),
  },
  (t) => [primaryKey({ columns: [t.jobId, t.seq] }), index('result_grids_at_idx').on(t.at)],
)

export const leaseEpoch = pgSequence('lease_epoch')

/** `job:<id>`, `herd:<id>`. A heartbeat moves `expiresAt`; the token is what a holder must still see before each line. */
export const leases = pgTable('leases', {
  name: text('name').primaryKey(),
  token: uuid('token').notNull(),
  /** Rises each time another holder takes it: a fencing number for the outside. */
  epoch: bigint('epoch', { mode: 'number' }).notNull().default(sql`nextval('lease_epoch')`),
  holder: text('holder').notNull(),
  reason: text('reason').notNull().default(''),
  jobId: uuid('job_id'),
  /** A person who holds it from outside, around work that is not the console's; null: a worker drives something under it. */
  owner: text('owner'),
  personId: uuid('person_id'),
  acquiredAt: moment('acquired_at').notNull().defaultNow(),
  expiresAt: moment('expires_at').notNull(),
})

export const workers = pgTable('workers', {
  id: uuid('id').primaryKey(),
  host: text('host').notNull(),
  pid: integer('pid').notNull(),
  startedAt: moment('started_at').notNull().defaultNow(),
  seenAt: moment('seen_at').notNull().defaultNow(),
  jobs: integer('jobs').notNull().default(0),
})
