import { bigint, index, jsonb, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import type { JobState, JournalLine } from '@/lib/kernel/ground/journal'
import { moment } from './columns'

/**
 * What is kept of each failover, under the id of its job: a trigger on `jobs` writes it with every step, in the transaction of the journal. It has no
 * foreign keys: a report outlives its run, its herd and its servers.
 */
export const failovers = pgTable(
  'failovers',
  {
    id: uuid('id').primaryKey(),
    runId: uuid('run_id').notNull(),
    herdId: uuid('herd_id'),
    environmentId: uuid('environment_id'),
    title: text('title').notNull(),
    state: text('state').$type<JobState>().notNull(),
    because: text('because'),
    mode: text('mode').$type<'planned' | 'emergency' | 'unordered'>().notNull(),
    oldPrimary: text('old_primary'),
    newPrimary: text('new_primary'),
    /** Estimated when the plan was made; 0 for a planned one. */
    lossBytes: bigint('loss_bytes', { mode: 'number' }),
    actorName: text('actor_name').notNull(),
    reason: text('reason').notNull().default(''),
    startedAt: moment('started_at'),
    finishedAt: moment('finished_at'),
    lines: jsonb('lines').$type<JournalLine[]>().notNull(),
  },
  (t) => [
    index('failovers_started_idx').on(t.startedAt, t.id),
    index('failovers_herd_idx').on(t.herdId, t.startedAt),
    index('failovers_environment_idx').on(t.environmentId, t.startedAt),
    index('failovers_title_trgm').using('gin', t.title.op('gin_trgm_ops')),
  ],
)
