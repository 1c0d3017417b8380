import { sql } from 'drizzle-orm'
import { boolean, check, foreignKey, index, integer, pgTable, text, unique, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import type { DnsProvider } from '@/lib/domain/dns/providers'
import { id, moment, stamps } from './columns'
import { environments, herds } from './fleet'

/** A DNS zone that the console may change. Secrets are sealed for the worker; no generic reader selects them. */
export const dnsZones = pgTable(
  'dns_zones',
  {
    id: id(),
    environmentId: uuid('environment_id')
      .notNull()
      .references(() => environments.id),
    name: text('name').notNull(),
    provider: text('provider').$type<DnsProvider>().notNull().default('rfc2136'),
    primaryHost: text('primary_host'),
    primaryPort: integer('primary_port').notNull().default(53),
    keyName: text('key_name'),
    keyAlgorithm: text('key_algorithm').$type<'hmac-sha256' | 'hmac-sha384' | 'hmac-sha512'>().notNull().default('hmac-sha256'),
    sealedKeySecret: text('sealed_key_secret'),
    /** Whether there is one: all that anybody is shown. */
    keySecret: boolean('key_secret').generatedAlwaysAs(sql`sealed_key_secret is not null`),
    allowUnsigned: boolean('allow_unsigned').notNull().default(false),
    hostedZoneId: text('hosted_zone_id'),
    region: text('region').notNull().default('us-east-1'),
    endpoint: text('endpoint'),
    /** The credentials of the worker's host, whatever they reach: only an administrator of every environment may say so. */
    usesWorkerRole: boolean('uses_worker_role').notNull().default(false),
    accessKeyId: text('access_key_id'),
    sealedAccessSecret: text('sealed_access_secret'),
    accessSecret: boolean('access_secret').generatedAlwaysAs(sql`sealed_access_secret is not null`),
    /** Empty: those of the zone's NS records. */
    authoritativeServers: text('authoritative_servers').array().notNull().default(sql`'{}'`),
    /** Empty: those of the worker's machine. */
    resolvers: text('resolvers').array().notNull().default(sql`'{}'`),
    hostDomain: text('host_domain'),
    ttlSeconds: integer('ttl_seconds').notNull().default(60),
    note: text('note').notNull().default(''),
    ...stamps(),
  },
  (t) => [
    uniqueIndex('dns_zones_name_key').on(t.environmentId, sql`lower(${t.name})`),
    unique('dns_zones_id_environment_key').on(t.id, t.environmentId),
    index('dns_zones_name_idx').on(t.name, t.id),
    index('dns_zones_name_trgm').using('gin', t.name.op('gin_trgm_ops')),
    check('dns_zones_primary_port_check', sql`${t.primaryPort} between 1 and 65535`),
    check('dns_zones_ttl_check', sql`${t.ttlSeconds} between 0 and 86400`),
  ],
)

/** A name that follows members of a herd. Zone and herd are of one environment: both keys below hold it. */
export const dnsNames = pgTable(
  'dns_names',
  {
    id: id(),
    environmentId: uuid('environment_id').notNull().default(sql`'00000000-0000-0000-0000-000000000000'`),
    zoneId: uuid('zone_id').notNull(),
    herdId: uuid('herd_id').notNull(),
    hostName: text('host_name').notNull(),
    /** The whole name, lower case: kept by a trigger. */
    name: text('name').notNull().default(''),
    type: text('type').$type<'A' | 'AAAA' | 'CNAME'>().notNull().default('CNAME'),
    follows: text('follows').$type<'primary' | 'standbys' | 'members'>().notNull().default('primary'),
    carries: text('carries').$type<'address' | 'hostname'>().notNull().default('hostname'),
    /** null: the zone's. */
    ttlOverride: integer('ttl_override'),
    note: text('note').notNull().default(''),
    state: text('state').$type<'right' | 'wrong' | 'unknown'>().notNull().default('unknown'),
    because: text('because'),
    answer: text('answer'),
    wanted: text('wanted'),
    observedAt: moment('observed_at'),
    ...stamps(),
  },
  (t) => [
    uniqueIndex('dns_names_once_key').on(t.zoneId, t.name, t.type),
    foreignKey({ columns: [t.zoneId, t.environmentId], foreignColumns: [dnsZones.id, dnsZones.environmentId], name: 'dns_names_zone_fk' })
      .onUpdate('cascade')
      .onDelete('restrict'),
    foreignKey({ columns: [t.herdId, t.environmentId], foreignColumns: [herds.id, herds.environmentId], name: 'dns_names_herd_fk' })
      .onUpdate('cascade')
      .onDelete('cascade'),
    index('dns_names_herd_idx').on(t.herdId),
    index('dns_names_environment_idx').on(t.environmentId, t.name),
    index('dns_names_name_idx').on(t.name, t.id),
    index('dns_names_state_idx').on(t.state, t.name),
    index('dns_names_name_trgm').using('gin', t.name.op('gin_trgm_ops')),
    check('dns_names_ttl_check', sql`${t.ttlOverride} is null or ${t.ttlOverride} between 0 and 86400`),
  ],
)
