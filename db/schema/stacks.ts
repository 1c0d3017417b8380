import { sql } from 'drizzle-orm'
import { check, foreignKey, index, jsonb, pgTable, primaryKey, text, unique, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import type { StackFinding } from '@/lib/domain/stack/findings'
import { id, moment, stamps } from './columns'
import { environments } from './fleet'

/** A cluster as declared: etcd, Patroni, PostgreSQL, PgBouncer and HAProxy on registered servers. */
export const stacks = pgTable(
  'stacks',
  {
    id: id(),
    environmentId: uuid('environment_id')
      .notNull()
      .references(() => environments.id),
    name: text('name').notNull(),
    /** YAML, as people write it. */
    file: text('file').notNull(),
    note: text('note').notNull().default(''),
    /** When a build of it last came to its end; null: never. */
    builtAt: moment('built_at'),
    /** The cluster file that that build made the servers be; null: never. */
    builtFile: text('built_file'),
    ...stamps(),
  },
  (t) => [
    unique('stacks_id_environment_key').on(t.id, t.environmentId),
    uniqueIndex('stacks_name_key').on(t.environmentId, sql`lower(${t.name})`),
    index('stacks_name_idx').on(t.name, t.id),
    index('stacks_environment_idx').on(t.environmentId, t.name),
    index('stacks_name_trgm').using('gin', t.name.op('gin_trgm_ops')),
  ],
)

/** The last look at whether a built cluster is as it was built. */
export const stackLooks = pgTable('stack_looks', {
  stackId: uuid('stack_id')
    .primaryKey()
    .references(() => stacks.id, { onDelete: 'cascade' }),
  /** When a look last ended, whatever it saw. */
  triedAt: moment('tried_at').notNull(),
  /** When one last saw all there is; null: none ever did. */
  seenAt: moment('seen_at'),
  /** Why the last one did not; null: it did. */
  because: text('because'),
  /** By the last that saw everything. */
  findings: jsonb('findings').$type<StackFinding[]>().notNull(),
  /** Of the first look that found something; null: nothing is found. */
  since: moment('since'),
})

/** Passwords of a stack, by name, sealed by a worker for itself. */
export const stackSecrets = pgTable(
  'stack_secrets',
  {
    stackId: uuid('stack_id')
      .notNull()
      .references(() => stacks.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    sealed: text('sealed').notNull(),
  },
  (t) => [primaryKey({ columns: [t.stackId, t.name] })],
)

/** Certificates of a stack: that of its authority, and one for each server. Keys are sealed by a worker for itself. */
export const authorities = pgTable(
  'authorities',
  {
    id: id(),
    stackId: uuid('stack_id').notNull(),
    /** Of its stack, which the key below holds. */
    environmentId: uuid('environment_id').notNull(),
    title: text('title').notNull(),
    kind: text('kind').$type<'authority' | 'server'>().notNull(),
    /** Whose it is; of the authority: empty. */
    server: text('server').notNull().default(''),
    /** PEM. */
    certificate: text('certificate').notNull(),
    /** SHA-256, hex with colons. */
    fingerprint: text('fingerprint').notNull(),
    validFrom: moment('valid_from').notNull(),
    validUntil: moment('valid_until').notNull(),
    sealedKey: text('sealed_key').notNull(),
  },
  (t) => [
    foreignKey({ columns: [t.stackId, t.environmentId], foreignColumns: [stacks.id, stacks.environmentId], name: 'authorities_stack_fk' })
      .onUpdate('cascade')
      .onDelete('cascade'),
    uniqueIndex('authorities_server_key').on(t.stackId, t.server),
    index('authorities_title_idx').on(t.title, t.id),
    index('authorities_environment_idx').on(t.environmentId, t.title),
    index('authorities_until_idx').on(t.validUntil),
    index('authorities_title_trgm').using('gin', t.title.op('gin_trgm_ops')),
    check('authorities_kind_check', sql`${t.kind} in ('authority', 'server')`),
  ],
)
