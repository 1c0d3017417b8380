import { sql } from 'drizzle-orm'
import { boolean, doublePrecision, index, integer, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core'
import { moment } from './columns'
import { instances } from './fleet'

/** One row for each set of settings and defaults that servers of the fleet have: about one for each version and its libraries. */
export const settingCatalogues = pgTable('setting_catalogues', {
  id: integer('id').primaryKey().generatedAlwaysAsIdentity(),
  digest: text('digest').notNull().unique('setting_catalogues_digest_key'),
  version: text('version').notNull(),
})

export const settingKinds = pgTable(
  'setting_kinds',
  {
    catalogueId: integer('catalogue_id')
      .notNull()
      .references(() => settingCatalogues.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    category: text('category').notNull(),
    description: text('description').notNull(),
    context: text('context').notNull(),
    type: text('type').notNull(),
    unit: text('unit'),
    defaultValue: text('default_value'),
    /** Bytes, milliseconds or the number itself, so that servers with other units compare; null: no number. */
    defaultNumber: doublePrecision('default_number'),
  },
  (t) => [primaryKey({ columns: [t.catalogueId, t.name] }), index('setting_kinds_name_idx').on(t.name)],
)

/** What is not at its default, with secrets masked. What is missing here of a server's catalogue is at its default. */
export const instanceSettings = pgTable(
  'instance_settings',
  {
    instanceId: uuid('instance_id')
      .notNull()
      .references(() => instances.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    value: text('value'),
    number: doublePrecision('number'),
    source: text('source').notNull(),
    file: text('file'),
    line: integer('line'),
    isPendingRestart: boolean('is_pending_restart').notNull().default(false),
    pendingValue: text('pending_value'),
  },
  (t) => [
    primaryKey({ columns: [t.instanceId, t.name] }),
    index('instance_settings_name_idx').on(t.name, t.instanceId),
    index('instance_settings_pending_idx').on(t.instanceId, t.name).where(sql`is_pending_restart`),
  ],
)

/** The last look at the settings of an instance. A look that saw what is known touches this row alone. */
export const settingLooks = pgTable('setting_looks', {
  instanceId: uuid('instance_id')
    .primaryKey()
    .references(() => instances.id, { onDelete: 'cascade' }),
  catalogueId: integer('catalogue_id').references(() => settingCatalogues.id),
  digest: text('digest').notNull().default(''),
  loadedAt: moment('loaded_at'),
  startedAt: moment('started_at'),
  seenAt: moment('seen_at'),
})

/** A setting that was seen with another value than before: what a timeline shows. `at`: of the look; values as pg_settings has them, in the setting's unit. */
export const settingChanges = pgTable(
  'setting_changes',
  {
    instanceId: uuid('instance_id')
      .notNull()
      .references(() => instances.id, { onDelete: 'cascade' }),
    at: moment('at').notNull(),
    name: text('name').notNull(),
    /** The new value waits for a restart; the old one is in force. */
    isPending: boolean('is_pending').notNull(),
    unit: text('unit'),
    type: text('type').notNull(),
    oldValue: text('old_value'),
    newValue: text('new_value'),
    source: text('source'),
    file: text('file'),
    line: integer('line'),
  },
  (t) => [primaryKey({ columns: [t.instanceId, t.at, t.name, t.isPending] }), index('setting_changes_at_idx').on(t.at)],
)
