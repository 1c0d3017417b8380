import { sql } from 'drizzle-orm'
import {
  boolean,
  doublePrecision,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  unique,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core'
import type { Difference, RecordedMachine } from '@/lib/domain/machines/drift'
import { id, moment, stamps } from './columns'
import { environments, servers } from './fleet'

/** How one AWS account is reached. Secrets are sealed for the worker; no generic reader selects them. */
export const cloudAccounts = pgTable(
  'cloud_accounts',
  {
    id: id(),
    environmentId: uuid('environment_id')
      .notNull()
      .references(() => environments.id),
    name: text('name').notNull(),
    endpoint: text('endpoint'),
    regions: text('regions').array().notNull().default(sql`'{}'`),
    /** The credentials of the worker's host, whatever they reach: only an administrator of every environment may say so. */
    usesWorkerRole: boolean('uses_worker_role').notNull().default(false),
    accessKeyId: text('access_key_id'),
    sealedAccessSecret: text('sealed_access_secret'),
    /** Whether there is one: all that anybody is shown. */
    accessSecret: boolean('access_secret').generatedAlwaysAs(sql`sealed_access_secret is not null`),
    roleArn: text('role_arn'),
    externalId: text('external_id'),
    /** Lines such as `Role=PostgreSQL`; empty: every machine. */
    machineTags: text('machine_tags').array().notNull().default(sql`'{}'`),
    herdTemplate: text('herd_template'),
    /** Whether DB instances of RDS are looked for, beside machines of EC2. */
    looksForRds: boolean('looks_for_rds').notNull().default(false),
    note: text('note'),
    state: text('state').$type<'reachable' | 'unreachable' | 'refused' | 'unknown'>().notNull().default('unknown'),
    because: text('because'),
    awsAccount: text('aws_account'),
    machineCount: integer('machine_count').notNull().default(0),
    observedAt: moment('observed_at'),
    ...stamps(),
  },
  (t) => [
    uniqueIndex('cloud_accounts_name_key').on(t.environmentId, sql`lower(${t.name})`),
    unique('cloud_accounts_id_environment_key').on(t.id, t.environmentId),
    index('cloud_accounts_name_idx').on(t.name, t.id),
    index('cloud_accounts_name_trgm').using('gin', t.name.op('gin_trgm_ops')),
  ],
)

/** What EC2 said of an instance, or RDS of a DB instance, when its region was swept last. Account and environment go together. */
export const machines = pgTable(
  'machines',
  {
    id: id(),
    accountId: uuid('account_id').notNull(),
    environmentId: uuid('environment_id').notNull(),
    kind: text('kind').$type<'ec2' | 'rds'>().notNull().default('ec2'),
    /** Its Name tag, or its instance id. */
    title: text('title').notNull(),
    instanceId: text('instance_id').notNull(),
    region: text('region').notNull(),
    zone: text('zone').notNull(),
    type: text('type').notNull(),
    family: text('family').notNull(),
    /** EC2's or RDS's own word, or `gone`: the region answered and did not list it. */
    state: text('state').notNull(),
    market: text('market').$type<'on-demand' | 'spot'>().notNull().default('on-demand'),
    architecture: text('architecture').notNull().default(''),
    privateAddress: text('private_address'),
    publicAddress: text('public_address'),
    addresses: text('addresses').array().notNull().default(sql`'{}'`),
    volumes: jsonb('volumes').$type<{ id: string; device: string; size: number; type: string }[]>().notNull().default([]),
    volumeGib: integer('volume_gib').notNull().default(0),
    /** Of a DB instance. */
    engineVersion: text('engine_version'),
    port: integer('port'),
    /** The DB instance that it is a read replica of. */
    replicatesFrom: text('replicates_from'),
    /** A class that was asked for and is not in force yet. */
    pendingType: text('pending_type'),
    /** `Key=value`. */
    tags: text('tags').array().notNull().default(sql`'{}'`),
    /** What the account's template makes of the tags. */
    herdName: text('herd_name'),
    serverId: uuid('server_id').references(() => servers.id, { onDelete: 'set null' }),
    tie: text('tie').$type<'tied' | 'untied' | 'ambiguous'>().notNull().default('untied'),
    /** The server that a person said it is, whatever its addresses. */
    handServerId: uuid('hand_server_id').references(() => servers.id, { onDelete: 'set null' }),
    /** Not to be asked about in the inbox. */
    isIgnored: boolean('is_ignored').notNull().default(false),
    /** What the console holds it to be; null: it never was one of its machines. */
    recorded: jsonb('recorded').$type<RecordedMachine>(),
    recordedAt: moment('recorded_at'),
    /** The run, or the person. */
    recordedBy: text('recorded_by'),
    driftFields: text('drift_fields').array().notNull().default(sql`'{}'`),
    differences: jsonb('differences').$type<Difference[]>().notNull().default([]),
    drift: text('drift').$type<'drifted' | 'none'>().generatedAlwaysAs(sql`case when drift_fields = '{}' then 'none' else 'drifted' end`),
    driftedAt: moment('drifted_at'),
    launchedAt: moment('launched_at'),
    observedAt: moment('observed_at').notNull().defaultNow(),
    /** When it was seen the time before. */
    seenBeforeAt: moment('seen_before_at'),
    searchText: text('search_text').generatedAlwaysAs(
      sql`lower(title || ' ' || instance_id || ' ' || coalesce(private_address, '') || ' ' || coalesce(public_address, '') || ' ' || coalesce(herd_name, ''))`,
    ),
    ...stamps(),
  },
  (t) => [
    uniqueIndex('machines_place_key').on(t.accountId, t.region, t.kind, t.instanceId),
    foreignKey({
      columns: [t.accountId, t.environmentId],
      foreignColumns: [cloudAccounts.id, cloudAccounts.environmentId],
      name: 'machines_account_fk',
    })
      .onUpdate('cascade')
      .onDelete('cascade'),
    index('machines_environment_idx').on(t.environmentId, t.title),
    index('machines_title_idx').on(t.title, t.id),
    index('machines_server_idx').on(t.serverId),
    index('machines_tie_idx').on(t.tie, t.title),
    index('machines_hand_server_idx').on(t.handServerId),
    index('machines_drift_idx').on(t.drift, t.title),
    index('machines_drift_fields_idx').using('gin', t.driftFields),
    index('machines_search_trgm').using('gin', t.searchText.op('gin_trgm_ops')),
  ],
)

/** What an account's services and AWS's public documents said of a region's prices when they were asked last; `lib/domain/prices/assemble.ts` says what each kind holds. */
export const priceLists = pgTable(
  'price_lists',
  {
    accountId: uuid('account_id')
      .notNull()
      .references(() => cloudAccounts.id, { onDelete: 'cascade' }),
    region: text('region').notNull(),
    kind: text('kind').notNull(),
    source: text('source').notNull().default(''),
    asOf: moment('as_of'),
    content: jsonb('content'),
    /** null: it was never read. */
    readAt: moment('read_at'),
    triedAt: moment('tried_at').notNull(),
    /** Why it was not read the last time, or not from where it should be. */
    because: text('because'),
  },
  (t) => [primaryKey({ columns: [t.accountId, t.region, t.kind] })],
)

/** What a machine was over time, as sweeps saw it: one row for as long as nothing of it changed. Between two rows nobody looked, and nothing is known. */
export const machineSpans = pgTable(
  'machine_spans',
  {
    id: id(),
    accountId: uuid('account_id').notNull(),
    environmentId: uuid('environment_id').notNull(),
    region: text('region').notNull(),
    instanceId: text('instance_id').notNull(),
    title: text('title').notNull(),
    type: text('type').notNull(),
    state: text('state').notNull(),
    market: text('market').$type<'on-demand' | 'spot'>().notNull(),
    /** The herd of what runs on it; null: none, or several. */
    herdId: uuid('herd_id'),
    /** The only member that runs on it; null: none, or several. */
    memberId: uuid('member_id'),
    fromAt: moment('from_at').notNull(),
    untilAt: moment('until_at').notNull(),
    /** The newest of its machine, which the next sweep makes longer. */
    isOpen: boolean('is_open').notNull().default(true),
  },
  (t) => [
    uniqueIndex('machine_spans_open_key').on(t.accountId, t.region, t.instanceId).where(sql`is_open`),
    index('machine_spans_herd_idx').on(t.herdId, t.untilAt),
    index('machine_spans_member_idx').on(t.memberId, t.untilAt),
    index('machine_spans_until_idx').on(t.untilAt),
  ],
)

/** What a type that was seen in use cost on demand, from when on. A new row where the price changed. */
export const typePrices = pgTable(
  'type_prices',
  {
    accountId: uuid('account_id')
      .notNull()
      .references(() => cloudAccounts.id, { onDelete: 'cascade' }),
    region: text('region').notNull(),
    type: text('type').notNull(),
    fromAt: moment('from_at').notNull(),
    hourlyUsd: doublePrecision('hourly_usd').notNull(),
    source: text('source').notNull(),
  },
  (t) => [primaryKey({ columns: [t.accountId, t.region, t.type, t.fromAt] })],
)
