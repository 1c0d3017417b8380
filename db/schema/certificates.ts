import { bigint, index, integer, jsonb, pgTable, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core'
import type { Strip, StripPiece } from '@/lib/domain/proof/canary-strip'
import { jobs } from './work'

/**
 * One for each job that moved a primary, under the id of that job. The document is what was signed, byte for byte; the columns beside it are for lists.
 * It has no foreign keys: a certificate outlives its run, its herd and its servers.
 */
export const certificates = pgTable(
  'certificates',
  {
    id: uuid('id').primaryKey(),
    runId: uuid('run_id').notNull(),
    herdId: uuid('herd_id'),
    environmentId: uuid('environment_id'),
    title: text('title').notNull(),
    operation: text('operation').notNull(),
    verdict: text('verdict').$type<'proven' | 'not-provable' | 'lost'>().notNull(),
    because: text('because').notNull(),
    /** Of WAL, at least; null: nothing is known to be lost, or not how much. */
    lostBytes: bigint('lost_bytes', { mode: 'number' }),
    /** What a client saw; null: no canary wrote. */
    gapMs: integer('gap_ms'),
    errors: integer('errors'),
    keyId: text('key_id').notNull(),
    issuedAt: timestamp('issued_at', { withTimezone: true }).notNull(),
    document: text('document').notNull(),
  },
  (t) => [
    index('certificates_issued_idx').on(t.issuedAt, t.id),
    index('certificates_herd_idx').on(t.herdId, t.issuedAt),
    index('certificates_environment_idx').on(t.environmentId, t.issuedAt),
    index('certificates_verdict_idx').on(t.verdict, t.issuedAt),
    index('certificates_title_trgm').using('gin', t.title.op('gin_trgm_ops')),
  ],
)

/** What the canary of a job saw, piece by piece while it writes; at its end one row with the whole strip takes their place. */
export const canaryStrips = pgTable(
  'canary_strips',
  {
    jobId: uuid('job_id')
      .notNull()
      .references(() => jobs.id, { onDelete: 'cascade' }),
    /** Rises within a job, also over the whole strip: a reader asks for what is above the last one it has. */
    seq: integer('seq').notNull(),
    runId: uuid('run_id').notNull(),
    piece: jsonb('piece').$type<StripPiece | Strip>().notNull(),
  },
  (t) => [primaryKey({ columns: [t.jobId, t.seq] }), index('canary_strips_run_idx').on(t.runId, t.jobId, t.seq)],
)
