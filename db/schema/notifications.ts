import { sql } from 'drizzle-orm'
import { boolean, check, index, integer, jsonb, pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import type { Event } from '@/lib/domain/notifications/fold'
import type { ToldAct } from '@/lib/domain/notifications/notice'
import type { Family, Remedy, SeverityName, TroubleKind } from '@/lib/domain/notifications/trouble'
import { id, moment, stamps } from './columns'
import { environments } from './fleet'
import { people } from './people'

/** Whom to tell of what. Secrets are sealed for the worker; no generic reader selects them. */
export const subscriptions = pgTable(
  'subscriptions',
  {
    id: id(),
    name: text('name').notNull(),
    /** null: every environment. */
    environmentId: uuid('environment_id').references(() => environments.id, { onDelete: 'cascade' }),
    /** Who saved it last. It tells no more than they may see. null: they are gone. */
    personId: uuid('person_id').references(() => people.id, { onDelete: 'set null' }),
    channel: text('channel').$type<'webhook' | 'slack' | 'pagerduty' | 'email'>().notNull(),
    leastSeverity: text('least_severity').$type<SeverityName>().notNull().default('warning'),
    tellsProblems: boolean('tells_problems').notNull().default(true),
    tellsApprovals: boolean('tells_approvals').notNull().default(true),
    tellsAttention: boolean('tells_attention').notNull().default(true),
    tellsCertificates: boolean('tells_certificates').notNull().default(true),
    tellsScheduled: boolean('tells_scheduled').notNull().default(true),
    url: text('url').notNull().default(''),
    recipients: text('recipients').array().notNull().default(sql`'{}'`),
    sealedSlackUrl: text('sealed_slack_url'),
    slackUrl: boolean('slack_url').generatedAlwaysAs(sql`sealed_slack_url is not null`),
    sealedRoutingKey: text('sealed_routing_key'),
    routingKey: boolean('routing_key').generatedAlwaysAs(sql`sealed_routing_key is not null`),
    sealedSigning: text('sealed_signing'),
    isSigned: boolean('is_signed').generatedAlwaysAs(sql`sealed_signing is not null`),
    /** Signs as well until `previousUntil`. */
    sealedPreviousSigning: text('sealed_previous_signing'),
    previousUntil: moment('previous_until'),
    quietFrom: text('quiet_from').notNull().default(''),
    quietUntil: text('quiet_until').notNull().default(''),
    quietZone: text('quiet_zone').notNull().default('UTC'),
    holdsCritical: boolean('holds_critical').notNull().default(false),
    isPaused: boolean('is_paused').notNull().default(false),
    note: text('note').notNull().default(''),
    state: text('state').$type<'new' | 'delivering' | 'failing'>().notNull().default('new'),
    because: text('because'),
    failingSince: moment('failing_since'),
    lastSentAt: moment('last_sent_at'),
    lastDigestAt: moment('last_digest_at'),
    /** A worker sends for it; if it dies, another one does from then on. */
    claimedUntil: moment('claimed_until'),
    ...stamps(),
  },
  (t) => [
    uniqueIndex('subscriptions_name_key').on(sql`lower(${t.name})`),
    index('subscriptions_name_idx').on(t.name, t.id),
    index('subscriptions_environment_idx').on(t.environmentId, t.name),
    index('subscriptions_person_idx').on(t.personId),
    index('subscriptions_failing_idx').on(t.personId).where(sql`failing_since is not null`),
    index('subscriptions_name_trgm').using('gin', t.name.op('gin_trgm_ops')),
    check('subscriptions_channel_check', sql`${t.channel} in ('webhook', 'slack', 'pagerduty', 'email')`),
  ],
)

/** A trouble from its begin to its end, under one identity. Written by workers alone. */
export const incidents = pgTable(
  'incidents',
  {
    id: id(),
    kind: text('kind').$type<TroubleKind>().notNull(),
    itemKey: text('item_key').notNull(),
    /** In order. */
    environmentIds: uuid('environment_ids').array().notNull(),
    family: text('family').$type<Family>().notNull(),
    severity: integer('severity').notNull(),
    headline: text('headline').notNull(),
    label: text('label').notNull(),
    detail: text('detail').notNull(),
    href: text('href').notNull(),
    remedy: jsonb('remedy').$type<Remedy>(),
    /** As far as it was seen. */
    since: moment('since'),
    beganAt: moment('began_at').notNull().defaultNow(),
    endedAt: moment('ended_at'),
    flaps: integer('flaps').notNull().default(0),
    acknowledgedAt: moment('acknowledged_at'),
  },
  (t) => [
    uniqueIndex('incidents_open_key').on(t.kind, t.itemKey, t.environmentIds).where(sql`ended_at is null`),
    index('incidents_ended_idx').on(t.endedAt),
    // Those that the front page marks in its charts.
    index('incidents_severe_idx').on(t.beganAt).where(sql`severity <= 1`),
    // What it is about: keys of what concerns two objects begin with the first.
    index('incidents_subject_idx').on(sql`split_part(item_key, ' ', 1)`, t.beganAt),
  ],
)

/** The outbox and its log: one message to one subscription about one incident, or a test. Its id is the receiver's key against doubles. */
export const deliveries = pgTable(
  'deliveries',
  {
    id: id(),
    subscriptionId: uuid('subscription_id')
      .notNull()
      .references(() => subscriptions.id, { onDelete: 'cascade' }),
    /** That of its subscription when it was written. */
    environmentId: uuid('environment_id').references(() => environments.id, { onDelete: 'cascade' }),
    /** null: a test. */
    incidentId: uuid('incident_id').references(() => incidents.id, { onDelete: 'cascade' }),
    event: text('event').$type<Event>().notNull(),
    severity: text('severity').$type<SeverityName>().notNull(),
    title: text('title').notNull(),
    state: text('state').$type<'waiting' | 'sent' | 'given-up' | 'folded'>().notNull().default('waiting'),
    attempts: integer('attempts').notNull().default(0),
    dueAt: moment('due_at').notNull(),
    firstTriedAt: moment('first_tried_at'),
    claimedUntil: moment('claimed_until'),
    /** It goes, or went, in a message with others: that message's id, which stays the same when it is sent again. */
    digestId: uuid('digest_id'),
    answer: text('answer'),
    createdAt: moment('created_at').notNull().defaultNow(),
    finishedAt: moment('finished_at'),
  },
  (t) => [
    index('deliveries_due_idx').on(t.subscriptionId, t.dueAt).where(sql`state = 'waiting'`),
    index('deliveries_incident_idx').on(t.incidentId, t.createdAt),
    index('deliveries_created_idx').on(t.createdAt, t.id),
    index('deliveries_subscription_idx').on(t.subscriptionId, t.createdAt),
    index('deliveries_environment_idx').on(t.environmentId, t.createdAt),
    index('deliveries_state_idx').on(t.state, t.createdAt),
    index('deliveries_title_trgm').using('gin', t.title.op('gin_trgm_ops')),
  ],
)

/** Mails to people about what they sign in with, each once; written in the transaction of what it tells. */
export const notices = pgTable(
  'notices',
  {
    id: id(),
    personId: uuid('person_id')
      .notNull()
      .references(() => people.id, { onDelete: 'cascade' }),
    /** As it was at the time: who changes an address is told at the old one. */
    address: text('address').notNull(),
    act: text('act').$type<ToldAct>().notNull(),
    /** Of the factor or the token. */
    title: text('title').notNull().default(''),
    actorName: text('actor_name').notNull(),
    from: text('from_address'),
    createdAt: moment('created_at').notNull().defaultNow(),
    dueAt: moment('due_at').notNull().defaultNow(),
    attempts: integer('attempts').notNull().default(0),
    claimedUntil: moment('claimed_until'),
    finishedAt: moment('finished_at'),
    /** What the mail server said last. */
    answer: text('answer'),
  },
  (t) => [index('notices_due_idx').on(t.dueAt).where(sql`finished_at is null`), index('notices_person_idx').on(t.personId)],
)
