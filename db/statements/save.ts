import { type StatementsLook, statementFigures } from '@/lib/domain/statements/statement'
import { databaseFault } from '../pg/client'
import { inPgTransaction } from '../pg/transaction'

const keysSql = `
with seen as (select * from jsonb_to_recordset($2::jsonb) as t("queryId" bigint, "user" text, database text, text text)),
made as (
  insert into statement_keys (instance_id, query_id, database, user_name, text, seen_on)
  select $1, "queryId", database, "user", text, current_date from seen
  on conflict (instance_id, query_id, database, user_name) do update set seen_on = current_date where statement_keys.seen_on <> current_date
  returning id, query_id, database, user_name
)
select id, query_id::text as "queryId", database, user_name as "user" from made
union
select k.id, k.query_id::text, k.database, k.user_name from statement_keys k join seen s on s."queryId" = k.query_id and s.database = k.database and s."user" = k.user_name
  where k.instance_id = $1`

/** Keeps what a look at pg_stat_statements saw. An instance that is not registered is passed over. Throws `database.down`. */
export const saveStatements = async (instanceId: string, look: StatementsLook): Promise<void> => {
  try {
    await inPgTransaction(async (client) => {
      const { rowCount } = await client.query(
        `insert into statement_looks (instance_id, state, libraries, seen_at) select id, $2, $3, now() from instances where id = $1 for key share
         on conflict (instance_id) do update set state = excluded.state, libraries = excluded.libraries, seen_at = excluded.seen_at`,
        [instanceId, look.state, look.state === 'seen' ? null : look.libraries],
      )
      if (!rowCount || look.state !== 'seen') return
      const { rows } = await client.query<{ id: number; queryId: string; database: string; user: string }>(keysSql, [
        instanceId,
        JSON.stringify(look.statements.map(({ queryId, user, database, text }) => ({ queryId, user, database, text }))),
      ])
      const nameOf = (one: { queryId: string; database: string; user: string }) => JSON.stringify([one.queryId, one.database, one.user])
      const ids = new Map(rows.map((row) => [nameOf(row), row.id]))
      await client.query(
        `insert into statement_samples (instance_id, at, reset_at, keys, figures) values ($1, now(), $2, $3, $4) on conflict do nothing`,
        [
          instanceId,
          look.resetAt,
          look.statements.map((one) => ids.get(nameOf(one))!),
          look.statements.flatMap((one) => statementFigures.map((figure) => Number(one[figure]))),
        ],
      )
    })
  } catch (error) {
    throw databaseFault(error)
  }
}
