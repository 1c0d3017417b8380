import { pgTable, primaryKey, real, smallint, uuid } from 'drizzle-orm/pg-core'
import { moment } from './columns'

/**
 * What instances and hosts looked like over time; a subject is either's id, without a foreign key: what is deleted is thinned and dropped like the rest.
 * All three are partitioned by time in their migration, and partitions come and go with `db/samples/keep.ts`. Figures stand in the order of
 * `lib/domain/samples/metrics.ts`; null is a gap.
 */
export const samplesFresh = pgTable(
  'samples_fresh',
  { subject: uuid('subject').notNull(), at: moment('at').notNull(), figures: real('figures').array().notNull() },
  (t) => [primaryKey({ columns: [t.subject, t.at] })],
)

/** One row an hour: means of its minutes. `codes` holds as many figures a minute as there were metrics, each as `sample_code()` packs it. */
export const samplesHourly = pgTable(
  'samples_hourly',
  {
    subject: uuid('subject').notNull(),
    hour: moment('hour').notNull(),
    /** Minutes of the hour, in order; those of which nothing is known are left out. */
    minutes: smallint('minutes').array().notNull(),
    codes: smallint('codes').array().notNull(),
  },
  (t) => [primaryKey({ columns: [t.subject, t.hour] })],
)

/** One row a day: of each ten minutes the lowest, mean and highest of its minutes. */
export const samplesDaily = pgTable(
  'samples_daily',
  {
    subject: uuid('subject').notNull(),
    day: moment('day').notNull(),
    /** Of the day's 144 times ten minutes, in order. */
    slots: smallint('slots').array().notNull(),
    lows: smallint('lows').array().notNull(),
    means: smallint('means').array().notNull(),
    highs: smallint('highs').array().notNull(),
  },
  (t) => [primaryKey({ columns: [t.subject, t.day] })],
)
