import { sql } from 'drizzle-orm'
import { type AnyPgColumn, boolean, check, foreignKey, index, integer, jsonb, pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import type { MemberVerdict } from '@/lib/domain/rules/choose'
import type { Evidence } from '@/lib/domain/rules/recommend'
import { id, moment, stamps } from './columns'
import { environments, herds } from './fleet'
import { people } from './people'

/** When, on which conditions, which standbys of a herd become which type. It acts as the person who saved it last. */
export const sizingRules = pgTable(
  'sizing_rules',
  {
    id: id(),
    /** Of its herd, by a trigger. */
    environmentId: uuid('environment_id').notNull().default(sql`'00000000-0000-0000-0000-000000000000'`),
    herdId: uuid('herd_id')
      .notNull()
      .references(() => herds.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    action: text('action').$type<'down' | 'up' | 'return'>().notNull(),
    reverseOf: uuid('reverse_of').references((): AnyPgColumn => sizingRules.id, { onDelete: 'cascade' }),
    type: text('type'),
    /** `Backup:m5.large`. */
    memberTypes: text('member_types').array().notNull().default(sql`'{}'`),
    fallbacks: text('fallbacks').notNull().default(''),
    /** One a line. */
    schedules: text('schedules').notNull(),
    zone: text('zone').notNull().default('UTC'),
    jitterSeconds: integer('jitter_seconds').notNull().default(0),
    conditions: text('conditions').notNull().default(''),
    /** LIKE patterns of the clients that count: `app%`, `application:pg_repack%`. */
    countedClients: text('counted_clients').array().notNull().default(sql`'{}'`),
    ignoredClients: text('ignored_clients').array().notNull().default(sql`'{}'`),
    missedRuns: text('missed_runs').$type<'skip' | 'run'>().notNull().default('skip'),
    startWithinMinutes: integer('start_within_minutes').notNull().default(15),
    retryMinutes: integer('retry_minutes'),
    retryMax: integer('retry_max'),
    cutsClients: boolean('cuts_clients').notNull().default(true),
    leavesNoStandby: boolean('leaves_no_standby').notNull().default(false),
    actsInProtected: boolean('acts_in_protected').notNull().default(false),
    isOutsideWindow: boolean('is_outside_window').notNull().default(false),
    isPaused: boolean('is_paused').notNull().default(false),
    pauseReason: text('pause_reason').notNull().default(''),
    /** null: until somebody ends it. */
    pausedUntil: moment('paused_until'),
    note: text('note').notNull().default(''),
    personId: uuid('person_id').references(() => people.id, { onDelete: 'set null' }),
    /** It was saved with, and must still hold; null: a login. */
    tokenId: uuid('token_id'),
    /** When a worker decides next, its delay included; null: a worker works it out. */
    nextAt: moment('next_at'),
    /** What it is due for then, and the how-manieth attempt at it that will be. */
    nextOccurrence: moment('next_occurrence'),
    nextAttempt: integer('next_attempt').notNull().default(1),
    lastState: text('last_state'),
    lastBecause: text('last_because'),
    lastAt: moment('last_at'),
    /** What a second person agreed to is the rule as of this revision. */
    approvedRevision: integer('approved_revision'),
    approvedBy: uuid('approved_by').references(() => people.id, { onDelete: 'set null' }),
    approvedByName: text('approved_by_name'),
    approvedAt: moment('approved_at'),
    ...stamps(),
  },
  (t) => [
    uniqueIndex('sizing_rules_name_key').on(t.herdId, sql`lower(${t.name})`),
    index('sizing_rules_name_idx').on(t.name, t.id),
    index('sizing_rules_environment_idx').on(t.environmentId, t.name),
    index('sizing_rules_reverse_idx').on(t.reverseOf),
    index('sizing_rules_person_idx').on(t.personId),
    index('sizing_rules_due_idx').on(t.nextAt),
    index('sizing_rules_new_idx').on(t.id).where(sql`next_at is null`),
    index('sizing_rules_name_trgm').using('gin', t.name.op('gin_trgm_ops')),
    check('sizing_rules_action_check', sql`${t.action} in ('down', 'up', 'return')`),
  ],
)

/** What became of one member in a decision. */
export type DecidedMember = MemberVerdict & {
  /** It is part of this run. */ runId: string | null /** Why it is not, although it was chosen. */
  leftOut: string | null
}

/** The journal: one row for each time a rule was due, or was run by hand. The key makes sure that of all workers one decides it. */
export const sizingDecisions = pgTable(
  'sizing_decisions',
  {
    id: id(),
    /** null: the rule is deleted. */
    ruleId: uuid('rule_id').references(() => sizingRules.id, { onDelete: 'set null' }),
    herdId: uuid('herd_id').notNull(),
    environmentId: uuid('environment_id').notNull(),
    title: text('title').notNull(),
    kind: text('kind').$type<'scheduled' | 'manual' | 'stay-big'>().notNull().default('scheduled'),
    occurrence: moment('occurrence').notNull(),
    attempt: integer('attempt').notNull().default(1),
    /** Earlier ones that no worker was there for. */
    missed: integer('missed').notNull().default(0),
    state: text('state')
      .$type<'deciding' | 'submitted' | 'no-change' | 'not-met' | 'unknown' | 'held' | 'refused' | 'failed' | 'missed'>()
      .notNull()
      .default('deciding'),
    because: text('because').notNull().default(''),
    members: jsonb('members').$type<DecidedMember[]>().notNull().default([]),
    /** The first of its runs; each member has its own. */
    runId: uuid('run_id'),
    /** In whose name. */
    personId: uuid('person_id'),
    tokenId: uuid('token_id'),
    actorName: text('actor_name').notNull().default(''),
    ruleRevision: integer('rule_revision').notNull(),
    /** Of the worker that decides; once its time is over another one may. */
    claim: uuid('claim'),
    claimedUntil: moment('claimed_until'),
    createdAt: moment('created_at').notNull().defaultNow(),
    decidedAt: moment('decided_at'),
  },
  (t) => [
    uniqueIndex('sizing_decisions_key').on(t.ruleId, t.kind, t.occurrence, t.attempt),
    index('sizing_decisions_open_idx').on(t.claimedUntil).where(sql`state = 'deciding'`),
    index('sizing_decisions_occurrence_idx').on(t.occurrence, t.id),
    index('sizing_decisions_rule_idx').on(t.ruleId, t.occurrence),
    index('sizing_decisions_herd_idx').on(t.herdId, t.occurrence),
    index('sizing_decisions_environment_idx').on(t.environmentId, t.occurrence),
    index('sizing_decisions_run_idx').on(t.runId),
    index('sizing_decisions_title_trgm').using('gin', t.title.op('gin_trgm_ops')),
  ],
)

/** Days on which rules rest. */
export const calendars = pgTable(
  'calendars',
  {
    id: id(),
    /** null: every environment. */
    environmentId: uuid('environment_id').references(() => environments.id, { onDelete: 'cascade' }),
    /** null: every herd of it. */
    herdId: uuid('herd_id').references(() => herds.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    zone: text('zone').notNull().default('UTC'),
    /** One a line. */
    dates: text('dates').notNull(),
    holdsDown: boolean('holds_down').notNull().default(true),
    holdsUp: boolean('holds_up').notNull().default(false),
    /** Standbys that a rule made smaller get their earlier type back so many minutes before; rules that shrink rest from then on. */
    staysBig: boolean('stays_big').notNull().default(false),
    growBeforeMinutes: integer('grow_before_minutes'),
    note: text('note').notNull().default(''),
    ...stamps(),
  },
  (t) => [
    uniqueIndex('calendars_name_key').on(sql`lower(${t.name})`),
    index('calendars_name_idx').on(t.name, t.id),
    index('calendars_environment_idx').on(t.environmentId, t.name),
    index('calendars_herd_idx').on(t.herdId),
    index('calendars_name_trgm').using('gin', t.name.op('gin_trgm_ops')),
  ],
)

/** What was found for a herd last: that its standbys could be smaller, that a rule of it seldom acts, or nothing. */
export const sizingRecommendations = pgTable(
  'sizing_recommendations',
  {
    id: id(),
    herdId: uuid('herd_id').notNull(),
    environmentId: uuid('environment_id').notNull(),
    /** The herd's name. */
    title: text('title').notNull(),
    kind: text('kind').$type<'shrink' | 'smaller' | 'review' | 'covered' | 'none'>().notNull(),
    fromType: text('from_type'),
    type: text('type'),
    fromHour: integer('from_hour'),
    untilHour: integer('until_hour'),
    /** A month, in whole USD. */
    savedUsd: integer('saved_usd'),
    because: text('because').notNull(),
    ruleId: uuid('rule_id').references(() => sizingRules.id, { onDelete: 'cascade' }),
    evidence: jsonb('evidence').$type<Evidence>().notNull(),
    foundAt: moment('found_at').notNull().defaultNow(),
  },
  (t) => [
    uniqueIndex('sizing_recommendations_herd_key').on(t.herdId),
    foreignKey({
      columns: [t.herdId, t.environmentId],
      foreignColumns: [herds.id, herds.environmentId],
      name: 'sizing_recommendations_herd_fk',
    })
      .onUpdate('cascade')
      .onDelete('cascade'),
    index('sizing_recommendations_environment_idx').on(t.environmentId, t.savedUsd),
    index('sizing_recommendations_saved_idx').on(t.savedUsd, t.id),
    index('sizing_recommendations_found_idx').on(t.foundAt),
    index('sizing_recommendations_title_trgm').using('gin', t.title.op('gin_trgm_ops')),
  ],
)

/** How many herds rules may resize at once. */
export const sizingLimits = pgTable(
  'sizing_limits',
  {
    id: id(),
    /** Empty: the whole fleet. */
    region: text('region').notNull().default(''),
    atOnce: integer('at_once').notNull(),
    note: text('note').notNull().default(''),
    ...stamps(),
  },
  (t) => [
    uniqueIndex('sizing_limits_region_key').on(t.region),
    index('sizing_limits_region_trgm').using('gin', t.region.op('gin_trgm_ops')),
    check('sizing_limits_at_once_check', sql`${t.atOnce} > 0`),
  ],
)
