import { sql } from 'drizzle-orm'
import { bigint, check, date, index, integer, jsonb, pgTable, primaryKey, text, unique, uuid } from 'drizzle-orm/pg-core'
import type { SentRule } from '@/lib/domain/pygmy/rule'
import { moment } from './columns'
import { herds, instances } from './fleet'
import { sizingRules } from './sizing'

/** The last number of each kind: a number is never given twice. */
export const pygmyCounters = pgTable('pygmy_counters', {
  kind: text('kind').primaryKey(),
  last: integer('last').notNull(),
})

/** The number that scripts know a herd, an instance or a sizing rule by. */
export const pygmyNumbers = pgTable(
  'pygmy_numbers',
  {
    kind: text('kind').$type<'cluster' | 'instance' | 'rule'>().notNull(),
    number: integer('number').notNull(),
    herdId: uuid('herd_id').references(() => herds.id, { onDelete: 'cascade' }),
    instanceId: uuid('instance_id').references(() => instances.id, { onDelete: 'cascade' }),
    ruleId: uuid('rule_id').references(() => sizingRules.id, { onDelete: 'cascade' }),
    /** Of a cluster: its name in pygmy, where the herd is called otherwise. */
    name: text('name'),
    sent: jsonb('sent').$type<SentRule>(),
  },
  (t) => [
    primaryKey({ columns: [t.kind, t.number] }),
    unique('pygmy_numbers_herd_key').on(t.herdId),
    unique('pygmy_numbers_instance_key').on(t.instanceId),
    unique('pygmy_numbers_rule_key').on(t.ruleId),
    check('pygmy_numbers_check', sql`num_nonnulls(${t.herdId}, ${t.instanceId}, ${t.ruleId}) = 1`),
  ],
)

/** What was said of a herd for all of its rules: `/v1/api/cluster/management`. */
export const pygmyManagements = pgTable(
  'pygmy_managements',
  {
    number: integer('number').primaryKey(),
    herdId: uuid('herd_id')
      .notNull()
      .references(() => herds.id, { onDelete: 'cascade' }),
    averageLoad: text('average_load').notNull(),
    fallbacksUp: jsonb('fallbacks_up').$type<unknown>(),
    fallbacksDown: jsonb('fallbacks_down').$type<unknown>(),
    activeUsers: jsonb('active_users').$type<unknown>(),
  },
  (t) => [unique('pygmy_managements_herd_key').on(t.herdId)],
)

/** Which name a DNS hook is given for a member: `/v1/api/dns`. */
export const pygmyNames = pgTable(
  'pygmy_names',
  {
    number: integer('number').primaryKey(),
    hostedZone: text('hosted_zone').notNull(),
    dnsName: text('dns_name').notNull(),
    matchType: text('match_type').$type<'MATCH_INSTANCE' | 'MATCH_ROLE'>().notNull(),
    instanceId: uuid('instance_id').references(() => instances.id, { onDelete: 'cascade' }),
    herdId: uuid('herd_id').references(() => herds.id, { onDelete: 'cascade' }),
    tagRole: text('tag_role'),
  },
  (t) => [
    unique('pygmy_names_role_key').on(t.herdId, t.tagRole),
    index('pygmy_names_instance_idx').on(t.instanceId),
    check(
      'pygmy_names_match_check',
      sql`case ${t.matchType} when 'MATCH_INSTANCE' then ${t.instanceId} is not null and ${t.herdId} is null and ${t.tagRole} is null
        else ${t.instanceId} is null and ${t.herdId} is not null and ${t.tagRole} is not null end`,
    ),
  ],
)

/** Days of `/v1/api/exceptions`. Which herds rest on them stands in the herds’ calendars. */
export const pygmyDates = pgTable(
  'pygmy_dates',
  {
    number: integer('number').primaryKey(),
    day: date('day', { mode: 'string' }).notNull(),
    addedAt: moment('added_at').notNull().defaultNow(),
    changedAt: moment('changed_at').notNull().defaultNow(),
  },
  (t) => [unique('pygmy_dates_day_key').on(t.day)],
)

/** The newest calls of `/v1/api` by somebody who is known, a thousand of them. */
export const pygmyCalls = pgTable('pygmy_calls', {
  seq: bigint('seq', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
  at: moment('at').notNull().defaultNow(),
  personId: uuid('person_id'),
  actorName: text('actor_name').notNull(),
  method: text('method').notNull(),
  path: text('path').notNull(),
  status: integer('status').notNull(),
  /** What it was refused with; empty: nothing. */
  answer: text('answer').notNull().default(''),
})
