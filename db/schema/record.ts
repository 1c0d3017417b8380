import { sql } from 'drizzle-orm'
import { bigint, index, jsonb, pgTable, text, unique, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { moment } from './columns'
import { environments } from './fleet'

/** Who changed which fields of which object, before and after; written in the transaction of the change. */
export const changes = pgTable(
  'changes',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    at: moment('at').notNull().defaultNow(),
    personId: uuid('person_id'),
    actorName: text('actor_name').notNull(),
    resource: text('resource').notNull(),
    objectId: uuid('object_id').notNull(),
    title: text('title').notNull(),
    act: text('act').$type<'add' | 'change' | 'delete'>().notNull(),
    environmentId: uuid('environment_id'),
    /** `{ field: [before, after] }` */
    fields: jsonb('fields').$type<Record<string, [unknown, unknown]>>().notNull().default({}),
  },
  (t) => [
    index('changes_object_idx').on(t.resource, t.objectId, t.at),
    index('changes_at_idx').on(t.at, t.id),
    index('changes_environment_idx').on(t.environmentId, t.at),
    index('changes_title_trgm').using('gin', t.title.op('gin_trgm_ops')),
  ],
)

/** Append-only, hash-chained: `hash = sha256(previousHash || canonical line)`. Updates and deletes are refused by a trigger. */
export const audit = pgTable(
  'audit',
  {
    seq: bigint('seq', { mode: 'number' }).primaryKey(),
    id: uuid('id').notNull().defaultRandom(),
    at: moment('at').notNull(),
    personId: uuid('person_id'),
    actorName: text('actor_name').notNull(),
    actorKind: text('actor_kind').notNull(),
    from: text('from_address'),
    /** `login`, `login.refused`, `herd.change`, `run.submit`, `run.cancel`, `token.create` … */
    act: text('act').notNull(),
    resource: text('resource'),
    objectId: uuid('object_id'),
    title: text('title').notNull().default(''),
    environmentId: uuid('environment_id'),
    detail: jsonb('detail').notNull().default({}),
    previousHash: text('previous_hash').notNull(),
    hash: text('hash').notNull(),
  },
  (t) => [
    uniqueIndex('audit_id_key').on(t.id),
    index('audit_at_idx').on(t.at, t.id),
    index('audit_act_idx').on(t.act, t.at),
    index('audit_actor_idx').on(t.actorName, t.at),
    index('audit_acknowledged_idx')
      .on(sql`split_part(detail->>'key', ' ', 1)`, t.at)
      .where(sql`act in ('fleet.acknowledge', 'fleet.unacknowledge')`),
    index('audit_title_trgm').using('gin', t.title.op('gin_trgm_ops')),
  ],
)

/** The console's SSH keys: each environment has its own. The private half is sealed with the worker's vault key. */
export const consoleKeys = pgTable(
  'console_keys',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    environmentId: uuid('environment_id')
      .notNull()
      .references(() => environments.id, { onDelete: 'cascade' }),
    /** `next`: made to replace the current one once every host accepts it. */
    state: text('state').$type<'current' | 'next'>().notNull().default('current'),
    publicKey: text('public_key').notNull(),
    sealedPrivateKey: text('sealed_private_key').notNull(),
    createdAt: moment('created_at').notNull().defaultNow(),
  },
  (t) => [uniqueIndex('console_keys_environment_key').on(t.environmentId, t.state)],
)

export const settings = pgTable('settings', {
  name: text('name').primaryKey(),
  value: jsonb('value').notNull(),
  changedAt: moment('changed_at').notNull().defaultNow(),
})

/** Problems of the front page that somebody has taken on, each until a time. */
export const acknowledgements = pgTable(
  'acknowledgements',
  {
    kind: text('kind').notNull(),
    itemKey: text('item_key').notNull(),
    /** null: of the console itself. */
    environmentId: uuid('environment_id'),
    note: text('note').notNull(),
    personId: uuid('person_id'),
    actorName: text('actor_name').notNull(),
    at: moment('at').notNull().defaultNow(),
    until: moment('until').notNull(),
  },
  (t) => [unique('acknowledgements_key').on(t.kind, t.itemKey, t.environmentId).nullsNotDistinct()],
)
