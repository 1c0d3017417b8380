import { type Actor, mayIn } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import type { FoundPooler } from '@/lib/ports'
import { resourceByName } from '@/lib/resources'
import type { InboxPooler } from '@/lib/shapes/inbox'
import { herdsLedTo } from '../fleet/pooler-targets'
import { databaseFault, getPool, inTransaction, notify } from '../pg/client'
import { addRecord } from '../records/save'

/** PgBouncers that were seen on one server just now. */
export interface PoolersFound {
  serverId: string
  poolers: readonly FoundPooler[]
}

/**
 * Keeps what was seen, as one statement: what is registered with that port is linked; for the others it finds the herd that most of their databases
 * point to, among those of the server's environment, and notes the other herds. A database points to a herd that has a member with its address, or the
 * host name or the virtual host, and the port.
 */
const store = `with input as materialized (
    select s.id as server_id, s.environment_id, s.hostname, p.* from jsonb_to_recordset($1::jsonb) as i("serverId" uuid, poolers jsonb)
    join servers s on s.id = i."serverId" cross join lateral jsonb_to_recordset(i.poolers) as p(port int, "socketDirectory" text, "configPath" text,
      "isReadable" boolean, "poolMode" text, "authType" text, databases jsonb)
  ), once as materialized (select distinct on (server_id, port) * from input order by server_id, port, "configPath"),
  was as materialized (select d.server_id, d.port, d.inbox from discovered_poolers d join once o using (server_id, port)),
  led as (
    select o.server_id, o.port, h.id as herd_id, h.name, count(distinct d.name) as hits from once o
    cross join lateral jsonb_to_recordset(o.databases) as d(name text, host text, port int)
    cross join lateral (
      ${herdsLedTo('o', 'd')}
      union select v.id from herds v where v.environment_id = o.environment_id and lower(v.virtual_host) = lower(d.host) and v.port = d.port
    ) m join herds h on h.id = m.herd_id
    group by 1, 2, 3, 4
  ), best as (
    select distinct on (server_id, port) *, string_agg(format('%s to %s', hits, name), ', ') filter (where place > 1) over w as others from (
      select *, row_number() over (partition by server_id, port order by hits desc, name) as place from led
    ) ranked window w as (partition by server_id, port) order by server_id, port, place
  ),
  kept as (
    insert into discovered_poolers as k (server_id, environment_id, port, title, socket_directory, config_path, is_readable, pool_mode, auth_type, databases,
      suggested_herd_id, suggestion, pooler_id, inbox, seen_at)
    select o.server_id, o.environment_id, o.port, format('pgbouncer:%s on %s', o.port, o.hostname), o."socketDirectory", o."configPath", o."isReadable",
      o."poolMode", o."authType", o.databases, b.herd_id,
      case when b.herd_id is not null and jsonb_array_length(o.databases) = 1 then format('Its database points to herd %s.', b.name)
        when b.herd_id is not null then format('%s of its %s databases point to herd %s%s.', b.hits, jsonb_array_length(o.databases), b.name,
          ', ' || b.others || ': it will serve them too')
        when not o."isReadable" then 'Its file may not be read by the SSH user, so its target is not known.'
        else 'None of its databases points to a herd of the environment.' end,
      p.id, case when p.id is null then 'new' else 'accepted' end, now()
    from once o left join best b on b.server_id = o.server_id and b.port = o.port
      left join poolers p on p.server_id = o.server_id and p.port = o.port
    order by o.server_id, o.port
    on conflict (server_id, port) do update set title = excluded.title, socket_directory = excluded.socket_directory, config_path = excluded.config_path,
      is_readable = excluded.is_readable, pool_mode = excluded.pool_mode, auth_type = excluded.auth_type, databases = excluded.databases,
      suggested_herd_id = excluded.suggested_herd_id, suggestion = excluded.suggestion, pooler_id = excluded.pooler_id, seen_at = excluded.seen_at,
      inbox = case when excluded.pooler_id is not null then 'accepted' when k.inbox = 'accepted' then 'new' else k.inbox end
    returning k.server_id, k.port, k.inbox
  )
  select pg_notify('records', 'discovered-pooler')
  where exists (select from kept left join was using (server_id, port) where was.inbox is distinct from kept.inbox)`

/** Servers without one cost nothing. */
export const keepFoundPoolers = async (found: readonly PoolersFound[]): Promise<void> => {
  const some = found.filter(({ poolers }) => poolers.length > 0)
  if (some.length === 0) return
  try {
    await getPool().query(store, [JSON.stringify(some)])
  } catch (error) {
    throw databaseFault(error)
  }
}

const rowsMax = 1000

/** Those that wait for a person, of these environments; null: of all of them. */
export const inboxPoolers = async (environmentIds: readonly string[] | null): Promise<{ poolers: InboxPooler[]; total: number }> => {
  const { rows } = await getPool().query<Omit<InboxPooler, 'seenAt'> & { seenAt: Date; total: number }>(
    `select d.id, d.title, d.server_id as "serverId", d.environment_id as "environmentId", d.socket_directory as "socketDirectory",
        d.config_path as "configPath", d.pool_mode as "poolMode", d.auth_type as "authType", d.databases, d.suggested_herd_id as "suggestedHerdId",
        h.name as "suggestedHerdName", d.suggestion, d.seen_at as "seenAt", count(*) over ()::int as total
      from discovered_poolers d left join herds h on h.id = d.suggested_herd_id
      where d.inbox = 'new' and ($1::uuid[] is null or d.environment_id = any($1)) order by d.title limit ${rowsMax}`,
    [environmentIds],
  )
  return { poolers: rows.map(({ total: _total, ...row }) => ({ ...row, seenAt: row.seenAt.toISOString() })), total: rows[0]?.total ?? 0 }
}

/** Registers one in front of a herd, with the same checks as a person's form. Throws `record.missing`, `input.invalid`, `access.denied`. */
export const acceptPooler = async (actor: Actor, id: string, herdId: string): Promise<{ id: string; poolerId: string }> => {
  const { rows } = await getPool().query<{
    server_id: string
    environment_id: string
    port: number
    socket_directory: string | null
    config_path: string
    pooler_id: string | null
    title: string
  }>('select server_id, environment_id, port, socket_directory, config_path, pooler_id, title from discovered_poolers where id = $1', [id])
  const row = rows[0]
  if (!row || !mayIn(actor, 'discovered-pooler.view', row.environment_id)) throw new Fault('record.missing')
  if (row.pooler_id !== null) return { id, poolerId: row.pooler_id }
  if (row.socket_directory === null)
    throw new Fault('input.invalid', {
      because: `${row.title} has no unix_socket_dir with a file, and the console reaches it in no other way.`,
    })
  const values = {
    herdId,
    serverId: row.server_id,
    port: row.port,
    socketDirectory: row.socket_directory,
    configPath: row.config_path,
  }
  const { id: poolerId } = await addRecord(actor, resourceByName('pooler')!, values)
  await getPool().query(
    "update discovered_poolers set pooler_id = $2, inbox = 'accepted', suggested_herd_id = $3, changed_at = now(), revision = revision + 1 where id = $1",
    [id, poolerId, herdId],
  )
  await inTransaction((tx) => notify(tx, 'records', 'discovered-pooler'))
  return { id, poolerId }
}
