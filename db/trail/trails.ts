import type { AuditBreach, Checkpoint } from '@/lib/kernel/ground/checkpoint'
import type { CheckpointStore } from '@/lib/ports/audit-places'
import type { AuditTrail } from '@/lib/shapes/audit'
import { databaseFault, getPool } from '../pg/client'
import type { Queryable } from '../pg/transaction'

const query = async <Row extends object>(text: string, values: unknown[]): Promise<Row[]> => {
  try {
    return (await getPool().query<Row>(text, values)).rows
  } catch (error) {
    throw databaseFault(error)
  }
}

/** The place of a trail that has none outside of the database. */
export const inDatabase = 'database'

/** Only one process at a time adds to a trail, whatever file it means; until the transaction ends. */
export const lockTrails = (client: Queryable) => client.query(`select pg_advisory_xact_lock(hashtext('matriarch audit trails'))`)

/**
 * The copies in the database as the only store there is: signed, so nobody rewrites the log unseen while a worker lives that has read them, but within reach of
 * whoever owns the database.
 */
export const databaseStore = (): CheckpointStore => ({
  place: inDatabase,
  read: async (cursor) => {
    const rows = await query<{ number: number; document: string }>(
      `select number, document from audit_checkpoints
       where trail = (select trail from audit_checkpoints where place = $1 order by at desc, number desc limit 1) order by number`,
      [inDatabase],
    )
    const last = rows.at(-1)?.number ?? 0
    return { documents: rows.filter(({ number }) => number > cursor).map(({ document }) => document), cursor: last, isCut: last < cursor }
  },
  // The copy is added with the checkpoint's transaction, as those of any store are.
  append: async () => {},
})

export interface Claim {
  /** null: what stands in the place could not be read, and so it is the trail that was there last. */
  trail: string | null
  place: string
  alsoTo: string | null
  holder: string
  claimMs: number
}

/** What is remembered of a trail. */
export interface Remembered {
  trail: string
  breach: AuditBreach | null
  wholeAt: string | null
  sent: number
}

/** Makes a process the one that looks after a trail for a while, or keeps it so; null: another one is. */
export const claimTrail = async ({ trail, place, alsoTo, holder, claimMs }: Claim): Promise<Remembered | null> => {
  // A file that was moved away and begun anew is another trail of the same place.
  if (trail !== null) await query('delete from audit_trails where place = $1 and id <> $2', [place, trail])
  const [row] = await query<{ id: string; breach: AuditBreach | null; whole_at: Date | null; sent: number }>(
    `insert into audit_trails as t (id, place, also_to, holder, claimed_until)
     values (coalesce($1, (select id from audit_trails where place = $2), gen_random_uuid()), $2, $3, $4, clock_timestamp() + $5 * interval '1 ms')
     on conflict (id) do update set place = excluded.place, also_to = excluded.also_to, holder = excluded.holder, claimed_until = excluded.claimed_until
       where t.holder = excluded.holder or t.claimed_until < clock_timestamp()
     returning id, breach, whole_at, sent`,
    [trail, place, alsoTo, holder, claimMs],
  )
  return row ? { trail: row.id, breach: row.breach, wholeAt: row.whole_at?.toISOString() ?? null, sent: row.sent } : null
}

/** A worker that ends leaves its trail to the others at once. */
export const leaveTrail = async (trail: string, holder: string): Promise<void> => {
  await query('update audit_trails set claimed_until = now() where id = $1 and holder = $2', [trail, holder])
}

export interface Look {
  /** False: the store could not be read, so nothing was held against it. */
  isChecked: boolean
  lines: number
  /** Lines of the whole chain, when this look came to its end. */
  wholeLines: number | null
  breach: AuditBreach | null
  fault: string | null
  sent: number
}

/** Keeps what a look at a trail gave; since when something is wrong stays as it was first seen. */
export const noteLook = async (trail: string, { isChecked, lines, wholeLines, breach, fault, sent }: Look): Promise<void> => {
  await query(
    `update audit_trails set checked_at = case when $7 then now() else checked_at end, lines = $2, whole_at = case when $3::bigint is null then whole_at else now() end,
       whole_lines = coalesce($3::bigint, whole_lines), breach = $4::jsonb, breach_since = case when $4::jsonb is not null then coalesce(breach_since, now()) end,
       fault = $5, fault_since = case when $5::text is not null then coalesce(fault_since, now()) end, sent = $6
     where id = $1`,
    [trail, lines, wholeLines, breach === null ? null : JSON.stringify(breach), fault, sent, isChecked],
  )
}

/** Adds the copy of a checkpoint, in the caller's transaction. */
export const insertCheckpoint = async (client: Queryable, place: string, document: string, checkpoint: Checkpoint): Promise<void> => {
  const { trail, number, at, lines, head } = checkpoint
  await client.query(
    'insert into audit_checkpoints (trail, number, at, place, lines, head, document) values ($1, $2, $3, $4, $5, $6, $7) on conflict (trail, number) do nothing',
    [trail, number, at, place, lines, head, document],
  )
}

interface TrailRow extends Omit<AuditTrail, 'isOutside' | 'checkedAt' | 'wholeAt' | 'faultSince' | 'breachSince' | 'checkpoint' | 'lines'> {
  lines: string
  checkedAt: Date | null
  wholeAt: Date | null
  faultSince: Date | null
  breachSince: Date | null
  number: number | null
  at: Date
  signedLines: string
  head: string
  keyId: string | null
}

const iso = (at: Date | null): string | null => at?.toISOString() ?? null

/** Where checkpoints are kept, the most lately looked at first, each with its last one. Who asks for it may see the audit log. */
export const listTrails = async (): Promise<AuditTrail[]> => {
  const rows = await query<TrailRow>(
    `select t.id, t.place, t.also_to as "alsoTo", t.checked_at as "checkedAt", t.whole_at as "wholeAt", t.whole_lines::float8 as "wholeLines", t.lines, t.fault,
       t.fault_since as "faultSince", t.breach, t.breach_since as "breachSince", c.number, c.at, c.lines as "signedLines", c.head,
       c.document::jsonb->'signature'->>'keyId' as "keyId"
     from audit_trails t left join lateral (select * from audit_checkpoints c where c.trail = t.id order by number desc limit 1) c on true
     order by t.checked_at desc nulls last, t.place limit 50`,
    [],
  )
  return rows.map(({ number, at, signedLines, head, keyId, ...row }) => ({
    ...row,
    isOutside: row.place !== inDatabase,
    lines: Number(row.lines),
    checkedAt: iso(row.checkedAt),
    wholeAt: iso(row.wholeAt),
    faultSince: iso(row.faultSince),
    breachSince: iso(row.breachSince),
    checkpoint: number === null ? null : { number, at: at.toISOString(), lines: Number(signedLines), head, keyId },
  }))
}
