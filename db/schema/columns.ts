import { sql } from 'drizzle-orm'
import { integer, timestamp, uuid } from 'drizzle-orm/pg-core'

export const id = () => uuid('id').primaryKey().defaultRandom()

export const moment = (name: string) => timestamp(name, { withTimezone: true })

/** `revision` rises with each save: a form that was opened on an older one is refused with a diff. */
export const stamps = () => ({
  createdAt: moment('created_at').notNull().defaultNow(),
  changedAt: moment('changed_at').notNull().defaultNow(),
  revision: integer('revision').notNull().default(1),
})

/** `15.9` before `15.18`: what versions are sorted by. */
export const versionKey = () =>
  integer('version_key')
    .array()
    .generatedAlwaysAs(sql`string_to_array(substring(version from '^[0-9]{1,6}(?:\\.[0-9]{1,6})*'), '.')::int[]`)
