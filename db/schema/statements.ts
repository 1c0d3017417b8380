import { bigint, date, doublePrecision, index, integer, pgTable, primaryKey, text, unique, uuid } from 'drizzle-orm/pg-core'
import { moment } from './columns'
import { instances } from './fleet'

/** What samples mean by a number: a statement of a user in a database, as pg_stat_statements normalised it. */
export const statementKeys = pgTable(
  'statement_keys',
  {
    id: integer('id').primaryKey().generatedAlwaysAsIdentity(),
    instanceId: uuid('instance_id')
      .notNull()
      .references(() => instances.id, { onDelete: 'cascade' }),
    queryId: bigint('query_id', { mode: 'bigint' }).notNull(),
    database: text('database').notNull(),
    userName: text('user_name').notNull(),
    text: text('text').notNull(),
    /** So that what leads no more can go. */
    seenOn: date('seen_on').notNull(),
  },
  (t) => [
    unique('statement_keys_statement_key').on(t.instanceId, t.queryId, t.database, t.userName),
    index('statement_keys_seen_idx').on(t.seenOn),
  ],
)

/** Counters of the statements that led at a moment: of each key in turn as many figures as `lib/domain/statements/statement.ts` names, in its order. */
export const statementSamples = pgTable(
  'statement_samples',
  {
    instanceId: uuid('instance_id')
      .notNull()
      .references(() => instances.id, { onDelete: 'cascade' }),
    at: moment('at').notNull(),
    /** As the server says it; null: its extension is too old to say. */
    resetAt: text('reset_at'),
    keys: integer('keys').array().notNull(),
    figures: doublePrecision('figures').array().notNull(),
  },
  (t) => [primaryKey({ columns: [t.instanceId, t.at] }), index('statement_samples_at_idx').on(t.at)],
)

/** Whether there is anything to sample, as the last look found it. */
export const statementLooks = pgTable('statement_looks', {
  instanceId: uuid('instance_id')
    .primaryKey()
    .references(() => instances.id, { onDelete: 'cascade' }),
  state: text('state').$type<'seen' | 'not-loaded' | 'not-created'>().notNull(),
  libraries: text('libraries'),
  seenAt: moment('seen_at').notNull(),
})
