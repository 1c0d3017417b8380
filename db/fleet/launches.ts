import { Fault } from '@/lib/kernel/ground/errors'
import type { BlueprintsAct } from '@/lib/ports'
import { databaseError } from '../pg/client'
import { runWithin } from '../pg/deadline'
import { sayTaken, tellAdded } from './tell-added'

/** One statement: servers, herd, members and the blueprint's herd, or nothing. What stands already stays. */
const add = `with blueprint as (select id, environment_id from blueprints where id = $1::uuid and (herd_id is null or herd_id = ($2::jsonb->>'id')::uuid)),
  wanted as (
    select * from jsonb_to_recordset($3::jsonb) as m("serverId" uuid, "instanceId" uuid, hostname text, address text, "user" text, "hostKey" text, zone text)),
  given as (select * from jsonb_to_record($2::jsonb) as h(id uuid, name text, "clusterName" text, port int, "dataDirectory" text, "systemIdentifier" text)),
  is_there as (select id from herds where id = (select id from given)),
  fresh as (
    insert into servers (id, environment_id, hostname, address, ssh_user, profile, host_key, site)
    select w."serverId", b.environment_id, w.hostname, w.address, w."user", 'debian', w."hostKey", w.zone from wanted w, blueprint b
    where not exists (select from is_there) returning *),
  made as (
    insert into herds (id, environment_id, name, base_name, port, data_directory, system_identifier)
    select g.id, b.environment_id, g.name, g."clusterName", g.port, g."dataDirectory", g."systemIdentifier" from given g, blueprint b
    where not exists (select from is_there) returning *),
  joined as (
    insert into instances (id, herd_id, server_id)
    select w."instanceId", h.id, f.id from made h cross join wanted w join fresh f on f.id = w."serverId" returning *),
  tied as (update blueprints set herd_id = made.id, stopped_at = null, changed_at = now() from made where blueprints.id = $1::uuid returning blueprints.id),
  ${tellAdded('server', 'herd', 'instance')}
  select (select count(*)::int from blueprint) as blueprints, (select count(*)::int from tied) as tied,
    (select count(pg_notify('records', resource)) from (select distinct resource from new union select 'blueprint') as each) as told`

/** One statement: its server and itself, or nothing. What stands already stays. */
const join = `with blueprint as (select environment_id, herd_id from blueprints where id = $1::uuid and herd_id = $2::uuid),
  wanted as (
    select * from jsonb_to_record($3::jsonb) as m("serverId" uuid, "instanceId" uuid, hostname text, address text, "user" text, "hostKey" text, zone text)),
  fresh as (
    insert into servers (id, environment_id, hostname, address, ssh_user, profile, host_key, site)
    select w."serverId", b.environment_id, w.hostname, w.address, w."user", 'debian', w."hostKey", w.zone from wanted w, blueprint b
    where not exists (select from servers s where s.id = w."serverId") returning *),
  joined as (
    insert into instances (id, herd_id, server_id) select w."instanceId", b.herd_id, f.id from wanted w, blueprint b, fresh f returning *),
  ${tellAdded('server', 'instance')}
  select (select count(*)::int from blueprint) as blueprints,
    (select count(pg_notify('records', resource)) from (select distinct resource from new) as each) as told`

/** A new machine shows another key and machine-id: what was kept of the one before it goes, and an eviction that was answered so is over. */
const move = `with own as (select herd_id from blueprints where id = $1::uuid and herd_id = $2::uuid),
  wanted as (select * from jsonb_to_recordset($3::jsonb) as m("serverId" uuid, "machineId" text, address text, "hostKey" text, zone text)),
  members as (
    select distinct s.id, s.hostname, own.herd_id, w."machineId" from own join instances i on i.herd_id = own.herd_id
      join servers s on s.id = i.server_id join wanted w on w."serverId" = s.id),
  untied as (
    update machines m set server_id = null, tie = 'untied' from members o where m.server_id = o.id and m.instance_id <> o."machineId" returning m.id),
  over as (
    update evictions e set closed_at = clock_timestamp() from members o
      where e.server_id = o.id and e.instance_id <> o."machineId" and e.withdrawn_at is null and e.closed_at is null returning e.id),
  answered as (
    update eviction_answers a set state = 'safe', because = o.hostname || ' runs on another machine, with its volume.' from members o
      where a.herd_id = o.herd_id and a.run_id::text = (select run_id::text from jobs where id::text = $4) returning a.herd_id),
  old as (
    select distinct s.id, s.hostname, s.environment_id, s.address, s.host_key, s.site, w.address as to_address, w."hostKey" as to_key, w.zone as to_site
    from servers s join wanted w on w."serverId" = s.id join instances i on i.server_id = s.id join own on own.herd_id = i.herd_id
    where (s.address, s.host_key, s.site) is distinct from (w.address, w."hostKey", w.zone)),
  moved as (
    update servers s set address = o.to_address, host_key = o.to_key, site = o.to_site, host_key_offered = null, machine_id_offered = null,
      machine_id = case when s.host_key = o.to_key then s.machine_id end, changed_at = now()
    from old o where s.id = o.id returning s.id),
  asked as (select r.person_id, r.actor_name from jobs j join runs r on r.id = j.run_id where j.id::text = $4),
  told as (
    insert into changes (person_id, actor_name, resource, object_id, title, act, environment_id, fields)
    select (select person_id from asked), coalesce((select actor_name from asked), 'matriarch'), 'server', id, hostname, 'change', environment_id,
      jsonb_build_object('address', jsonb_build_array(address, to_address), 'hostKey', jsonb_build_array(host_key, to_key), 'site', jsonb_build_array(site, to_site))
    from old)
  select (select count(*)::int from own) as blueprints, (select count(*) from moved) as moved, (
      select count(pg_notify('records', resource)) from unnest(array['server', 'herd', 'machine']) as resource) as told`

