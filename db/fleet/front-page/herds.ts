import { firstLookSeconds, staleAfterSeconds, type Trouble } from '@/lib/domain/problems/fleet'
import { isHerdAtRest } from '../at-rest'

/** Over an instance `i`: it was registered a moment ago, and nobody has come round to it yet. */
const isAwaited = `(i.observed_at is null and i.created_at > now() - interval '${firstLookSeconds} s')`

/**
 * The worst thing about one instance, in the order a person should care. A standby streams when its upstream lists it (`sync_state`); one that follows a
 * server outside the herd cannot be judged so. Over an instance `i` and its environment `v`, which says what far behind is.
 */
export const trouble = `case
    when i.state <> 'online' and ${isHerdAtRest('i.herd_id')} then null
    when i.replaced_at is not null and i.state in ('stopped', 'crashed') then 'replaced'
    when i.state in ('stopped', 'crashed', 'absent') then 'down'
    when i.state = 'unreachable' then 'unreachable'
    when i.state = 'refused' then 'refused'
    when ${isAwaited} then null
    when i.observed_at is null or i.observed_at < now() - interval '${staleAfterSeconds} s' or i.state = 'unknown' then 'stale'
    when i.role = 'standby' and i.state = 'online' and i.sync_state is null and (i.upstream_id is not null or i.upstream_host is null) then 'not-streaming'
    when i.is_replay_paused then 'replay-paused'
    when i.role = 'standby' and (i.lag_bytes > v.lag_bytes_max or i.lag_seconds > v.lag_seconds_max) then 'lagging'
    when i.has_pending_restart then 'pending-restart'
  end`

/** Kinds of `trouble`, for the counts of a herd. */
const troubles: readonly Trouble[] = [
  'replaced',
  'down',
  'unreachable',
  'refused',
  'stale',
  'not-streaming',
  'replay-paused',
  'lagging',
  'pending-restart',
]
const troubleCounts = troubles.map((name) => `'${name}', nullif(count(*) filter (where trouble = '${name}'), 0)`).join(', ')

/** Each herd and each instance is read once: it is asked for every second while anybody looks at a fleet of thousands. */
export const readHerds = {
  name: 'fleet-herds',
  text: `select h.id, h.name, h.environment_id as "environmentId", coalesce(m.members, 0)::int as members, coalesce(m.online, 0)::int as online,
      coalesce(m.primaries, 0)::int as primaries, 
      case when m.primaries > 1 then (
        select count(distinct coalesce(i.system_identifier, ''))::int from instances i
        where i.herd_id = h.id and i.state = 'online' and i.role = 'primary'
      ) else coalesce(m.primaries, 0)::int end as "primaryIdentifiers", coalesce(m.unseen, 0)::int as unseen, coalesce(m.awaited, 0)::int as awaited,
      coalesce(m.troubles, '{}') as troubles, m.lag_bytes_max::float8 as "lagBytesMax", m.lost_at as "lostAt",
      coalesce(f.manager = 'several', false) as "isContested", coalesce(m.is_paused, false) as "isPaused",
      coalesce(m.online, 0) = 0 and ${isHerdAtRest('h.id')} as "isStopped",
      coalesce(f.health_critical_until > now() and e.looks_at_health, false) as "isHealthCritical"
    from herds h join environments e on e.id = h.environment_id left join herd_facts f on f.herd_id = h.id left join (
      select herd_id, count(*) as members, count(*) filter (where is_online) as online, count(*) filter (where is_online and role = 'primary') as primaries,
        count(*) filter (where state in ('unreachable', 'refused', 'unknown')) as unseen, count(*) filter (where is_awaited) as awaited,
        max(state_since) filter (where role = 'primary' and not is_online) as lost_at, max(lag_bytes) filter (where trouble = 'lagging') as lag_bytes_max,
        case when count(trouble) > 0 then jsonb_strip_nulls(jsonb_build_object(${troubleCounts})) end as troubles, bool_or(is_paused) as is_paused
      from (
        select i.herd_id, i.role, i.state, i.state = 'online' as is_online, i.state_since, i.lag_bytes, ${trouble} as trouble, ${isAwaited} as is_awaited,
          i.manager = 'patroni' and i.managers @> '[{"isPaused": true}]' as is_paused
        from instances i join environments v on v.id = i.environment_id where $1::uuid[] is null or i.environment_id = any($1)
        offset 0
      ) judged group by herd_id
    ) m on m.herd_id = h.id
    where $1::uuid[] is null or h.environment_id = any($1)
    order by h.environment_id, h.name`,
}
