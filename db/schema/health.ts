import { sql } from 'drizzle-orm'
import { doublePrecision, index, jsonb, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core'
import type { HealthDetails, HealthSeverity } from '@/lib/domain/health/kind'
import { moment } from './columns'
import { instances } from './fleet'

/** When an instance was last asked about each kind of finding. */
export const healthLooks = pgTable(
  'health_looks',
  {
    instanceId: uuid('instance_id')
      .notNull()
      .references(() => instances.id, { onDelete: 'cascade' }),
    kind: text('kind').notNull(),
    /** When a look last ended, whatever it saw. */
    triedAt: moment('tried_at').notNull(),
    /** When one last saw all there is; null: none ever did. */
    seenAt: moment('seen_at'),
    /** Why the last one did not; null: it did. */
    because: text('because'),
    /** Why the question does not arise there; null: it does. */
    notApplicable: text('not_applicable'),
    /** The worst value of all that was seen, and of what, whether it is past a limit or not. */
    worstValue: doublePrecision('worst_value'),
    worstObject: text('worst_object'),
  },
  (t) => [primaryKey({ columns: [t.instanceId, t.kind] })],
)

/** What is past its environment's limits, from the look that first found it until one finds it no more. */
export const healthFindings = pgTable(
  'health_findings',
  {
    instanceId: uuid('instance_id')
      .notNull()
      .references(() => instances.id, { onDelete: 'cascade' }),
    kind: text('kind').notNull(),
    /** '': it belongs to none. */
    database: text('database').notNull(),
    object: text('object').notNull(),
    /** none: not for long enough, or not on every member. */
    severity: text('severity').$type<HealthSeverity>().notNull(),
    value: doublePrecision('value').notNull(),
    details: jsonb('details').$type<HealthDetails>().notNull(),
    since: moment('since').notNull(),
    lookedAt: moment('looked_at').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.instanceId, t.kind, t.database, t.object] }),
    index('health_findings_critical_idx').on(t.instanceId).where(sql`severity = 'critical'`),
  ],
)
