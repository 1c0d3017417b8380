import { createHash } from 'node:crypto'
import type { Actor } from '@/lib/kernel/access/access'
import type { Json, JsonObject } from '@/lib/kernel/ground/json'
import { inPgTransaction } from '../pg/transaction'
import { type AuditEntry, storable, writeAudit } from './audit'

/** So many of one kind are lines of their own; further ones within the hour are counted, and told in one line after it. */
const eachMax = 3
/** So many kinds of one act are kept apart within an hour, for each person and for all strangers together; what comes besides is one kind. Both bound what a flood writes. */
const kindsMax = 60

interface Told {
  actor: Pick<Actor, 'kind' | 'personId' | 'name' | 'from'>
  entry: AuditEntry
}

const severalOf = ({ actor, entry: { act } }: Told): Told => ({
  actor: actor.personId === null ? { kind: actor.kind, personId: null, name: 'several' } : actor,
  entry: { act, title: 'several' },
})

/**
 * A line for what may happen often, such as refusals and readings: a flood of it becomes a number. `kind`: what makes two of the same act alike, besides who did
 * it. `times`: how many of it are told at once. Throws `database.down`.
 */
export const writeOften = async (actor: Actor, entry: AuditEntry, kind: string, times = 1): Promise<void> => {
  const { personId, name, from } = actor
  const told: Told = { actor: { kind: actor.kind, personId, name, ...(from ? { from } : {}) }, entry }
  const key = createHash('sha256')
    .update(JSON.stringify([entry.act, personId, name, kind]))
    .digest('hex')
  await inPgTransaction(async (client, tx) => {
    const count = async (key: string, told: Told, isKnown: boolean): Promise<number | null> => {
      const { rows } = await client.query<{ calls: number }>(
        `insert into audit_folds as f (key, act, told, who, seen) select $1, $2, $3::jsonb, $5, $6::int
           where $4 or exists (select from audit_folds where key = $1) or (select count(*) from audit_folds where act = $2 and who = $5) < ${kindsMax}
         on conflict (key) do update set seen = f.seen + $6::int, calls = f.calls + 1, last_at = now() returning calls`,
        [key, entry.act, JSON.stringify(storable(told as unknown as Json)), isKnown, personId ?? '', times],
      )
      return rows[0]?.calls ?? null
    }
    const own = await count(key, told, false)
    const calls = own ?? (await count(JSON.stringify([entry.act, personId, 'several']), severalOf(told), true))!
    if (calls <= eachMax) await writeAudit(tx, actor, entry)
  })
}

interface FoldRow {
  told: Told
  seen: number
  calls: number
  since: Date
  last_at: Date
}

/** Tells of everything that was only counted, an hour after the first of its kind; in the transaction that forgets it. */
export const tellFolds = (olderThanSeconds = 3_600): Promise<number> =>
  inPgTransaction(async (client, tx) => {
    const { rows } = await client.query<FoldRow>(
      `with gone as (select key from audit_folds where since < now() - make_interval(secs => $1) order by key limit 500 for update skip locked)
       delete from audit_folds f using gone where f.key = gone.key returning f.told, f.seen, f.calls, f.since, f.last_at`,
      [olderThanSeconds],
    )
    const more = ({ seen, calls }: FoldRow) => seen - Math.min(calls, eachMax)
    const folded = rows.filter((row) => more(row) > 0).sort((a, b) => a.since.getTime() - b.since.getTime())
    for (const row of folded) {
      const { told, since, last_at } = row
      const detail: JsonObject = { ...told.entry.detail, more: more(row), since: since.toISOString(), until: last_at.toISOString() }
      await writeAudit(tx, { ...told.actor, grants: [] }, { ...told.entry, detail })
    }
    return folded.length
  })
