import { sql } from 'drizzle-orm'
import { type Notice, type ToldAct, toldActs } from '@/lib/domain/notifications/notice'
import { databaseFault, getPool, type Tx } from '../pg/client'

/** A mail that is due, claimed for this sender. */
export interface DueNotice extends Omit<Notice, 'consoleUrl'> {
  id: string
  address: string
  /** This one included. */
  attempts: number
}

/** Longer than one call to the mail server may take. */
const claimSeconds = 60

const take = `update notices n set claimed_until = now() + interval '${claimSeconds} s', attempts = attempts + 1
  from people p
  where p.id = n.person_id and n.id = (
    select id from notices where finished_at is null and due_at <= now() and (claimed_until is null or claimed_until < now())
    order by due_at limit 1 for update skip locked)
  returning n.id, n.address, n.act, p.user_name as "userName", n.title, n.actor_name as "actorName", n.from_address as "from", n.created_at as at, n.attempts`

/** In the transaction of what it tells. Whoever has no address is told nothing. `address` left out: the person's. */
export const tellPerson = async (
  tx: Tx,
  told: { personId: string; act: ToldAct; title: string; actorName: string; from: string | undefined; address?: string },
): Promise<void> => {
  await tx.execute(sql`insert into notices (person_id, address, act, title, actor_name, from_address)
    select id, address, ${told.act}, ${told.title.slice(0, 200)}, ${told.actorName.slice(0, 200)}, ${told.from ?? null}
    from (select id, coalesce(${told.address ?? null}, email) as address from people where id::text = ${told.personId}) p where address <> ''`)
}

/** null: nothing is due that no other sender has. */
export const takeNotice = async (): Promise<DueNotice | null> => {
  try {
    const { rows } = await getPool().query(take)
    // One that an older or newer version wrote is not for this one.
    return rows[0] && Object.hasOwn(toldActs, rows[0].act) ? { ...rows[0], at: rows[0].at.toISOString() } : null
  } catch (error) {
    throw databaseFault(error)
  }
}

/** What came of it. `nextAt`: when it is tried again; null: never. */
export const noteNotice = async (id: string, answer: string, nextAt: Date | null): Promise<void> => {
  try {
    await getPool().query(
      `update notices set answer = $2, claimed_until = null, due_at = coalesce($3::timestamptz, due_at),
         finished_at = case when $3::timestamptz is null then now() end where id = $1`,
      [id, answer, nextAt],
    )
  } catch (error) {
    throw databaseFault(error)
  }
}
