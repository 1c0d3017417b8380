import type { Actor } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import type { Reservation } from '@/lib/kernel/operation/reservation'
import { databaseFault, getPool } from '../pg/client'
import type { Queryable } from '../pg/transaction'
import { type HeldLease, takeLeases } from './leases'
import { reservationsOf } from './reservations'

/** A herd that a person holds around work outside the console. Times are ISO. */
export interface HerdLock {
  owner: string
  /** Host and process of the command. */
  holder: string
  reason: string
  acquiredAt: string
  /** Moves on with each sign of life. */
  expiresAt: string
}

interface Hold {
  actor: Actor
  /** What keeps it and gives it back. */
  id: string
  name: string
  reason: string
  holder: string
  ttlSeconds: number
}

/** Takes the lease for a person, and answers the lease in the way, or the open job that keeps the herd; null: it is held now. */
export const holdOutside = async (
  client: Queryable,
  { actor, id, name, reason, holder, ttlSeconds }: Hold,
): Promise<HeldLease | Reservation | null> => {
  const [reservation] = await reservationsOf(client, [{ names: [name], jobId: null }])
  if (reservation) return reservation
  const owner = { name: actor.name, personId: actor.personId }
  const refused = await takeLeases(client, [{ names: [name], token: id, holder, reason, jobId: null, owner }], ttlSeconds * 1000)
  return refused.get(id) ?? null
}

/**
 * Moves its end to `ttlSeconds` from now. One whose time was up but that nobody took meanwhile is still its holder's.
 * Throws `lock.lost`; another person's lock is none of one's own.
 */
export const keepOutside = async (actor: Actor, id: string, ttlSeconds: number): Promise<{ expiresAt: string }> => {
  try {
    const { rows } = await getPool().query<{ expires_at: Date }>(
      `update leases set expires_at = clock_timestamp() + make_interval(secs => $3)
       where token::text = lower($1) and owner is not null and person_id is not distinct from $2 returning expires_at`,
      [id, actor.personId, ttlSeconds],
    )
    if (!rows[0]) throw new Fault('lock.lost')
    return { expiresAt: rows[0].expires_at.toISOString() }
  } catch (error) {
    throw databaseFault(error)
  }
}

export interface ReleasedLock {
  herdId: string
  title: string
  environmentId: string | null
  reason: string
  holder: string
}

/** null: it is not held any more, or not by this person. */
export const releaseOutside = async (client: Queryable, actor: Actor, id: string): Promise<ReleasedLock | null> => {
  const { rows } = await client.query<ReleasedLock>(
    `with gone as (delete from leases where token::text = lower($1) and owner is not null and person_id is not distinct from $2 returning name, reason, holder)
     select split_part(g.name, ':', 2) as "herdId", coalesce(h.name, g.name) as title, h.environment_id as "environmentId", g.reason, g.holder
       from gone g left join herds h on g.name = 'herd:' || h.id`,
    [id, actor.personId],
  )
  return rows[0] ?? null
}

/** The lock that a person holds on a herd; a worker's lease is none. The caller has shown that the herd may be seen. */
export const leaseOfHerd = async (herdId: string): Promise<HerdLock | null> => {
  try {
    const { rows } = await getPool().query<Omit<HerdLock, 'acquiredAt' | 'expiresAt'> & { acquired_at: Date; expires_at: Date }>(
      `select owner, holder, reason, acquired_at, expires_at from leases
       where name = 'herd:' || $1::uuid and owner is not null and expires_at > clock_timestamp()`,
      [herdId],
    )
    const row = rows[0]
    return row
      ? {
          owner: row.owner,
          holder: row.holder,
          reason: row.reason,
          acquiredAt: row.acquired_at.toISOString(),
          expiresAt: row.expires_at.toISOString(),
        }
      : null
  } catch (error) {
    throw databaseFault(error)
  }
}
