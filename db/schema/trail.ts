import { bigint, index, integer, jsonb, pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import type { AuditBreach } from '@/lib/kernel/ground/checkpoint'
import { id, moment } from './columns'

/** The files (or, where no worker has one, this database) that signed checkpoints of the audit log are kept in, and what looking at each last gave. */
export const auditTrails = pgTable(
  'audit_trails',
  {
    id: uuid('id').primaryKey(),
    /** `host:/path`, or `database`. */
    place: text('place').notNull(),
    /** Where its checkpoints are sent besides; null: nowhere. */
    alsoTo: text('also_to'),
    /** The process that looks after it, until then. */
    holder: text('holder').notNull(),
    claimedUntil: moment('claimed_until').notNull(),
    /** Last look that followed the chain from the last checkpoint to its end. */
    checkedAt: moment('checked_at'),
    /** Last time that every line was recomputed, and how many there were. */
    wholeAt: moment('whole_at'),
    wholeLines: bigint('whole_lines', { mode: 'number' }),
    lines: bigint('lines', { mode: 'number' }).notNull().default(0),
    /** Number of its last checkpoint that was sent on. */
    sent: integer('sent').notNull().default(0),
    /** Why checkpoints cannot be kept, or sent on. */
    fault: text('fault'),
    faultSince: moment('fault_since'),
    breach: jsonb('breach').$type<AuditBreach>(),
    breachSince: moment('breach_since'),
  },
  (t) => [uniqueIndex('audit_trails_place_key').on(t.place)],
)

/** Copies of all signed checkpoints, for people and for whoever recomputes the chain. Only added to. */
export const auditCheckpoints = pgTable(
  'audit_checkpoints',
  {
    id: id(),
    trail: uuid('trail').notNull(),
    number: integer('number').notNull(),
    at: moment('at').notNull(),
    place: text('place').notNull(),
    lines: bigint('lines', { mode: 'number' }).notNull(),
    head: text('head').notNull(),
    /** One line of JSON: the checkpoint, its signature and the key. */
    document: text('document').notNull(),
  },
  (t) => [
    uniqueIndex('audit_checkpoints_number_key').on(t.trail, t.number),
    index('audit_checkpoints_at_idx').on(t.at, t.id),
    index('audit_checkpoints_place_trgm').using('gin', t.place.op('gin_trgm_ops')),
  ],
)

/** What happens often: the first of a kind are lines of the audit log, the others are counted here and become one line. */
export const auditFolds = pgTable(
  'audit_folds',
  {
    key: text('key').primaryKey(),
    act: text('act').notNull(),
    /** Id of a person; empty for who is not signed in. */
    who: text('who').notNull(),
    /** Actor and entry of the line that tells of them all. */
    told: jsonb('told').notNull(),
    seen: integer('seen').notNull(),
    /** How often it was written down: several that come at once are written together. */
    calls: integer('calls').notNull().default(1),
    since: moment('since').notNull().defaultNow(),
    lastAt: moment('last_at').notNull().defaultNow(),
  },
  (t) => [index('audit_folds_act_idx').on(t.act, t.who)],
)
