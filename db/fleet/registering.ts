import { Fault } from '@/lib/kernel/ground/errors'
import type { InventoryAct, InventoryHerd } from '@/lib/ports'
import { databaseError, databaseFault, getPool } from '../pg/client'
import { runWithin } from '../pg/deadline'

const findHerd = `select h.id, h.name, h.environment_id as "environmentId", e.name as "environmentName", h.base_name as "baseName", h.port,
    h.data_directory as "dataDirectory", h.system_identifier as "systemIdentifier", h.replication_user as "replicationUser"
  from herds h join environments e on e.id = h.environment_id
  where h.environment_id = $1 and (h.id::text = $2 or lower(h.name) = lower($2)) order by h.id::text = $2 desc limit 1`

/** null: no such herd in that environment. */
export const herdIn = async (environmentId: string, idOrName: string): Promise<InventoryHerd | null> => {
  try {
    return (await getPool().query<InventoryHerd>(findHerd, [environmentId, idOrName])).rows[0] ?? null
  } catch (error) {
    throw databaseFault(error)
  }
}

/** What is the same as the herd's stays the herd's, so that it follows when the herd's is changed. History names the one who asked for the run. */
const addMember = `with added as (
    insert into instances (id, herd_id, server_id, port_override, data_directory_override)
    select $1::uuid, h.id, s.id, nullif($4::int, h.port), nullif($5::text, h.data_directory) from herds h, servers s
    where h.id = $2::uuid and s.id = $3::uuid
    on conflict (id) do nothing returning *),
  asked as (select r.person_id, r.actor_name from jobs j join runs r on r.id = j.run_id where j.id::text = $6),
  told as (insert into changes (person_id, actor_name, resource, object_id, title, act, environment_id, fields)
    select (select person_id from asked), coalesce((select actor_name from asked), 'matriarch'), 'instance', id, title, 'add', environment_id,
      jsonb_build_object('herdId', jsonb_build_array(null, herd_id), 'serverId', jsonb_build_array(null, server_id)) from added)
  select exists (select from added) or exists (select from instances where id = $1::uuid) as "isThere",
    (select pg_notify('records', 'instance')::text from added) as told`

const removeMember = `with gone as (delete from instances where id = $1::uuid returning *),
  told as (insert into changes (actor_name, resource, object_id, title, act, environment_id)
    select 'matriarch', 'instance', id, title, 'delete', environment_id from gone)
  select pg_notify('records', 'instance') from gone`

export const registering: Pick<InventoryAct, 'register' | 'unregister'> = {
  register: async ({ id, herdId, serverId, port, dataDirectory, jobId }, options) => {
    try {
      const [row] = await runWithin<{ isThere: boolean }>(addMember, [id, herdId, serverId, port, dataDirectory, jobId], options)
      if (!row?.isThere) throw new Fault('record.missing', { because: 'The herd or the server is not registered any more.' })
    } catch (error) {
      if (databaseError(error)?.code !== '23505') throw error
      throw new Fault(
        'record.duplicate',
        { because: 'The herd already has another member on that server.', isOver: true },
        { cause: error },
      )
    }
  },
  unregister: async (id, options) => void (await runWithin(removeMember, [id], options)),
}
