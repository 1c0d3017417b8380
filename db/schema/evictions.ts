import { sql } from 'drizzle-orm'
import { index, integer, pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import type { AnswerState } from '@/lib/domain/evictions/recovery'
import { id, moment } from './columns'
import { herds, servers } from './fleet'

/** What AWS said of a spot machine that it takes back, or may take back soon; one row for each time it says so. */
export const evictions = pgTable(
  'evictions',
  {
    id: id(),
    environmentId: uuid('environment_id').notNull(),
    serverId: uuid('server_id')
      .notNull()
      .references(() => servers.id, { onDelete: 'cascade' }),
    /** Of its host. */
    title: text('title').notNull(),
    /** EC2's own. */
    instanceId: text('instance_id').notNull(),
    kind: text('kind').$type<'interruption' | 'rebalance'>().notNull(),
    /** What AWS does with it: `terminate`, `stop`, `hibernate`; empty: a recommendation, or not said. */
    action: text('action').notNull().default(''),
    /** Who told the console: the agent on the host, or a sweep of the account that found it gone. */
    source: text('source').$type<'agent' | 'cloud'>().notNull(),
    /** When AWS takes it; null: not said. */
    dueAt: moment('due_at'),
    heardAt: moment('heard_at').notNull().default(sql`clock_timestamp()`),
    withdrawnAt: moment('withdrawn_at'),
    /** When a sweep found that the machine does not run any more. */
    goneAt: moment('gone_at'),
    /** Nothing more comes of it. */
    closedAt: moment('closed_at'),
  },
  (t) => [
    uniqueIndex('evictions_open_key').on(t.serverId, t.instanceId, t.kind).where(sql`withdrawn_at is null and closed_at is null`),
    index('evictions_heard_idx').on(t.heardAt),
  ],
)

/** What the console does for a herd that loses machines, while it loses them. Its runs are the record. */
export const evictionAnswers = pgTable(
  'eviction_answers',
  {
    herdId: uuid('herd_id')
      .primaryKey()
      .references(() => herds.id, { onDelete: 'cascade' }),
    state: text('state').$type<AnswerState>().notNull().default('open'),
    because: text('because').notNull().default(''),
    /** The run that acts, or acted last. */
    runId: uuid('run_id'),
    /** What that run is for: the notice whose member leaves its names, or in whose place a standby is launched; null: it moves the primary. */
    leaving: uuid('leaving'),
    replacing: uuid('replacing'),
    /** Notices whose members were taken out of their names. */
    gone: uuid('gone').array().notNull().default(sql`'{}'`),
    /** Notices for whose members a standby was launched, or several launches came to nothing. */
    replaced: uuid('replaced').array().notNull().default(sql`'{}'`),
    /** Runs and plans in a row that came to nothing. */
    failures: integer('failures').notNull().default(0),
    nextAt: moment('next_at').notNull().default(sql`clock_timestamp()`),
    /** Of the worker that decides now. */
    claim: uuid('claim'),
    claimedUntil: moment('claimed_until'),
    changedAt: moment('changed_at').notNull().default(sql`clock_timestamp()`),
  },
  (t) => [index('eviction_answers_next_idx').on(t.nextAt)],
)