const rest = `with noted as (
    update blueprints set stopped_at = case when $2::boolean then coalesce(stopped_at, now()) end, changed_at = now()
    where id = $1::uuid and (stopped_at is not null) <> $2::boolean returning id)
  select count(pg_notify('records', 'blueprint')) as told from noted`

/** One statement. Only what was launched: a member on another server has the herd, and so everything, stay. */
const forget = `with own as (select herd_id as id from blueprints where id = $1::uuid and herd_id = $2::uuid),
  gone as (delete from instances i using own where i.herd_id = own.id returning i.*),
  herd as (delete from herds h using own where h.id = own.id returning h.*),
  left_server as (delete from servers s where s.id in (select server_id from gone) returning s.*),
  asked as (select r.person_id, r.actor_name from jobs j join runs r on r.id = j.run_id where j.id::text = $3),
  old as (
    select 'server' as resource, id, hostname as title, environment_id from left_server
    union all select 'herd', id, name, environment_id from herd
    union all select 'instance', id, title, environment_id from gone),
  told as (
    insert into changes (person_id, actor_name, resource, object_id, title, act, environment_id)
    select (select person_id from asked), coalesce((select actor_name from asked), 'matriarch'), resource, id, title, 'delete', environment_id from old)
  select count(pg_notify('records', resource)) as told from (select distinct resource from old union select 'blueprint') as each`

const notItsHerd = () =>
  new Fault('record.missing', { because: 'The herd is not registered any more, or not as this blueprint’s.', isOver: true })

export const launches: BlueprintsAct = {
  registerLaunch: async ({ blueprintId, jobId, herd, members }, options) => {
    try {
      const [row] = await runWithin<{ blueprints: number; tied: number }>(
        add,
        [blueprintId, JSON.stringify(herd), JSON.stringify(members), jobId],
        options,
      )
      if (row?.blueprints !== 1)
        throw new Fault('record.missing', {
          because: 'The blueprint is not registered any more, or another herd was launched from it.',
          isOver: true,
        })
    } catch (error) {
      throw sayTaken(error)
    }
  },
  registerStandby: async ({ blueprintId, herdId, jobId, member }, options) => {
    try {
      const [row] = await runWithin<{ blueprints: number }>(join, [blueprintId, herdId, JSON.stringify(member), jobId], options)
      if (row?.blueprints !== 1) throw notItsHerd()
    } catch (error) {
      throw sayTaken(error)
    }
  },
  moveMembers: async ({ blueprintId, herdId, jobId, members }, options) => {
    try {
      const [row] = await runWithin<{ blueprints: number }>(move, [blueprintId, herdId, JSON.stringify(members), jobId], options)
      if (row?.blueprints !== 1) throw notItsHerd()
    } catch (error) {
      throw sayTaken(error)
    }
  },
  noteRest: async ({ blueprintId, isStopped }, options) => {
    await runWithin(rest, [blueprintId, isStopped], options)
  },
  forgetLaunch: async ({ blueprintId, herdId, jobId }, options) => {
    try {
      await runWithin(forget, [blueprintId, herdId, jobId], options)
    } catch (error) {
      if (!['23503', '23001'].includes(databaseError(error)?.code ?? '')) throw error
      throw new Fault(
        'record.in-use',
        { because: 'A pooler, a DNS name or another member needs its registrations. Remove that first.', isOver: true },
        { cause: error },
      )
    }
  },
}
