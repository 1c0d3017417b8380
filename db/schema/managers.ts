import { jsonb, pgTable, unique, uuid } from 'drizzle-orm/pg-core'
import type { ConfigObject } from '@/lib/domain/managers/patroni-config'
import { id, moment } from './columns'
import { herds, instances } from './fleet'

/** The primary of a herd that Patroni manages that was last followed, or found there first. When another one is heard of, whoever hears of it follows it. */
export const followedLeaders = pgTable('followed_leaders', {
  herdId: uuid('herd_id')
    .primaryKey()
    .references(() => herds.id, { onDelete: 'cascade' }),
  primaryId: uuid('primary_id')
    .notNull()
    .references(() => instances.id, { onDelete: 'cascade' }),
  followedAt: moment('followed_at').notNull(),
})

/** A dynamic configuration of a herd's Patroni cluster, as its leader told it from the first look until the last; passwords in it are hidden. */
export const patroniConfigs = pgTable(
  'patroni_configs',
  {
    id: id(),
    herdId: uuid('herd_id')
      .notNull()
      .references(() => herds.id, { onDelete: 'cascade' }),
    config: jsonb('config').$type<ConfigObject>().notNull(),
    firstSeenAt: moment('first_seen_at').notNull(),
    lastSeenAt: moment('last_seen_at').notNull(),
  },
  (t) => [unique('patroni_configs_herd_seen_key').on(t.herdId, t.firstSeenAt)],
)
