import { integer, timestamp, uuid } from 'drizzle-orm/pg-core'

export const id = () => uuid('id').primaryKey().defaultRandom()

export const moment = (name: string) => timestamp(name, { withTimezone: true })

/** `revision` rises with each save: a form that was opened on an older one is refused with a diff. */
export const stamps = () => ({
  createdAt: moment('created_at').notNull().defaultNow(),
  changedAt: moment('changed_at').notNull().defaultNow(),
  revision: integer('revision').notNull().default(1),
})
