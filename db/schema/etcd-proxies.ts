import { sql } from 'drizzle-orm'
import { bigint, index, integer, jsonb, pgTable, text, unique, uuid } from 'drizzle-orm/pg-core'
import type { EtcdSeen, EtcdState } from '@/lib/domain/managers/etcd'
import type { ProxySeen } from '@/lib/domain/managers/haproxy'
import { id, moment, stamps } from './columns'
import { environments, servers } from './fleet'

/** An etcd that Patroni clusters of an environment use, as it was last seen through one of their members. */
export const etcdClusters = pgTable(
  'etcd_clusters',
  {
    id: id(),
    environmentId: uuid('environment_id')
      .notNull()
      .references(() => environments.id),
    /** etcd's own number. */
    clusterId: text('cluster_id').notNull(),
    /** `etcd of shop`. */
    title: text('title').notNull(),
    /** Herds whose Patroni uses it. */
    herds: text('herds').array().notNull().default(sql`'{}'`),
    herdIds: uuid('herd_ids').array().notNull().default(sql`'{}'`),
    note: text('note').notNull().default(''),
    state: text('state').$type<EtcdState | 'unknown'>().notNull().default('unknown'),
    because: text('because'),
    version: text('version'),
    leader: text('leader'),
    membersUp: integer('members_up'),
    membersTotal: integer('members_total'),
    alarms: text('alarms').array().notNull().default(sql`'{}'`),
    /** Of the largest member. */
    databaseBytes: bigint('database_bytes', { mode: 'number' }),
    usedBytes: bigint('used_bytes', { mode: 'number' }),
    /** The certificate that ends first. */
    certificateUntil: moment('certificate_until'),
    seen: jsonb('seen').$type<EtcdSeen>(),
    observedAt: moment('observed_at'),
    ...stamps(),
  },
  (t) => [
    unique('etcd_clusters_cluster_key').on(t.environmentId, t.clusterId),
    index('etcd_clusters_title_trgm').using('gin', t.title.op('gin_trgm_ops')),
  ],
)

/** An HAProxy on a server, as its runtime socket last said. */
export const proxies = pgTable(
  'proxies',
  {
    id: id(),
    environmentId: uuid('environment_id')
      .notNull()
      .references(() => environments.id),
    serverId: uuid('server_id')
      .notNull()
      .references(() => servers.id, { onDelete: 'cascade' }),
    configPath: text('config_path').notNull(),
    /** `haproxy on HOST`. */
    title: text('title').notNull(),
    note: text('note').notNull().default(''),
    state: text('state')
      .$type<'online' | 'degraded' | 'no-socket' | 'refused' | 'stopped' | 'unreachable' | 'unknown'>()
      .notNull()
      .default('unknown'),
    because: text('because'),
    version: text('version'),
    /** `primary 198.18.2.31:15432`. */
    listens: text('listens').array().notNull().default(sql`'{}'`),
    serversUp: integer('servers_up'),
    serversTotal: integer('servers_total'),
    sessions: integer('sessions'),
    startedAt: moment('started_at'),
    seen: jsonb('seen').$type<ProxySeen>(),
    observedAt: moment('observed_at'),
    ...stamps(),
  },
  (t) => [
    unique('proxies_server_config_key').on(t.serverId, t.configPath),
    index('proxies_environment_idx').on(t.environmentId, t.title),
    index('proxies_title_trgm').using('gin', t.title.op('gin_trgm_ops')),
  ],
)
