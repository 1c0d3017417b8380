-- Every herd with more than one member, with its primary and the standby that would take over. The order of candidates is that of
-- lib/domain/replication/candidates.ts as far as the last look tells; among candidates that count as equal a few bytes only tell who was looked at
-- last: priority, site and name decide, so that the choice stays the same. And what bringing the old primary back would take, from what was last
-- seen of it and of the one that leads: nothing beyond following, pg_rewind, or a copy.
create view dr_pairs as
select h.id, h.id as herd_id, h.environment_id, h.name, h.search_text, h.preferred_site, m.members, m.timeline,
  m.primary_id, m.primary_state, m.candidate_id, m.candidate_site, m.lag_bytes, m.lag_seconds, m.candidates, m.observed_at,
  case
    when m.primaries > 1 then 'split-brain'
    when m.candidates = 0 then 'no-candidate'
    when m.primaries = 0 then 'primary-lost'
    when m.observed_at is null or m.observed_at < now() - interval '60 s' then 'stale'
    when m.lag_bytes > v.lag_bytes_max or m.lag_seconds > v.lag_seconds_max then 'lagging'
    else 'ready'
  end as verdict,
  f.started_at as last_failover_at, f.id as last_failover_id,
  w.way as fail_back,
  case w.way
    when 'ready' then format('%s follows again: fail over to it.', f.back_title)
    when 'follow' then case
      when o.timeline = p.timeline then format('%s is on the timeline of %s already.', o.title, p.title)
      else format('What %s has ends before the fork at %s: no rewind is needed.', o.title, e.fork) end
    when 'rewind' then case
      when o.state = 'crashed' then format('%s did not shut down, so it may have written past the fork at %s: it replays its own WAL, read-only, then pg_rewind discards that.', o.title, e.fork)
      else format('%s wrote %s past the fork at %s: pg_rewind discards that.', o.title, pg_size_pretty(e.past), e.fork) end
    when 'rebuild' then case
      when o.state = 'absent' then format('The data directory of %s is gone.', o.title)
      when o.system_identifier <> p.system_identifier then format('%s is of another system than %s.', o.title, p.title)
      when e.fork is null then format('The history of %s does not pass through timeline %s of %s.', p.title, o.timeline, o.title)
      else format('%s wrote past the fork at %s, and has neither data checksums nor wal_log_hints, which pg_rewind needs.', o.title, e.fork) end
    when 'unknown' then case
      when m.primaries = 0 then format('Nobody that %s could follow answers as primary.', o.title)
      when m.primaries > 1 then 'Two members take writes: demote one of them first.'
      when o.state in ('unreachable', 'refused', 'unknown') then format('%s is %s. A primary that ended without a shutdown has usually written more than its standbys received: pg_rewind discards that.', o.title, o.state)
      when o.state in ('starting', 'stopping') then format('%s is %s.', o.title, o.state)
      else format('How far %s goes, or where %s left its history, has not been seen yet.', o.title, p.title) end
  end as fail_back_because,
  case when w.way = 'ready' then f.back_id else m.former_id end as fail_back_id
