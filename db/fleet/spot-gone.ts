import type { Queryable } from '../pg/transaction'
import { isServerAtRest } from './at-rest'

/** Spot machines of servers here that a sweep is about to find taken, but for those of a herd that was stopped on purpose: `seen` is what EC2 says of the region now. Part of the sweep's transaction, before it writes them. */
export const noteGone = async (
  client: Queryable,
  account: { id: string; region: string },
  seen: readonly { instance_id: string; state: string }[],
): Promise<void> => {
  const { rows } = await client.query<{ server_id: string }>(
    `with lost as (
        select m.server_id, m.environment_id, s.hostname, m.instance_id, n.state from machines m join servers s on s.id = m.server_id
          join jsonb_to_recordset($3::jsonb) as n (instance_id text, state text) on n.instance_id = m.instance_id
          where m.account_id = $1 and m.region = $2 and m.kind = 'ec2' and m.market = 'spot' and n.state in ('shutting-down', 'terminated', 'stopping', 'stopped')
            and not ${isServerAtRest('m.server_id')}
      ), known as (
        update evictions e set gone_at = clock_timestamp() from lost l
          where e.server_id = l.server_id and e.instance_id = l.instance_id and e.withdrawn_at is null and e.closed_at is null and e.gone_at is null
          returning e.server_id, e.kind
      ), added as (
        insert into evictions (environment_id, server_id, title, instance_id, kind, action, source, gone_at)
          select l.environment_id, l.server_id, l.hostname, l.instance_id, 'interruption', 'terminate', 'cloud', clock_timestamp() from lost l
            where l.state in ('shutting-down', 'terminated') and not exists (select from known k where k.server_id = l.server_id and k.kind = 'interruption')
          on conflict do nothing returning server_id
      )
      select server_id from known union select server_id from added`,
    [account.id, account.region, JSON.stringify(seen.map(({ instance_id, state }) => ({ instance_id, state })))],
  )
  for (const row of rows) await client.query(`select pg_notify('evictions', $1)`, [row.server_id])
}
