import type { Queryable } from '../pg/transaction'

/** Primaries are looked at more often than their standbys: what one has written since is no lag of a standby that nobody has looked at since. */
const apartSeconds = 2

/**
 * What follows from the looks at a herd's members together.
 *
 * The upstream of a standby is the member with the same system identifier whose server has the address (or name, case-blind, or one of the addresses its
 * agent reports, or whose herd's virtual host it is while it is primary) and the port that the standby connects to. A member without an upstream is not
 * a primary for that. Lag in bytes is against the primary's position as last seen; of several, the one on the newest timeline.
 * A member that another look is just writing is left to what follows from that look: nobody waits here, so nobody waits in a circle.
 * A standby that was seen before the primary keeps the lag it was seen with. Lag in seconds is 0 without lag in bytes, the replay's own delay while WAL streams in, else the age of the last replayed transaction: also of one that
 * streams but does not replay. A standby is behind while it lags by what its environment allows, does not stream, or does not replay.
 */
const derive = {
  name: 'facts-derive',
  text: `with member as materialized (
      select i.id, i.herd_id, i.server_id, i.state, i.role, i.system_identifier, i.timeline, i.current_lsn, i.received_lsn, i.replayed_lsn, i.port,
        i.upstream_host, i.upstream_port, i.upstream_slot, i.observed_at, i.probe, i.lag_bytes, i.lag_seconds, i.is_replay_paused, i.behind_since, lower(s.address) as address, lower(s.hostname) as hostname,
        lower(h.virtual_host) as virtual_host, v.lag_bytes_max, v.lag_seconds_max
      from instances i join servers s on s.id = i.server_id join herds h on h.id = i.herd_id join environments v on v.id = h.environment_id
      where i.herd_id = any($1::uuid[])
    ), mine as materialized (
      select i.id from instances i where i.herd_id = any($1::uuid[]) order by i.id for no key update skip locked
    ), principal as materialized (
      select distinct on (herd_id, system_identifier) herd_id, system_identifier, current_lsn::pg_lsn as lsn, observed_at from member
      where role = 'primary' and current_lsn is not null
      order by herd_id, system_identifier, state = 'online' desc, timeline desc nulls last, observed_at desc
    ), bytes as materialized (
      select m.*, m.role = 'standby' as is_standby, m.role = 'standby' and (m.state in ('unreachable', 'unknown')
          or m.lag_bytes is not null and p.observed_at > m.observed_at + interval '${apartSeconds} s') as is_kept,
        case when p.lsn is not null and m.replayed_lsn is not null then greatest(0, p.lsn - m.replayed_lsn::pg_lsn)::bigint end as replay_bytes,
        case when p.lsn is not null and m.received_lsn is not null then greatest(0, p.lsn - m.received_lsn::pg_lsn)::bigint end as receive_bytes
      from member m left join principal p on p.herd_id = m.herd_id and p.system_identifier = m.system_identifier
    ), seen as materialized (
      select b.*, u.id as upstream_id, y.sync_state,
        case when is_kept then b.lag_bytes when is_standby then b.replay_bytes end as new_lag_bytes,
        case when is_kept then b.lag_seconds when not is_standby then null when b.replay_bytes = 0 then 0
          when b.probe->'upstream'->>'status' = 'streaming' and not b.is_replay_paused
            then coalesce((b.probe->>'replaySeconds')::float8, (b.probe->>'replayedSecondsAgo')::float8)
          else coalesce((b.probe->>'replayedSecondsAgo')::float8, (b.probe->>'replaySeconds')::float8,
            case when b.is_replay_paused then extract(epoch from b.observed_at - b.behind_since)::float8 end) end as new_lag_seconds,
        case when is_standby and not is_kept and b.probe is not null
          then b.probe || jsonb_build_object('receiveLagBytes', b.receive_bytes, 'replayLagBytes', b.replay_bytes) else b.probe end as new_probe
      from bytes b
      left join lateral (
        select u.id, u.probe from member u
        where b.is_standby and b.upstream_host is not null and u.herd_id = b.herd_id and u.id <> b.id and u.port = b.upstream_port
          and (u.system_identifier is null or b.system_identifier is null or u.system_identifier = b.system_identifier)
          and (lower(b.upstream_host) in (u.address, u.hostname)
            or (b.upstream_host !~ '^[0-9.]+$|:' and split_part(lower(b.upstream_host), '.', 1) = split_part(u.hostname, '.', 1))
            or (lower(b.upstream_host) = u.virtual_host and u.role = 'primary')
            or exists (select from discovered_hosts d where d.server_id = u.server_id and b.upstream_host = any(d.addresses)))
        order by lower(b.upstream_host) in (u.address, u.hostname) desc, u.state = 'online' desc, u.id limit 1
      ) u on true
      left join lateral (
        select s->>'syncState' as sync_state
        from jsonb_array_elements(case when jsonb_typeof(u.probe->'standbys') = 'array' then u.probe->'standbys' else '[]' end) s
        where s->>'slotName' = b.upstream_slot or s->>'clientAddress' = b.address
        order by (s->>'slotName' = b.upstream_slot) desc nulls last limit 1
      ) y on true
    ), final as materialized (
      select id, observed_at, upstream_id, sync_state, new_lag_bytes as lag_bytes, new_lag_seconds as lag_seconds, new_probe as probe,
        case when is_standby and (state in ('unreachable', 'unknown') and behind_since is not null or state = 'online' and (
            is_replay_paused or new_lag_bytes > lag_bytes_max or new_lag_seconds > lag_seconds_max
            or sync_state is null and (upstream_id is not null or upstream_host is null)))
          then coalesce(behind_since, observed_at) end as behind_since
      from seen
    )
    update instances i set upstream_id = f.upstream_id, sync_state = f.sync_state, lag_bytes = f.lag_bytes, lag_seconds = f.lag_seconds, behind_since = f.behind_since,
      probe = f.probe
    from final f, mine
    where i.id = f.id and mine.id = f.id and i.observed_at is not distinct from f.observed_at
      and (i.upstream_id, i.sync_state, i.lag_bytes, i.lag_seconds, i.behind_since, i.probe)
        is distinct from (f.upstream_id, f.sync_state, f.lag_bytes, f.lag_seconds, f.behind_since, f.probe)
    returning i.id`,
}

