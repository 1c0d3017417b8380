import type { ListKind, PriceList } from '@/lib/domain/prices/assemble'
import { databaseFault, getPool } from '../pg/client'

export interface HeldList {
  region: string
  kind: ListKind
  readAt: Date | null
  triedAt: Date
  because: string | null
}

const query = async <Row extends object>(text: string, values: unknown[]): Promise<Row[]> => {
  try {
    return (await getPool().query<Row>(text, values)).rows
  } catch (error) {
    throw databaseFault(error)
  }
}

/** What is kept of an account. Throws `database.down`. */
export const heldLists = (accountId: string): Promise<HeldList[]> =>
  query(`select region, kind, read_at as "readAt", tried_at as "triedAt", because from price_lists where account_id = $1`, [accountId])

/** Replaces the list; `because`: why it comes from elsewhere than it should. An account that was removed meanwhile gets none. */
export const keepList = async (
  accountId: string,
  { region, kind, source, asOf, content }: PriceList,
  because: string | null,
): Promise<void> => {
  await query(
    `insert into price_lists (account_id, region, kind, source, as_of, content, read_at, tried_at, because)
     select id, $2, $3, $4, $5, $6, now(), now(), $7 from cloud_accounts where id = $1
     on conflict (account_id, region, kind) do update set source = excluded.source, as_of = excluded.as_of, content = excluded.content,
       read_at = excluded.read_at, tried_at = excluded.tried_at, because = excluded.because`,
    [accountId, region, kind, source, asOf, JSON.stringify(content), because],
  )
}

/** What was read before stays, with its age. */
export const keepFailure = async (accountId: string, region: string, kind: ListKind, because: string): Promise<void> => {
  await query(
    `insert into price_lists (account_id, region, kind, tried_at, because)
     select id, $2, $3, now(), $4 from cloud_accounts where id = $1
     on conflict (account_id, region, kind) do update set tried_at = excluded.tried_at, because = excluded.because`,
    [accountId, region, kind, because],
  )
}

/** Regions that the account does not name any more. */
export const forgetOtherRegions = async (accountId: string, regions: readonly string[]): Promise<void> => {
  await query('delete from price_lists where account_id = $1 and not region = any($2)', [accountId, regions])
}
