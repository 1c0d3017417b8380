import { idleSlotBytesMin, idleSlotShareMin, staleAfterSeconds } from '@/lib/domain/problems/fleet'
import { lastFenceSql } from '../../trail/fences'

/** Standbys that no member lists as its own (`sync_state`); the facet index finds them without reading a row that streams. */
const loose = `select i.id, i.title, i.herd_id, i.environment_id, i.timeline, i.upstream_id, i.upstream_host, i.upstream_port, i.behind_since
  from instances i
  where i.role = 'standby' and i.state = 'online' and i.sync_state is null and ($1::uuid[] is null or i.environment_id = any($1))`

/**
 * The inactive slots of an instance `i`: how many, the WAL they retain, and the one that retains most. A slot that is a member's, by its files or by
 * its host's name, is not among them while that member is down or cannot be seen: it comes back for it.
 */
const inactive = `select count(*)::int as n, sum((s->>'retainedBytes')::numeric)::bigint as bytes,
    (array_agg(s->>'name' order by (s->>'retainedBytes')::numeric desc nulls last, s->>'name'))[1] as greediest
  from jsonb_array_elements(case when jsonb_typeof(i.probe->'slots') = 'array' then i.probe->'slots' else '[]' end) s
  where s->>'isActive' = 'false' and not exists (
    select from instances m join servers o on o.id = m.server_id
    where m.herd_id = i.herd_id and m.id <> i.id and (m.state <> 'online' or m.observed_at < now() - interval '${staleAfterSeconds} s')
      and s->>'name' in (m.upstream_slot, left(regexp_replace(lower(o.hostname), '[^a-z0-9_]', '_', 'g'), 63)))`

/**
 * What is wrong with who follows whom, each trouble with its first instances and its count. A standby counts as forked before it counts as orphaned. Facts
 * of a herd whose primary cannot be seen accuse nobody of a fork, and call no member of it an orphan of another: its herd needs a primary first.
 */
export const readReplication = {
  name: 'fleet-replication',
  text: `with loose as materialized (${loose}),
    judged as (
      select l.*, p.title as primary_title, p.timeline as primary_timeline, u.title as upstream_title, u.state as upstream_state
      from loose l
      left join lateral (
        select p.title, p.timeline from instances p
        where p.herd_id = l.herd_id and p.role = 'primary' and p.state = 'online' and p.timeline is not null
        order by p.timeline desc limit 1
      ) p on true
      left join instances u on u.id = l.upstream_id
    ),
    found as (
      select id, title, herd_id, environment_id, 'forked' as trouble, primary_title as other, null as other_state, timeline,
        primary_timeline as other_timeline, null::int as n, null::bigint as bytes, behind_since as since, null as fenced, null::timestamptz as fenced_at,
        null::timestamptz as seen_at
      from judged where timeline <> primary_timeline
      union all
      select id, title, herd_id, environment_id, 'orphaned', coalesce(upstream_title, upstream_host || coalesce(':' || upstream_port, '')), upstream_state,
        timeline, null, null, null, behind_since, null, null, null
      from judged where (primary_timeline is null or timeline = primary_timeline)
        and (upstream_id is null or primary_title is not null and upstream_state in ('stopped', 'crashed', 'absent', 'unreachable'))
      union all
      select i.id, i.title, i.herd_id, i.environment_id, 'idle-slot', x.greediest, null, null, null, x.n, x.bytes, null, null, null, i.observed_at
      from instances i join servers o on o.id = i.server_id cross join lateral (${inactive}) x
      where i.idle_slots > 0 and x.bytes >= least(${idleSlotBytesMin}, ${idleSlotShareMin} * o.disk_free_bytes)
        and ($1::uuid[] is null or i.environment_id = any($1))
      union all
      select b.id, b.title, b.herd_id, b.environment_id, 'twice', a.title, null, null, null, null, null, null, null, null, null
      from (
        select postmaster_started_at, system_identifier, port from instances
        where postmaster_started_at is not null and system_identifier is not null
        group by postmaster_started_at, system_identifier, port having count(*) > 1
      ) same
      join instances b using (postmaster_started_at, system_identifier, port)
      join lateral (
        select a.title from instances a
        where (a.postmaster_started_at, a.system_identifier, a.port) = (same.postmaster_started_at, same.system_identifier, same.port) and a.id < b.id
        order by a.id limit 1
      ) a on true
      where $1::uuid[] is null or b.environment_id = any($1)
      union all
      select i.id, i.title, i.herd_id, i.environment_id, 'replaced', i.replaced_because, i.state, i.timeline, i.replaced_timeline, null, null, i.replaced_at,
        f.action, f.at, null
      from instances i
      left join lateral (${lastFenceSql}) f on true
      where i.replaced_at is not null and ($1::uuid[] is null or i.environment_id = any($1))
    )
    select id, title, herd_id as "herdId", environment_id as "environmentId", trouble, other, other_state as "otherState", timeline,
      other_timeline as "otherTimeline", n as count, bytes::float8 as bytes, since, fenced, fenced_at as "fencedAt", seen_at as "seenAt", total
    from (select *, count(*) over (partition by trouble)::int as total, row_number() over (partition by trouble order by bytes desc nulls last, title) as place from found) ranked
    where place <= $2::bigint order by trouble, place`,
}
