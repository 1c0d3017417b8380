import { sql } from 'drizzle-orm'
import { getPool, type Tx } from '../pg/client'

export interface HalfLogin {
  personId: string
  userName: string
  groups: string[]
  /** Of an identity provider. */
  providerSid: string | null
}

/** Long enough to find a phone. */
export const halfLoginMinutes = 5

/** The password is proved, here or at a provider; the second factor is not. `hash`: of what the browser's cookie carries. */
export const keepHalfLogin = async (hash: string, { personId, groups, providerSid }: Omit<HalfLogin, 'userName'>): Promise<void> => {
  await getPool().query(
    `insert into half_logins (hash, person_id, groups, provider_sid, expires_at) values ($1, $2, $3::text[], $4, now() + make_interval(mins => ${halfLoginMinutes}))`,
    [hash, personId, groups, providerSid],
  )
}

/** null: none of ours, used, too old, or the person may not sign in any more. */
export const halfLoginOf = async (hash: string): Promise<HalfLogin | null> => {
  const { rows } = await getPool().query<HalfLogin>(
    `select h.person_id as "personId", p.user_name as "userName", h.groups, h.provider_sid as "providerSid" from half_logins h join people p on p.id = h.person_id
      where h.hash = $1 and h.expires_at > now() and not p.is_disabled and p.absent_at is null`,
    [hash],
  )
  return rows[0] ?? null
}

/** Inside the transaction that opens the session. False where somebody used it meanwhile. */
export const useHalfLogin = async (tx: Tx, hash: string): Promise<boolean> => {
  const { rowCount } = await tx.execute(sql`delete from half_logins where hash = ${hash} and expires_at > now()`)
  return rowCount === 1
}
