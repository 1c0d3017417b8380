import { sql } from 'drizzle-orm'
import type { Actor } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import { getPool, inTransaction } from '../pg/client'
import { beginsToCount, mustBeOneself, mustHaveRoom } from './factors'

/** A device's half that may be known: with it its signatures are verified. */
export interface Passkey {
  /** What the device calls it, and its public key in COSE: base64url. */
  credentialId: string
  publicKey: string
  counter: number
  transports: string[]
}

export type KeptPasskey = Passkey & { id: string }

/** Long enough to find the device, or to type its PIN. */
export const challengeMinutes = 5

/** Those that count. */
export const passkeysOf = async (personId: string): Promise<KeptPasskey[]> =>
  (
    await getPool().query(
      `select id, credential_id as "credentialId", public_key as "publicKey", counter::float8 as counter, transports
        from second_factors where person_id = $1 and kind = 'passkey' and confirmed_at is not null order by created_at`,
      [personId],
    )
  ).rows

/** In the place of one asked before. `asked`: who is asked and for what. */
export const keepChallenge = async (asked: string, challenge: string): Promise<void> => {
  await getPool().query(
    `insert into passkey_challenges (asked, challenge, expires_at) values ($1, $2, now() + make_interval(mins => ${challengeMinutes}))
     on conflict (asked) do update set challenge = excluded.challenge, expires_at = excluded.expires_at`,
    [asked, challenge],
  )
}

/** Once: whoever asks again gets null, as for one that is too old. */
export const takeChallenge = async (asked: string): Promise<string | null> => {
  const { rows } = await getPool().query(
    'delete from passkey_challenges where asked = $1 returning challenge, expires_at > now() as is_live',
    [asked],
  )
  return rows[0]?.is_live ? rows[0].challenge : null
}

/**
 * From now on it is asked for: its device has signed a challenge of this login. With the first factor come recovery codes, and logins that had none end.
 * True where `codes`, hashes, were kept. Throws `record.duplicate` for a credential that is known, `input.invalid` where there are too many.
 */
export const addPasskey = (actor: Actor, name: string, passkey: Passkey, codes: readonly string[]): Promise<boolean> =>
  inTransaction(async (tx) => {
    const personId = mustBeOneself(actor)
    await mustHaveRoom(tx, personId)
    const { rows } = await tx.execute<{ id: string }>(
      sql`insert into second_factors (person_id, kind, name, credential_id, public_key, counter, transports, confirmed_at)
          values (${personId}, 'passkey', ${name}, ${passkey.credentialId}, ${passkey.publicKey}, ${passkey.counter},
            ${sql.param(passkey.transports)}::text[], now())
          on conflict (credential_id) do nothing returning id`,
    )
    if (!rows[0]) throw new Fault('record.duplicate', { because: 'This passkey has been added before.' })
    return beginsToCount(tx, actor, { id: rows[0].id, name, kind: 'passkey' }, codes)
  })

/** A signature was right. False where the device counts and has not counted on since the last one: this is a copy, or a replay. */
export const takeCounter = async (id: string, counter: number): Promise<boolean> => {
  const { rowCount } = await getPool().query(
    `update second_factors set counter = $2, last_used_at = now()
      where id = $1 and confirmed_at is not null and (counter < $2 or (counter = 0 and $2 = 0))`,
    [id, counter],
  )
  return rowCount === 1
}