/** A herd learns its identifier from the first primary that is seen, and keeps it: a later primary with another one is not of this herd. */
const learnIdentifiers = {
  name: 'facts-identifiers',
  text: `update herds h set system_identifier = i.system_identifier from instances i
    where h.id = any($1::uuid[]) and h.system_identifier is null and i.herd_id = h.id and i.role = 'primary' and i.state = 'online'
      and i.system_identifier is not null`,
}

/**
 * Lifts the bar of former primaries that follow now, or were promoted again. Those that are barred come first: with old statistics the planner would
 * read every instance that is online, to find none of them barred.
 */
const forgetReplaced = {
  name: 'facts-replaced',
  text: `with barred as materialized (
      select id from instances where herd_id = any($1::uuid[]) and replaced_at is not null
    )
    update instances i set replaced_at = null, replaced_by_id = null, replaced_timeline = null, replaced_because = null from barred
    where i.id = barred.id and i.replaced_at is not null and i.state = 'online'
      and (i.role = 'standby' and i.timeline >= i.replaced_timeline or i.role = 'primary' and i.timeline > i.replaced_timeline)
    returning i.id`,
}

/** What the list of herds shows of these members. Runs last: it waits for any other writer of these herds, and then reads what both wrote. */
const sumUp = { name: 'facts-herds', text: 'select herd_facts_members($1::uuid[])' }

/** Brings what follows from the facts of these herds' members up to date, in the caller's transaction. Returns the instances that changed. */
export const deriveFacts = async (client: Queryable, herdIds: readonly string[]): Promise<string[]> => {
  const { rows } = await client.query<{ id: string }>({ ...derive, values: [herdIds] })
  await client.query({ ...learnIdentifiers, values: [herdIds] })
  const free = await client.query<{ id: string }>({ ...forgetReplaced, values: [herdIds] })
  await client.query({ ...sumUp, values: [herdIds] })
  return [...rows, ...free.rows].map(({ id }) => id)
}
