import { sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  check,
  doublePrecision,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  text,
  unique,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core'
import type { FoundManager, ManagedBy } from '@/lib/domain/managers/manager'
import { id, moment, stamps, versionKey } from './columns'

export const environments = pgTable(
  'environments',
  {
    id: id(),
    name: text('name').notNull(),
    description: text('description').notNull().default(''),
    colour: text('colour').notNull().default('slate'),
    protection: text('protection').$type<'open' | 'confirm' | 'two-person'>().notNull().default('confirm'),
    /** Lines such as `Sat 22:00-04:00 Europe/Berlin`; empty: any time. */
    maintenanceWindows: text('maintenance_windows').array().notNull().default(sql`'{}'`),
    /** Limits on the policy of runs that touch it; null: none. */
    parallelMax: integer('parallel_max'),
    stopAfterFailuresMax: integer('stop_after_failures_max'),
    /** A standby further behind than either lags. */
    lagBytesMax: bigint('lag_bytes_max', { mode: 'number' }).notNull().default(67_108_864),
    lagSecondsMax: integer('lag_seconds_max').notNull().default(60),
    /** Whether figures of its instances and hosts are kept over time. */
    isSampled: boolean('is_sampled').notNull().default(true),
    /** Whether what pg_stat_statements counted is kept over time. */
    keepsStatements: boolean('keeps_statements').notNull().default(true),
    /** Whether its instances are asked what is about to break. */
    looksAtHealth: boolean('looks_at_health').notNull().default(true),
    /** Lines such as `sequence 60 80` or `bloat off`; empty: limits as declared. */
    healthLimits: text('health_limits').array().notNull().default(sql`'{}'`),
    /** Whether its built clusters are compared with their declarations. */
    looksForDrift: boolean('looks_for_drift').notNull().default(true),
    /** Whether drills may be run on its herds. */
    allowsDrills: boolean('allows_drills').notNull().default(false),
    /** Whether primaries and standbys leave spot machines that AWS takes back by themselves. */
    answersEvictions: boolean('answers_evictions').notNull().default(true),
    position: integer('position').notNull().default(0),
    /** Who lets another administrator lower its safeguards once, and until when. */
    loweringAllowedBy: uuid('lowering_allowed_by'),
    loweringAllowedUntil: moment('lowering_allowed_until'),
    ...stamps(),
  },
  (t) => [
    uniqueIndex('environments_name_key').on(sql`lower(${t.name})`),
    index('environments_name_trgm').using('gin', t.name.op('gin_trgm_ops')),
  ],
)

export const servers = pgTable(
  'servers',
  {
    id: id(),
    environmentId: uuid('environment_id')
      .notNull()
      .references(() => environments.id),
    hostname: text('hostname').notNull(),
    address: text('address').notNull(),
    sshPort: integer('ssh_port').notNull().default(22),
    sshUser: text('ssh_user').notNull().default('postgres'),
    profile: text('profile').notNull().default('debian'),
    /** Of an RDS endpoint: the role to log in as, and its password, sealed for the worker. */
    endpointUser: text('endpoint_user'),
    sealedEndpointPassword: text('sealed_endpoint_password'),
    /** Whether there is one: all that anybody is shown. */
    endpointPassword: boolean('endpoint_password').generatedAlwaysAs(sql`sealed_endpoint_password is not null`),
    /** A short-lived token of AWS in place of a password. */
    usesIamToken: boolean('uses_iam_token').notNull().default(false),
    /** Pinned `SHA256:…`; null: never accepted by a person. */
    hostKey: text('host_key'),
    /** The key the host showed when it did not match the pin; null: all is well. */
    hostKeyOffered: text('host_key_offered'),
    /** Which machine it is: as the host said at the first login under the pinned key. Compared at every login; null: nobody has logged in yet. */
    machineId: text('machine_id'),
    /** What the host said when it was another machine; null: all is well. */
    machineIdOffered: text('machine_id_offered'),
    /** The key that is to replace its environment's, once a worker has logged in with it. */
    acceptsKey: uuid('accepts_key'),
    site: text('site').notNull().default(''),
    tags: text('tags').array().notNull().default(sql`'{}'`),
    note: text('note').notNull().default(''),
    state: text('state').$type<'reachable' | 'unreachable' | 'refused' | 'unknown'>().notNull().default('unknown'),
    because: text('because'),
    /** Of the first look that found it in this state. */
    stateSince: moment('state_since'),
    os: text('os'),
    cpus: integer('cpus'),
    loadPerCpu: doublePrecision('load_per_cpu'),
    memoryBytes: bigint('memory_bytes', { mode: 'number' }),
    diskFreeBytes: bigint('disk_free_bytes', { mode: 'number' }),
    clockOffsetSeconds: doublePrecision('clock_offset_seconds'),
    observedAt: moment('observed_at'),
    observedSource: text('observed_source'),
    agentSeenAt: moment('agent_seen_at'),
    lastCheck: jsonb('last_check'),
    lastCheckAt: moment('last_check_at'),
    searchText: text('search_text').generatedAlwaysAs(sql`lower(hostname || ' ' || address || ' ' || site)`),
    ...stamps(),
  },
  (t) => [
    uniqueIndex('servers_hostname_key').on(sql`lower(${t.hostname})`),
    // One machine is one server: under a second name, or in another environment, other rules would hold for it.
    uniqueIndex('servers_address_key').on(sql`lower(${t.address})`, t.sshPort),
    uniqueIndex('servers_host_key_key').on(t.hostKey),
    uniqueIndex('servers_machine_id_key').on(t.machineId),
    unique('servers_id_environment_key').on(t.id, t.environmentId),
    index('servers_environment_idx').on(t.environmentId, t.hostname),
    index('servers_hostname_idx').on(t.hostname, t.id),
    index('servers_address_idx').on(t.address),
    index('servers_site_idx').on(t.site, t.hostname),
    index('servers_state_idx').on(t.state, t.hostname),
    index('servers_search_trgm').using('gin', t.searchText.op('gin_trgm_ops')),
    check('servers_ssh_port_check', sql`${t.sshPort} between 1 and 65535`),
  ],
)

/** What is registered of a herd: columns of the table, and of the view that lists herds. */
export const herdColumns = () => ({
  id: id(),
  environmentId: uuid('environment_id')
    .notNull()
    .references(() => environments.id),
  name: text('name').notNull(),
  baseName: text('base_name').notNull(),
  description: text('description').notNull().default(''),
  port: integer('port').notNull().default(5432),
  dataDirectory: text('data_directory').notNull(),
  virtualHost: text('virtual_host'),
  preferredSite: text('preferred_site').notNull().default(''),
  /** Of primary_conninfo as operations write it; empty: as the herd's standbys have it. */
  replicationUser: text('replication_user').notNull().default(''),
  replicationOptions: text('replication_options').notNull().default(''),
  /** 64-bit, as text; learnt from the first primary seen, or typed. */
  systemIdentifier: text('system_identifier'),
  searchText: text('search_text').generatedAlwaysAs(sql`lower(name || ' ' || base_name || ' ' || coalesce(virtual_host, ''))`),
  ...stamps(),
})

export const herds = pgTable('herds', herdColumns(), (t) => [
  uniqueIndex('herds_name_key').on(t.environmentId, sql`lower(${t.name})`),
  uniqueIndex('herds_base_name_port_key').on(t.environmentId, sql`lower(${t.baseName})`, t.port),
  unique('herds_id_environment_key').on(t.id, t.environmentId),
  index('herds_name_idx').on(t.name, t.id),
  index('herds_environment_idx').on(t.environmentId, t.name),
  index('herds_system_identifier_idx').on(t.systemIdentifier),
  index('herds_search_trgm').using('gin', t.searchText.op('gin_trgm_ops')),
  check('herds_port_check', sql`${t.port} between 1 and 65535`),
])

/**
 * What a herd's members, poolers, names and last move say, summed up when they change (`herd_facts_…` in the migrations), so that the list of herds reads
 * one row a herd. A table of its own: saving a herd's settings locks its row, and then its members'; an observation locks them the other way round.
 * What lists filter and sort by is copied from the herd by a trigger. Of what is observed an index holds the size alone, which is read
 * every ten minutes: a look stays a HOT update.
 */
export const herdFacts = pgTable(
  'herd_facts',
  {
    herdId: uuid('herd_id')
      .primaryKey()
      .references(() => herds.id, { onDelete: 'cascade' }),
    environmentId: uuid('environment_id').notNull(),
    name: text('name').notNull(),
    preferredSite: text('preferred_site').notNull(),
    /** The worst that its members say. That it was seen too long ago is for the reader to tell: no row is written when time passes. */
    state: text('state')
      .$type<'empty' | 'split-brain' | 'no-primary' | 'mixed' | 'degraded' | 'stale' | 'lagging' | 'healthy' | 'stopped'>()
      .notNull()
      .default('empty'),
    /** The member that takes writes; where none does, the one that last did. */
    primaryId: uuid('primary_id'),
    memberCount: integer('member_count').notNull().default(0),
    onlineCount: integer('online_count').notNull().default(0),
    /** The worst of its standbys. */
    lagBytes: bigint('lag_bytes', { mode: 'number' }),
    lagSeconds: doublePrecision('lag_seconds'),
    /** Of the primary. */
    version: text('version'),
    versionKey: versionKey(),
    /** Of the primary; of the largest member where no primary's is known. */
    sizeBytes: bigint('size_bytes', { mode: 'number' }),
    /** Who beside Matriarch decides which member is primary; several: its members do not agree. */
    manager: text('manager').$type<ManagedBy>().notNull().default('unknown'),
    /** Of the member that was looked at longest ago. */
    observedAt: moment('observed_at'),
    poolerCount: integer('pooler_count').notNull().default(0),
    /** The worst of its poolers, and of its names; null: it has none. */
    poolerState: text('pooler_state').$type<'paused' | 'stale' | 'down' | 'unknown' | 'right'>(),
    dnsState: text('dns_state').$type<'wrong' | 'unknown' | 'right'>(),
    /** Of the last switchover or failover; null: there was none. */
    certificateId: uuid('certificate_id'),
    certificateVerdict: text('certificate_verdict').$type<'proven' | 'not-provable' | 'lost'>(),
    movedAt: moment('moved_at'),
    /** Until when what is critical in its health, or a warning, counts as known; null: nothing is. Kept with every look at the health of a member. */
    healthCriticalUntil: moment('health_critical_until'),
    healthWarningUntil: moment('health_warning_until'),
    /** From when on something was not looked at for long; null: something never was. */
    healthUnknownFrom: moment('health_unknown_from'),
  },
  (t) => [
    index('herd_facts_name_idx').on(t.name, t.herdId),
    index('herd_facts_environment_idx').on(t.environmentId, t.name, t.herdId),
    index('herd_facts_size_idx').on(t.sizeBytes, t.herdId),
    index('herd_facts_size_down_idx').on(t.sizeBytes.desc().nullsLast(), t.herdId.desc()),
  ],
)

/** One herd member on one server. What was observed lives beside what was declared so that one index serves a filter over both. */
export const instances = pgTable(
  'instances',
  {
    id: id(),
    herdId: uuid('herd_id').notNull(),
    serverId: uuid('server_id').notNull(),
    /** Always the herd's and the server's (composite keys below); kept here so that the environment filter and permission need no join. */
    environmentId: uuid('environment_id').notNull().default(sql`'00000000-0000-0000-0000-000000000000'`),
    /** `herd on host`: kept by a trigger, so that sorting and searching need no join. */
    title: text('title').notNull().default(''),
    searchText: text('search_text').notNull().default(''),
    /** null: the herd's. */
    portOverride: integer('port_override'),
    dataDirectoryOverride: text('data_directory_override'),
    /** What holds: the override, else the herd's. Kept by the same trigger as `title`. */
    port: integer('port').notNull().default(0),
    dataDirectory: text('data_directory').notNull().default(''),
    /** Where the console finds its socket; null: where packages put it. */
    socketDirectory: text('socket_directory'),
    note: text('note').notNull().default(''),
    /** 0: never to take over. Higher is preferred among equals. */
    failoverPriority: integer('failover_priority').notNull().default(100),
    /** Another member was promoted while this one was the primary: it must not start as one. Set by a failover; cleared when it is seen as a standby. */
    replacedAt: moment('replaced_at'),
    replacedById: uuid('replaced_by_id'),
    replacedTimeline: integer('replaced_timeline'),
    replacedBecause: text('replaced_because'),
    state: text('state')
      .$type<'online' | 'starting' | 'stopping' | 'stopped' | 'crashed' | 'absent' | 'refused' | 'unreachable' | 'unknown'>()
      .notNull()
      .default('unknown'),
    because: text('because'),
    /** Of the first look that found it in this state. */
    stateSince: moment('state_since'),
    role: text('role').$type<'primary' | 'standby' | 'unknown'>().notNull().default('unknown'),
    version: text('version'),
    versionKey: versionKey(),
    systemIdentifier: text('system_identifier'),
    timeline: integer('timeline'),
    currentLsn: text('current_lsn'),
    receivedLsn: text('received_lsn'),
    replayedLsn: text('replayed_lsn'),
    lagBytes: bigint('lag_bytes', { mode: 'number' }),
    lagSeconds: doublePrecision('lag_seconds'),
    isReplayPaused: boolean('is_replay_paused').notNull().default(false),
    /** Since when this standby lags, does not stream or does not replay; null: it does none of these. */
    behindSince: moment('behind_since'),
    upstreamId: uuid('upstream_id'),
    upstreamHost: text('upstream_host'),
    upstreamPort: integer('upstream_port'),
    upstreamSlot: text('upstream_slot'),
    syncState: text('sync_state'),
    /** Replication slots that nobody reads from, and the WAL they hold back together. */
    idleSlots: integer('idle_slots').notNull().default(0),
    idleSlotBytes: bigint('idle_slot_bytes', { mode: 'number' }),
    clients: integer('clients'),
    hasPendingRestart: boolean('has_pending_restart').notNull().default(false),
    postmasterStartedAt: moment('postmaster_started_at'),
    /** Of all its databases together; read rarely, apart from the looks. */
    sizeBytes: bigint('size_bytes', { mode: 'number' }),
    sizeSeenAt: moment('size_seen_at'),
    /** Who beside Matriarch decides whether it is primary; seen apart from the looks, with its host. */
    manager: text('manager').$type<ManagedBy>().notNull().default('unknown'),
    /** What was found of it; null: nobody has looked. */
    managers: jsonb('managers').$type<FoundManager[]>(),
    managerSeenAt: moment('manager_seen_at'),
    /** The whole last probe, for the detail page. */
    probe: jsonb('probe'),
    observedAt: moment('observed_at'),
    observedSource: text('observed_source'),
    ...stamps(),
  },
  (t) => [
    unique('instances_herd_server_key').on(t.herdId, t.serverId),
    foreignKey({ columns: [t.herdId, t.environmentId], foreignColumns: [herds.id, herds.environmentId], name: 'instances_herd_fk' })
      .onUpdate('cascade')
      .onDelete('restrict'),
    // A herd lives where its servers live: neither leaves the other's protection.
    foreignKey({
      columns: [t.serverId, t.environmentId],
      foreignColumns: [servers.id, servers.environmentId],
      name: 'instances_server_fk',
    }),
    foreignKey({ columns: [t.upstreamId], foreignColumns: [t.id], name: 'instances_upstream_fk' }).onDelete('set null'),
    foreignKey({ columns: [t.replacedById], foreignColumns: [t.id], name: 'instances_replaced_by_fk' }).onDelete('set null'),
    index('instances_title_idx').on(t.title, t.id),
    index('instances_environment_title_idx').on(t.environmentId, t.title, t.id),
    index('instances_environment_role_idx').on(t.environmentId, t.role, t.title),
    index('instances_state_idx').on(t.state, t.title),
    index('instances_role_idx').on(t.role, t.title),
    index('instances_version_idx').on(t.version, t.title),
    index('instances_version_key_idx').on(t.versionKey, t.title, t.id),
    index('instances_server_idx').on(t.serverId),
    index('instances_upstream_idx').on(t.upstreamId),
    index('instances_lag_idx').on(t.lagBytes, t.id),
    index('instances_lag_down_idx').on(t.lagBytes.desc().nullsLast(), t.id.desc()),
    // Every column with a facet, so that one index-only scan counts all choices. No index holds `observedAt`: a look that found nothing new stays a HOT update.
    index('instances_facets_idx').on(t.environmentId, t.role, t.state, t.version, t.syncState, t.hasPendingRestart, t.manager),
    index('instances_size_idx').on(t.sizeBytes, t.id),
    index('instances_size_down_idx').on(t.sizeBytes.desc().nullsLast(), t.id.desc()),
    index('instances_search_trgm').using('gin', t.searchText.op('gin_trgm_ops')),
    index('instances_idle_slots_idx').on(t.environmentId, t.title).where(sql`idle_slots > 0`),
    // Nobody starts two servers of one system in the same microsecond: who shares it is one server under two names.
    index('instances_started_idx').on(t.postmasterStartedAt, t.systemIdentifier, t.port),
    index('instances_replaced_idx').on(t.herdId).where(sql`replaced_at is not null`),
    check('instances_port_check', sql`${t.portOverride} is null or ${t.portOverride} between 1 and 65535`),
    check('instances_failover_priority_check', sql`${t.failoverPriority} between 0 and 1000`),
  ],
)
