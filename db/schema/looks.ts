import { index, integer, jsonb, pgTable, primaryKey, real, text, uuid } from 'drizzle-orm/pg-core'
import type { CheckStep } from '@/lib/domain/values/check-step'
import { id, moment } from './columns'
import { environments, instances } from './fleet'

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
    kind: text('kind').$type<'activity' | 'log' | 'settings' | 'statements' | 'health'>().notNull(),
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

/** Hosts that somebody wants checked before they are registered, each once: a worker goes through the steps, and the row is gone a while after. */
export const hostChecks = pgTable(
  'host_checks',
  {
    id: id(),
    environmentId: uuid('environment_id')
      .notNull()
      .references(() => environments.id, { onDelete: 'cascade' }),
    address: text('address').notNull(),
    sshPort: integer('ssh_port').notNull(),
    sshUser: text('ssh_user').notNull(),
    hostKey: text('host_key'),
    profile: text('profile').notNull(),
    personId: uuid('person_id'),
    askedAt: moment('asked_at').notNull().defaultNow(),
    /** A worker is at it; if it dies, another one begins anew from then on. */
    claimedUntil: moment('claimed_until'),
    endedAt: moment('ended_at'),
    steps: jsonb('steps').$type<CheckStep[]>(),
    /** Why there are no steps. */
    because: text('because'),
  },
  (t) => [index('host_checks_asked_idx').on(t.askedAt)],
)
