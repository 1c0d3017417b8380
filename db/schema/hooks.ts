import { sql } from 'drizzle-orm'
import { boolean, check, index, integer, pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import type { HookFailure, HookMoment } from '@/lib/domain/hooks/hook'
import { id, stamps } from './columns'
import { environments, herds } from './fleet'

/** Scripts of the operator’s that resizes run on the workers. */
export const hooks = pgTable(
  'hooks',
  {
    id: id(),
    /** null: every environment. */
    environmentId: uuid('environment_id').references(() => environments.id, { onDelete: 'cascade' }),
    /** null: every herd of it. */
    herdId: uuid('herd_id').references(() => herds.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    moment: text('moment').$type<HookMoment>().notNull(),
    /** Its name in the workers’ directory. */
    file: text('file').notNull(),
    timeoutSeconds: integer('timeout_seconds').notNull().default(60),
    onFailure: text('on_failure').$type<HookFailure>().notNull().default('stop'),
    /** Of `move-clients`: after a resize to fewer vCPUs clients stay away. */
    staysAway: boolean('stays_away').notNull().default(false),
    isPaused: boolean('is_paused').notNull().default(false),
    note: text('note').notNull().default(''),
    ...stamps(),
  },
  (t) => [
    uniqueIndex('hooks_name_key').on(sql`lower(${t.name})`),
    index('hooks_name_idx').on(t.name, t.id),
    index('hooks_environment_idx').on(t.environmentId, t.name),
    index('hooks_herd_idx').on(t.herdId),
    index('hooks_name_trgm').using('gin', t.name.op('gin_trgm_ops')),
    check('hooks_moment_check', sql`${t.moment} in ('before-stop', 'after-return', 'move-clients')`),
    check('hooks_failure_check', sql`${t.onFailure} in ('stop', 'go-on')`),
    // It is handed to a worker as the name of a file in a directory, and must never lead out of it.
    check('hooks_file_check', sql`${t.file} ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$'`),
  ],
)
