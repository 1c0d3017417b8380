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
  primaryKey,
  text,
  unique,
  uuid,
} from 'drizzle-orm/pg-core'
import { moment } from './columns'
import { herds, servers } from './fleet'

/** A PgBouncer in front of a herd or of several, on a host of its own or beside the database. Its herds and its server are of one environment. */
export const poolers = pgTable(
  'poolers',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    herdId: uuid('herd_id').notNull(),
    serverId: uuid('server_id').notNull(),
    /** Always the herd's. Kept by a trigger, as `title` is. */
    environmentId: uuid('environment_id').notNull().default(sql`'00000000-0000-0000-0000-000000000000'`),
    name: text('name').notNull().default('pgbouncer'),
    /** Every herd that it serves, the one above first, and their names; of `pooler_herds`, kept by a trigger. */
    herdIds: uuid('herd_ids').array().notNull().default(sql`'{}'`),
    herds: text('herds').array().notNull().default(sql`'{}'`),
    /** `name on host`. */
    title: text('title').notNull().default(''),
    searchText: text('search_text').notNull().default(''),
    port: integer('port').notNull().default(6432),
    socketDirectory: text('socket_directory').notNull().default('/var/run/postgresql'),
    configPath: text('config_path').notNull().default('/etc/pgbouncer/pgbouncer.ini'),
    /** What its file is made from; null or empty: its file is somebody's own. */
    template: text('template'),
    /** The console writes its file; set once a person has confirmed the first difference. */
    isManaged: boolean('is_managed').notNull().default(false),
    /** The last token given out for writing its file. */
    fence: bigint('fence', { mode: 'number' }).notNull().default(0),
    note: text('note').notNull().default(''),
    state: text('state').$type<'online' | 'stopped' | 'refused' | 'unreachable' | 'unknown'>().notNull().default('unknown'),
    because: text('because'),
    version: text('version'),
    poolMode: text('pool_mode').$type<'session' | 'transaction' | 'statement' | 'mixed'>(),
    paused: text('paused').$type<'no' | 'some' | 'all' | 'unknown'>().notNull().default('unknown'),
    pausedSince: moment('paused_since'),
    databases: integer('databases'),
    clients: integer('clients'),
    waiting: integer('waiting'),
    longestWaitSeconds: doublePrecision('longest_wait_seconds'),
    /** What it points to: `198.18.1.11:5432`. */
    target: text('target'),
    /** Where the herds' primaries are, as they were last seen. */
    wanted: text('wanted'),
    /** The worst of its herds. */
    follows: text('follows').$type<'right' | 'stale' | 'unknown'>().notNull().default('unknown'),
    staleSince: moment('stale_since'),
    /** The last look's databases, for the detail page. */
    seen: jsonb('seen'),
    observedAt: moment('observed_at'),
    createdAt: moment('created_at').notNull().defaultNow(),
    changedAt: moment('changed_at').notNull().defaultNow(),
    revision: integer('revision').notNull().default(1),
  },
  (t) => [
    unique('poolers_server_port_key').on(t.serverId, t.port),
    foreignKey({ columns: [t.herdId, t.environmentId], foreignColumns: [herds.id, herds.environmentId], name: 'poolers_herd_fk' })
      .onUpdate('cascade')
      .onDelete('cascade'),
    foreignKey({ columns: [t.serverId, t.environmentId], foreignColumns: [servers.id, servers.environmentId], name: 'poolers_server_fk' })
      .onUpdate('cascade')
      .onDelete('restrict'),
    index('poolers_title_idx').on(t.title, t.id),
    index('poolers_environment_idx').on(t.environmentId, t.title),
    index('poolers_herd_idx').on(t.herdId),
    index('poolers_herd_ids_idx').using('gin', t.herdIds),
    index('poolers_search_trgm').using('gin', t.searchText.op('gin_trgm_ops')),
    check('poolers_port_check', sql`${t.port} between 1 and 65535`),
  ],
)

/** A pooler and one of the herds that it serves: what is different from herd to herd. Both are of one environment. */
export const poolerHerds = pgTable(
  'pooler_herds',
  {
    poolerId: uuid('pooler_id')
      .notNull()
      .references(() => poolers.id, { onDelete: 'cascade' }),
    herdId: uuid('herd_id')
      .notNull()
      .references(() => herds.id, { onDelete: 'cascade' }),
    /** It was registered with this herd, or its template names it; any other was seen in its databases, and goes when it is seen no more. */
    isNamed: boolean('is_named').notNull(),
    /** How many of its databases are the herd's. */
    databases: integer('databases'),
    paused: text('paused').$type<'no' | 'some' | 'all' | 'unknown'>().notNull().default('unknown'),
    pausedSince: moment('paused_since'),
    waiting: integer('waiting'),
    target: text('target'),
    wanted: text('wanted'),
    follows: text('follows').$type<'right' | 'stale' | 'unknown'>().notNull().default('unknown'),
    because: text('because'),
    staleSince: moment('stale_since'),
  },
  (t) => [primaryKey({ columns: [t.poolerId, t.herdId] }), index('pooler_herds_herd_idx').on(t.herdId)],
)