from herds h
join environments v on v.id = h.environment_id
cross join lateral (
  select count(*)::int as members, max(r.herd_timeline) as timeline,
    count(*) filter (where r.role = 'primary' and r.state = 'online')::int as primaries,
    (array_agg(r.id order by r.state = 'online' desc, r.timeline desc nulls last, r.observed_at desc nulls last, r.id) filter (where r.role = 'primary'))[1] as primary_id,
    (array_agg(r.state order by r.state = 'online' desc, r.timeline desc nulls last, r.observed_at desc nulls last, r.id) filter (where r.role = 'primary'))[1] as primary_state,
    count(*) filter (where r.is_able)::int as candidates,
    (array_agg(r.id order by r.place) filter (where r.is_able))[1] as candidate_id,
    (array_agg(r.site order by r.place) filter (where r.is_able))[1] as candidate_site,
    (array_agg(r.lag_bytes order by r.place) filter (where r.is_able))[1] as lag_bytes,
    (array_agg(r.lag_seconds order by r.place) filter (where r.is_able))[1] as lag_seconds,
    coalesce((array_agg(r.observed_at order by r.place) filter (where r.is_able))[1], max(r.observed_at)) as observed_at,
    (array_agg(r.id order by r.replaced_at desc nulls last, r.observed_at desc nulls last, r.id) filter (where r.is_former))[1] as former_id
  from (
    select b.*, row_number() over (order by b.is_able desc, b.timeline desc, b.is_cascaded, b.best - b.lsn <= 1048576 desc,
        case when b.best - b.lsn > 1048576 then b.lsn end desc nulls last, b.failover_priority desc,
        h.preferred_site <> '' and b.site = h.preferred_site desc, b.title) as place,
      b.replaced_at is not null or (b.role = 'primary' and b.state <> 'online' and b.leads) as is_former
    from (
      select a.*, max(a.lsn) filter (where a.is_able) over (partition by a.timeline) as best
      from (
        select i.id, i.title, i.state, i.role, i.timeline, i.lag_bytes, i.lag_seconds, i.observed_at, i.failover_priority, i.replaced_at, s.site,
          greatest(i.received_lsn::pg_lsn, i.replayed_lsn::pg_lsn) as lsn,
          max(i.timeline) filter (where i.role = 'primary') over () as herd_timeline,
          coalesce(bool_or(i.role = 'primary' and i.state = 'online') over (), false) as leads,
          coalesce(i.upstream_id <> all(array_agg(i.id) filter (where i.role = 'primary' and i.state = 'online') over ()), false) as is_cascaded,
          i.role = 'standby' and i.state = 'online' and i.observed_at is not null and i.failover_priority > 0 and not i.is_replay_paused and i.timeline is not null
            and coalesce(i.received_lsn, i.replayed_lsn) is not null
            and (h.system_identifier is null or i.system_identifier is null or i.system_identifier = h.system_identifier)
            and i.timeline >= coalesce(max(i.timeline) filter (where i.role = 'primary') over (), 0) as is_able
        from instances i join servers s on s.id = i.server_id
        where i.herd_id = h.id
      ) a
    ) b
  ) r
) m
left join instances p on p.id = m.primary_id
left join instances o on o.id = m.former_id
left join lateral (
  select f.id, f.started_at, b.id as back_id, b.title as back_title
  from failovers f
  left join instances b on b.herd_id = h.id and b.title = f.old_primary and b.role = 'standby' and b.state = 'online' and b.upstream_id is not null
    and f.state = 'done' and b.failover_priority > 0
  where f.herd_id = h.id order by f.started_at desc nulls last, f.id limit 1
) f on true
cross join lateral (
  select (select (k->>'forkLsn')::pg_lsn
      from jsonb_array_elements(case when jsonb_typeof(p.probe->'forks') = 'array' then p.probe->'forks' else '[]' end) k
      where k->>'timeline' = o.timeline::text and k->>'forkLsn' ~* '^[0-9a-f]{1,8}/[0-9a-f]{1,8}$' limit 1) as fork,
    case when o.probe->'ended'->>'checkpointLsn' ~* '^[0-9a-f]{1,8}/[0-9a-f]{1,8}$' then (o.probe->'ended'->>'checkpointLsn')::pg_lsn
      when o.state = 'stopped' then o.current_lsn::pg_lsn end as record,
    case when o.probe->'ended'->>'minRecoveryLsn' ~* '^[0-9a-f]{1,8}/[0-9a-f]{1,8}$' then (o.probe->'ended'->>'minRecoveryLsn')::pg_lsn
      else greatest(o.received_lsn::pg_lsn, o.replayed_lsn::pg_lsn) end as received,
    o.probe->>'canRewind' as rewindable
) d
cross join lateral (
  -- The last record of a primary begins at its checkpoint, so one that begins at the fork is past it.
  select d.fork, greatest(d.record - d.fork, d.received - d.fork)::bigint as past,
    coalesce(d.record >= d.fork, false) or coalesce(d.received > d.fork, false) as is_past,
    d.record is not null or d.received is not null as is_known
) e
cross join lateral (
  select case
    when m.former_id is null then case when f.back_id is not null then 'ready' else 'none' end
    when m.primaries <> 1 or o.state in ('unreachable', 'refused', 'unknown', 'starting', 'stopping') then 'unknown'
    when o.state = 'absent' or o.system_identifier <> p.system_identifier then 'rebuild'
    when o.timeline = p.timeline then 'follow'
    when p.probe->'forks' is null or o.timeline is null then 'unknown'
    when e.fork is null then 'rebuild'
    when o.state = 'crashed' or e.is_past then case d.rewindable when 'true' then 'rewind' when 'false' then 'rebuild' else 'unknown' end
    when not e.is_known then 'unknown'
    else 'follow'
  end as way
) w
where m.members > 1;
--> statement-breakpoint
-- A herd as its list shows it: what is registered, and what is kept of its members, poolers, names and last move. What lists filter, count and sort by is
-- in herd_facts, each of which has its herd: with an outer join PostgreSQL leaves herds aside wherever nothing else is asked. That nobody has looked for a
-- minute is told by the clock, when it is read.
create view herd_list as
select f.herd_id as id, f.environment_id, f.name, h.base_name, h.description, h.port, h.data_directory, h.virtual_host, f.preferred_site,
  h.replication_user, h.replication_options, h.system_identifier, h.search_text, h.created_at, h.changed_at, h.revision,
  case when f.state in ('lagging', 'healthy') and f.observed_at < now() - interval '60 s' then 'stale' else f.state end as state,
  f.primary_id, f.member_count, f.online_count || '/' || f.member_count as members, f.lag_bytes, f.lag_seconds, f.version, f.version_key, f.size_bytes, f.observed_at,
  f.pooler_count, f.pooler_state, f.dns_state, f.certificate_id, f.certificate_verdict, f.moved_at
from herd_facts f left join herds h on h.id = f.herd_id;
