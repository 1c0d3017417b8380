import { sql } from 'drizzle-orm'
import { index, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import { id, moment } from './columns'

/**
 * What was seen of an instance or server to be other than before: triggers on both write it with the look. It has no foreign keys: what happened to a herd
 * outlives its members.
 */
export const fleetEvents = pgTable(
  'fleet_events',
  {
    id: id(),
    /** Of the look that saw it. */
    at: moment('at').notNull(),
    kind: text('kind').$type<'state' | 'role' | 'timeline' | 'restart'>().notNull(),
    /** null: of the server itself. */
    instanceId: uuid('instance_id'),
    herdId: uuid('herd_id'),
    serverId: uuid('server_id').notNull(),
    environmentId: uuid('environment_id').notNull(),
    title: text('title').notNull(),
    was: text('was').notNull(),
    /** Of a restart: when the postmaster started, by the server’s clock. */
    became: text('became').notNull(),
    because: text('because'),
    /** Of a state: when the next one was seen, or its record was deleted; of `online` and `reachable` at once. */
    endedAt: moment('ended_at'),
  },
  (t) => [
    index('fleet_events_instance_idx').on(t.instanceId, t.at),
    index('fleet_events_herd_idx').on(t.herdId, t.at),
    index('fleet_events_server_idx').on(t.serverId, t.at),
    index('fleet_events_at_idx').on(t.at),
    index('fleet_events_open_member_idx').on(t.instanceId).where(sql`kind = 'state' and ended_at is null`),
    index('fleet_events_open_host_idx').on(t.serverId).where(sql`kind = 'state' and ended_at is null and instance_id is null`),
  ],
)
