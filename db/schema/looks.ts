import { index, jsonb, pgTable, primaryKey, real, text, uuid } from 'drizzle-orm/pg-core'
import { moment } from './columns'
import { instances } from './fleet'

/**
 * What somebody watches now and nobody observes otherwise: while it is wanted, a worker looks again and again. `answer` is what was seen last, at
 * `seen_at`; `because` why the last look saw nothing.
 */
export const liveLooks = pgTable(
  'live_looks',
  {
    instanceId: uuid('instance_id')
      .notNull()
      .references(() => instances.id, { onDelete: 'cascade' }),
    kind: text('kind').$type<'activity' | 'log' | 'settings' | 'statements'>().notNull(),
    /** What is asked beside, as JSON. */
    question: text('question').notNull().default(''),
    everySeconds: real('every_seconds').notNull(),
    wantedUntil: moment('wanted_until').notNull(),
    /** A worker looks; if it dies, another one does from then on. */
    claimedUntil: moment('claimed_until'),
    /** When the last look ended, whatever it saw. */
    lookedAt: moment('looked_at'),
    seenAt: moment('seen_at'),
    answer: jsonb('answer'),
    because: text('because'),
  },
  (t) => [primaryKey({ columns: [t.instanceId, t.kind, t.question] }), index('live_looks_wanted_idx').on(t.wantedUntil)],
)
