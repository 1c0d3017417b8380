import { openRunStates } from '@/lib/kernel/ground/journal'
import { databaseFault, getPool } from '../pg/client'
import type { Queryable } from '../pg/transaction'

/** A launched herd whose time is over, for its claimant to tear down. */
export interface Expired {
  id: string
  name: string
  herdId: string
  expiresAt: Date
  /** In whose name: who set the date. */
  personId: string | null
  tokenId: string | null
  /** Until then nobody else takes it: the moment as the database writes it, which a Date would cut short. */
  claim: string
}

/** Longer than any plan takes. */
const claimMinutes = 2
const againMinutes = 5
/** A tear down that was undone or cancelled is not begun anew at once. */
const afterRunMinutes = 15

const claim = {
  name: 'expiry-claim',
  text: `update blueprints b set expiry_next_at = clock_timestamp() + interval '${claimMinutes} min' where id in (
      select c.id from blueprints c where c.herd_id is not null and c.expires_at <= clock_timestamp() and not c.is_protected
          and (c.expiry_next_at is null or c.expiry_next_at <= clock_timestamp())
          and not exists (select from runs r where r.id = c.expiry_run_id and r.state = any($1))
        order by c.expires_at limit 5 for update skip locked)
    returning b.id, b.name, b.herd_id as "herdId", b.expires_at as "expiresAt", b.expiry_person_id as "personId", b.expiry_token_id as "tokenId",
      b.expiry_next_at::text as claim`,
}

/** Takes launched herds whose time is over; whatever many workers do so, each goes to one. Throws `database.down`. */
export const claimExpired = async (): Promise<Expired[]> => {
  try {
    return (await getPool().query<Expired>({ ...claim, values: [[...openRunStates, 'attention']] })).rows
  } catch (error) {
    throw databaseFault(error)
  }
}

const isStill = `id = $1 and herd_id = $2 and expiry_next_at = $3::timestamptz and expires_at <= clock_timestamp() and not is_protected`
const valuesOf = ({ id, herdId, claim }: Expired) => [id, herdId, claim]

/** Part of the transaction that starts the run. False: it was prolonged, protected or torn down meanwhile, or another worker has it. */
export const beginExpiry = async (client: Queryable, expired: Expired): Promise<boolean> => {
  const { rowCount } = await client.query(`select from blueprints where ${isStill} for no key update`, valuesOf(expired))
  return rowCount === 1
}

/** The run that tears it down. */
export const nameExpiryRun = async (client: Queryable, expired: Expired, runId: string): Promise<void> => {
  await client.query(
    `update blueprints set expiry_run_id = $4, expiry_because = null, expiry_next_at = clock_timestamp() + interval '${afterRunMinutes} min' where ${isStill}`,
    [...valuesOf(expired), runId],
  )
  await client.query(`select pg_notify('records', 'blueprint')`)
}

/** Why it could not be torn down: it is tried again. Throws `database.down`. */
export const refuseExpiry = async (expired: Expired, because: string): Promise<void> => {
  try {
    await getPool().query(
      `with told as (
          update blueprints set expiry_because = $4, expiry_next_at = clock_timestamp() + interval '${againMinutes} min' where ${isStill} returning id)
        select pg_notify('records', 'blueprint') from told`,
      [...valuesOf(expired), because],
    )
  } catch (error) {
    throw databaseFault(error)
  }
}
