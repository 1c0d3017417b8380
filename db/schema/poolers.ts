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
  timestamp,
  unique,
  uuid,
} from 'drizzle-orm/pg-core'
import { herds, servers } from './fleet'

const moment = (name: string) => timestamp(name, { withTimezone: true })

/** A PgBouncer in front of a herd, on a host of its own or beside the database. Its herd and its server are of one environment. */
export const poolers = pgTable(
  'poolers',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    herdId: uuid('herd_id').notNull(),
    serverId: uuid('server_id').notNull(),
    /** Always the herd's. Kept by a trigger, as `title` is. */
    environmentId: uuid('environment_id').notNull().default(sql`'00000000-0000-0000-0000-000000000000'`),
    name: text('name').notNull().default('pgbouncer'),
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
    /** Where it leads: `198.18.1.11:5432`. */
    target: text('target'),
    /** Where the herd's primary is, as it was last seen. */
    wanted: text('wanted'),
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
    index('poolers_search_trgm').using('gin', t.searchText.op('gin_trgm_ops')),
    check('poolers_port_check', sql`${t.port} between 1 and 65535`),
  ],
)
