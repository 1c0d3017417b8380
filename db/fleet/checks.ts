import type { Actor } from '@/lib/kernel/access/access'
import type { Json } from '@/lib/kernel/ground/json'
import type { HostCheckStep } from '@/lib/ports'
import { server } from '@/lib/resources/server'
import { Params, queryRows } from '../pg/statement'
import { inPgTransaction } from '../pg/transaction'
import { reachOf, reachSql } from '../records/reach'
import { tellFacts } from './observations'

export interface StoredCheck {
  /** ISO time of its end. */
  at: string
  steps: readonly HostCheckStep[]
}

const store = {
  name: 'checks-store',
  text: `with input as materialized (
      select * from jsonb_to_recordset($1::jsonb) as t(id uuid, at timestamptz, steps jsonb)
    ), mine as materialized (
      select s.id from servers s join input t on t.id = s.id order by s.id for no key update of s
    )
    update servers s set last_check = t.steps, last_check_at = t.at from input t, mine
    where mine.id = t.id and s.id = t.id and t.at > coalesce(s.last_check_at, '-infinity') returning s.id`,
}

/** The last check of each of these servers, by id; an older one changes nothing. Throws `database.down`. */
export const writeChecks = async (checks: ReadonlyMap<string, StoredCheck>): Promise<void> => {
  if (checks.size === 0) return
  const input = [...checks].map(([id, { at, steps }]) => ({ id, at, steps }))
  await inPgTransaction(async (client) => {
    const { rows } = await client.query<{ id: string }>({ ...store, values: [JSON.stringify(input).replaceAll('\\u0000', '')] })
    await tellFacts(
      client,
      rows.map(({ id }) => id),
    )
  })
}

/** Null: it was never checked, or is not to be seen. */
export const readCheck = async (actor: Actor, serverId: string): Promise<StoredCheck | null> => {
  const params = new Params()
  const rows = await queryRows(
    `select t.last_check_at, t.last_check from servers t
      where t.id = ${params.add(serverId)}::uuid and t.last_check is not null and ${reachSql(server, reachOf(actor, server), params)}`,
    params,
  )
  const [found] = rows as [string, Json][]
  return found ? { at: found[0], steps: found[1] as unknown as HostCheckStep[] } : null
}
