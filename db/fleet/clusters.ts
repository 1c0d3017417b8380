import { Fault } from '@/lib/kernel/ground/errors'
import type { ClusterStanding, InventoryAct, InventoryRead } from '@/lib/ports'
import { databaseError, databaseFault, getPool } from '../pg/client'
import { runWithin } from '../pg/deadline'
import { sayTaken, tellAdded } from './tell-added'

const findHerd = `select h.id, h.name, h.port, h.data_directory as "dataDirectory" from herds h
  where h.environment_id = $1 and (h.system_identifier = $2 or exists (select from instances i where i.herd_id = h.id and i.system_identifier = $2))
  order by h.system_identifier = $2 desc nulls last, h.name limit 1`

const findServers = `select s.id, s.hostname, s.address, s.environment_id as "environmentId",
    coalesce((select jsonb_agg(jsonb_build_object('herdId', i.herd_id, 'port', i.port) order by i.port) from instances i where i.server_id = s.id), '[]') as members
  from servers s where lower(s.address) = any($1) or lower(s.hostname) = any($1) order by s.hostname`

export const clusterStanding: InventoryRead['clusterStanding'] = async (environmentId, systemIdentifier, hosts) => {
  const wanted = hosts.map((one) => one.toLowerCase())
  try {
    const [herds, servers] = await Promise.all([
      getPool().query<NonNullable<ClusterStanding['herd']>>(findHerd, [environmentId, systemIdentifier]),
      getPool().query<ClusterStanding['servers'][number]>(findServers, [wanted]),
    ])
    return { herd: herds.rows[0] ?? null, servers: servers.rows }
  } catch (error) {
    throw databaseFault(error)
  }
}

/**
 * One statement: servers, herd and members, or nothing. What is the same as the herd's stays the herd's. The name that packages give every cluster (main) is
 * often taken with that port: the herd's own name stands for it then.
 */
const addCluster = `with wanted as (
    select * from jsonb_to_recordset($2::jsonb) as m("serverId" uuid, hostname text, address text, "sshPort" int, "sshUser" text, profile text,
      port int, "dataDirectory" text, "socketDirectory" text)),
  given as (select * from jsonb_to_record($3::jsonb) as h(id uuid, name text, "clusterName" text, port int, "dataDirectory" text, "systemIdentifier" text)),
  fresh as (
    insert into servers (environment_id, hostname, address, ssh_port, ssh_user, profile)
    select $1::uuid, hostname, address, "sshPort", "sshUser", profile from wanted where "serverId" is null returning *),
  made as (
    insert into herds (environment_id, name, base_name, port, data_directory, system_identifier)
    select $1::uuid, g.name, case when exists (select from herds o where o.environment_id = $1::uuid and lower(o.base_name) = lower(g."clusterName")
      and o.port = g.port) then g.name else g."clusterName" end, g.port, g."dataDirectory", g."systemIdentifier" from given g where g.id is null returning *),
  herd as (
    select id, port, data_directory from made
    union all select h.id, h.port, h.data_directory from herds h join given g on g.id = h.id where h.environment_id = $1::uuid),
  joined as (
    insert into instances (herd_id, server_id, port_override, data_directory_override, socket_directory)
    select h.id, coalesce(w."serverId", f.id), nullif(w.port, h.port), nullif(w."dataDirectory", h.data_directory), w."socketDirectory"
    from herd h cross join wanted w left join fresh f on f.address = w.address and w."serverId" is null
    on conflict (herd_id, server_id) do nothing returning *),
  ${tellAdded('server', 'herd', 'instance')}
  select (select count(*)::int from herd) as herds,
    (select count(pg_notify('records', resource)) from (select distinct resource from new) as each) as told`

export const registerCluster: InventoryAct['registerCluster'] = async ({ environmentId, herd, members, jobId }, options) => {
  const rows = members.map(({ server, port, dataDirectory, socketDirectory }) => ({
    ...('id' in server
      ? { serverId: server.id }
      : { hostname: server.hostname, address: server.address, sshPort: server.port, sshUser: server.user, profile: server.profile }),
    ...{ port, dataDirectory, socketDirectory },
  }))
  try {
    const [row] = await runWithin<{ herds: number }>(
      addCluster,
      [environmentId, JSON.stringify(rows), JSON.stringify(herd), jobId],
      options,
    )
    if (row?.herds !== 1) throw new Fault('record.missing', { because: 'The herd is not registered any more.', isOver: true })
  } catch (error) {
    if (databaseError(error)?.code === '23503')
      throw new Fault(
        'record.missing',
        { because: 'A server of it is not registered in this environment any more.', isOver: true },
        { cause: error },
      )
    throw sayTaken(error)
  }
}
