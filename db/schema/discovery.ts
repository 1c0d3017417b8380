import { sql } from 'drizzle-orm'
import { bigint, boolean, foreignKey, index, integer, jsonb, pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { id, moment } from './columns'
import { environments, herds, instances, servers } from './fleet'
import { poolers } from './poolers'

/** Short-lived, bound to one environment; what a host shows to get its own token. Only the SHA-256 is kept. */
export const enrolmentKeys = pgTable(
  'enrolment_keys',
  {
    id: id(),
    environmentId: uuid('environment_id')
      .notNull()
      .references(() => environments.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    prefix: text('prefix').notNull(),
    hash: text('hash').notNull(),
    usesLeft: integer('uses_left'),
    expiresAt: moment('expires_at').notNull(),
    revokedAt: moment('revoked_at'),
    createdBy: uuid('created_by'),
    createdAt: moment('created_at').notNull().defaultNow(),
    changedAt: moment('changed_at').notNull().defaultNow(),
    revision: integer('revision').notNull().default(1),
  },
  (t) => [uniqueIndex('enrolment_keys_prefix_key').on(t.prefix)],
)

/** A host that reports. Its token speaks for it alone. `serverId` null: waiting in the inbox. */
export const discoveredHosts = pgTable(
  'discovered_hosts',
  {
    id: id(),
    /** As reported, compared case-blind. */
    hostname: text('hostname').notNull(),
    addresses: text('addresses').array().notNull().default(sql`'{}'`),
    suggestedEnvironmentId: uuid('suggested_environment_id').references(() => environments.id, { onDelete: 'set null' }),
    suggestion: text('suggestion').notNull().default(''),
    serverId: uuid('server_id').references(() => servers.id, { onDelete: 'set null' }),
    state: text('state').$type<'new' | 'accepted' | 'ignored'>().notNull().default('new'),
    tokenHash: text('token_hash').notNull(),
    tokenRevokedAt: moment('token_revoked_at'),
    /** Asked for by somebody with an enrolment key while the host was known: it speaks for the host once a person has accepted it. */
    nextTokenHash: text('next_token_hash'),
    nextTokenAt: moment('next_token_at'),
    nextTokenFrom: text('next_token_from'),
    /** A registered server that has one of its addresses: a claim, for a person to judge. */
    suggestedServerId: uuid('suggested_server_id').references(() => servers.id, { onDelete: 'set null' }),
    agentVersion: text('agent_version'),
    lastSequence: bigint('last_sequence', { mode: 'number' }).notNull().default(0),
    lastReport: jsonb('last_report'),
    seenAt: moment('seen_at'),
    createdAt: moment('created_at').notNull().defaultNow(),
    changedAt: moment('changed_at').notNull().defaultNow(),
    revision: integer('revision').notNull().default(1),
  },
  (t) => [
    uniqueIndex('discovered_hosts_hostname_key').on(sql`lower(${t.hostname})`),
    uniqueIndex('discovered_hosts_token_key').on(t.tokenHash),
    uniqueIndex('discovered_hosts_next_token_key').on(t.nextTokenHash),
    index('discovered_hosts_server_idx').on(t.serverId),
    index('discovered_hosts_state_idx').on(t.state, t.hostname),
    index('discovered_hosts_hostname_trgm').using('gin', t.hostname.op('gin_trgm_ops')),
  ],
)

export const discoveredInstances = pgTable(
  'discovered_instances',
  {
    id: id(),
    hostId: uuid('host_id')
      .notNull()
      .references(() => discoveredHosts.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    port: integer('port').notNull(),
    dataDirectory: text('data_directory').notNull(),
    version: text('version'),
    state: text('state').notNull().default('unknown'),
    role: text('role').notNull().default('unknown'),
    systemIdentifier: text('system_identifier'),
    upstreamHost: text('upstream_host'),
    upstreamPort: integer('upstream_port'),
    suggestedEnvironmentId: uuid('suggested_environment_id').references(() => environments.id, { onDelete: 'set null' }),
    suggestedHerdId: uuid('suggested_herd_id').references(() => herds.id, { onDelete: 'set null' }),
    /** What the suggested herd rests on; null: no herd is suggested. */
    suggestedBy: text('suggested_by').$type<'identifier' | 'upstream' | 'name'>(),
    /** Why this herd: "same system identifier as …". */
    suggestion: text('suggestion').notNull().default(''),
    instanceId: uuid('instance_id').references(() => instances.id, { onDelete: 'set null' }),
    inbox: text('inbox').$type<'new' | 'accepted' | 'ignored'>().notNull().default('new'),
    /** Everything reported, unknown fields included. */
    report: jsonb('report').notNull().default({}),
    seenAt: moment('seen_at').notNull().defaultNow(),
    createdAt: moment('created_at').notNull().defaultNow(),
    changedAt: moment('changed_at').notNull().defaultNow(),
    revision: integer('revision').notNull().default(1),
  },
  (t) => [
    uniqueIndex('discovered_instances_place_key').on(t.hostId, t.name, t.port),
    index('discovered_instances_inbox_idx').on(t.inbox, t.name),
    index('discovered_instances_instance_idx').on(t.instanceId),
    index('discovered_instances_name_trgm').using('gin', t.name.op('gin_trgm_ops')),
  ],
)

/** A PgBouncer that runs on a registered server. Its server and its environment go together. */
export const discoveredPoolers = pgTable(
  'discovered_poolers',
  {
    id: id(),
    serverId: uuid('server_id').notNull(),
    environmentId: uuid('environment_id').notNull(),
    port: integer('port').notNull(),
    /** `pgbouncer:6432 on host`. */
    title: text('title').notNull(),
    /** null: it has no socket with a file, and cannot be managed. */
    socketDirectory: text('socket_directory'),
    configPath: text('config_path').notNull(),
    /** Its file may be read by the SSH user; otherwise the rest are PgBouncer's defaults. */
    isReadable: boolean('is_readable').notNull().default(true),
    poolMode: text('pool_mode').notNull().default(''),
    authType: text('auth_type').notNull().default(''),
    /** Name, host and port of each. */
    databases: jsonb('databases').$type<{ name: string; host: string | null; port: number }[]>().notNull().default([]),
    suggestedHerdId: uuid('suggested_herd_id').references(() => herds.id, { onDelete: 'set null' }),
    suggestion: text('suggestion').notNull().default(''),
    poolerId: uuid('pooler_id').references(() => poolers.id, { onDelete: 'set null' }),
    inbox: text('inbox').$type<'new' | 'accepted' | 'ignored'>().notNull().default('new'),
    seenAt: moment('seen_at').notNull().defaultNow(),
    createdAt: moment('created_at').notNull().defaultNow(),
    changedAt: moment('changed_at').notNull().defaultNow(),
    revision: integer('revision').notNull().default(1),
  },
  (t) => [
    uniqueIndex('discovered_poolers_place_key').on(t.serverId, t.port),
    foreignKey({
      columns: [t.serverId, t.environmentId],
      foreignColumns: [servers.id, servers.environmentId],
      name: 'discovered_poolers_server_fk',
    })
      .onUpdate('cascade')
      .onDelete('cascade'),
    index('discovered_poolers_inbox_idx').on(t.inbox, t.title),
    index('discovered_poolers_pooler_idx').on(t.poolerId),
    index('discovered_poolers_title_trgm').using('gin', t.title.op('gin_trgm_ops')),
  ],
)

/** Accepts by itself what matches: host name pattern (`*` and `?`) and address block, into an environment. */
export const discoveryRules = pgTable('discovery_rules', {
  id: id(),
  name: text('name').notNull(),
  environmentId: uuid('environment_id')
    .notNull()
    .references(() => environments.id, { onDelete: 'cascade' }),
  hostPattern: text('host_pattern').notNull().default('*'),
  /** CIDR; empty: any. */
  network: text('network').notNull().default(''),
  acceptsHosts: boolean('accepts_hosts').notNull().default(false),
  acceptsInstances: boolean('accepts_instances').notNull().default(false),
  position: integer('position').notNull().default(0),
  createdAt: moment('created_at').notNull().defaultNow(),
  changedAt: moment('changed_at').notNull().defaultNow(),
  revision: integer('revision').notNull().default(1),
})
