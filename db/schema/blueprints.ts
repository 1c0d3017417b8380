import { sql } from 'drizzle-orm'
import { boolean, check, foreignKey, index, integer, jsonb, pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import type { Blueprint } from '@/lib/domain/blueprints/blueprint'
import { cloudAccounts } from './cloud'
import { id, moment, stamps } from './columns'
import { environments, herds } from './fleet'
import { people } from './people'

const list = (name: string) => text(name).array().notNull().default(sql`'{}'`)

/** What a herd is to be that the console launches itself. Account and environment go together. */
export const blueprints = pgTable(
  'blueprints',
  {
    id: id(),
    environmentId: uuid('environment_id')
      .notNull()
      .references(() => environments.id),
    accountId: uuid('account_id'),
    name: text('name').notNull(),
    note: text('note'),
    /** The herd that was launched from it; null: none. */
    herdId: uuid('herd_id').references(() => herds.id, { onDelete: 'set null' }),
    /** When Stop stopped it; null: it is not stopped. */
    stoppedAt: moment('stopped_at'),
    /** When its herd is torn down; null: never. */
    expiresAt: moment('expires_at'),
    isProtected: boolean('is_protected').notNull().default(false),
    /** Who set when it expires, and with which token; null: a login. */
    expiryPersonId: uuid('expiry_person_id').references(() => people.id, { onDelete: 'set null' }),
    expiryTokenId: uuid('expiry_token_id'),
    /** Before then no worker takes it. */
    expiryNextAt: moment('expiry_next_at'),
    expiryRunId: uuid('expiry_run_id'),
    /** Why it stands although its time is over. */
    expiryBecause: text('expiry_because'),
    regions: list('regions'),
    zones: list('zones'),
    vcpusMin: integer('vcpus_min'),
    vcpusMax: integer('vcpus_max'),
    memoryGibMin: integer('memory_gib_min'),
    memoryGibMax: integer('memory_gib_max'),
    architecture: text('architecture').$type<Blueprint['architecture']>(),
    families: list('families'),
    types: list('types'),
    allowsBurstable: boolean('allows_burstable').notNull().default(false),
    market: text('market').$type<Blueprint['market']>().notNull().default('spot'),
    fallsBack: boolean('falls_back').notNull().default(false),
    strategy: text('strategy').$type<Blueprint['strategy']>().notNull().default('balanced'),
    /** USD per hour, as it was written. */
    priceMaxUsd: text('price_max_usd'),
    evictionMax: integer('eviction_max'),
    evictionWeight: integer('eviction_weight'),
    storage: text('storage').$type<Blueprint['storage']>().notNull().default('network'),
    storageGb: integer('storage_gb'),
    volumeKind: text('volume_kind').$type<Blueprint['volumeKind']>().notNull().default('gp3'),
    volumeIops: integer('volume_iops'),
    volumeMibs: integer('volume_mibs'),
    rootGb: integer('root_gb').notNull().default(20),
    vpcId: text('vpc_id'),
    subnetId: text('subnet_id'),
    securityGroupIds: list('security_group_ids'),
    keyName: text('key_name'),
    isPrivate: boolean('is_private').notNull().default(false),
    clientAddresses: list('client_addresses'),
    major: text('major').$type<Blueprint['major']>().notNull().default('18'),
    tuning: text('tuning').$type<Blueprint['tuning']>().notNull().default('general'),
    settings: text('settings'),
    extensions: list('extensions'),
    preload: list('preload'),
    database: text('database'),
    adminUser: text('admin_user'),
    sealedAdminPassword: text('sealed_admin_password'),
    /** Whether there is one: all that anybody is shown. */
    adminPassword: boolean('admin_password').generatedAlwaysAs(sql`sealed_admin_password is not null`),
    isSuperuser: boolean('is_superuser').notNull().default(false),
    accessRules: text('access_rules'),
    replicas: integer('replicas').notNull().default(0),
    tags: list('tags'),
    imported: jsonb('imported').$type<Record<string, unknown>>(),
    ...stamps(),
  },
  (t) => [
    uniqueIndex('blueprints_name_key').on(t.environmentId, sql`lower(${t.name})`),
    foreignKey({
      columns: [t.accountId, t.environmentId],
      foreignColumns: [cloudAccounts.id, cloudAccounts.environmentId],
      name: 'blueprints_account_fk',
    }).onUpdate('cascade'),
    index('blueprints_name_idx').on(t.name, t.id),
    index('blueprints_account_idx').on(t.accountId),
    index('blueprints_herd_idx').on(t.herdId),
    index('blueprints_name_trgm').using('gin', t.name.op('gin_trgm_ops')),
    check('blueprints_replicas_check', sql`${t.replicas} between 0 and 5`),
  ],
)

/** Authority, certificates and their keys of the herd that was launched from a blueprint: JSON, sealed by a worker for itself. */
export const launchKeys = pgTable('launch_keys', {
  blueprintId: uuid('blueprint_id')
    .primaryKey()
    .references(() => blueprints.id, { onDelete: 'cascade' }),
  sealed: text('sealed').notNull(),
})
