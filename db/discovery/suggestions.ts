import type { Queryable } from '../pg/transaction'

/** A registered instance on the same server with the same port, and the same directory or cluster name, is what the agent saw. */
const linkKnown = `update discovered_instances d set instance_id = i.id, inbox = 'accepted', changed_at = now(), revision = d.revision + 1
  from discovered_hosts h, instances i, herds hd
  where d.id = any($1) and h.id = d.host_id and i.server_id = h.server_id and hd.id = i.herd_id and i.port = d.port
    and (i.data_directory = d.data_directory or lower(hd.base_name) = lower(d.name) or d.data_directory = '')
  returning d.id, i.id as "instanceId"`

/**
 * The herd an unregistered instance most likely belongs to, with the reason: the system identifier first, then the upstream, then name and port.
 * Only herds of the environment of its server (or of its host's enrolment): another environment's herd is named in the reason, never suggested.
 */
const suggest = `with newcomer as (
    select d.*, coalesce(s.environment_id, h.suggested_environment_id) as env from discovered_instances d
    join discovered_hosts h on h.id = d.host_id left join servers s on s.id = h.server_id where d.id = any($1) and d.inbox = 'new'
  ), found as (
    select n.id, n.env, coalesce(a.id, b.id, c.id) as herd_id,
      case when a.id is not null then 'identifier' when b.id is not null then 'upstream' when c.id is not null then 'name' end as by,
      case when a.id is not null then format('Same system identifier %s as herd %s.', n.system_identifier, a.name)
        when b.id is not null then format('Its upstream %s is in herd %s.', n.upstream_host, b.name)
        when c.id is not null then format('Cluster name %s and port %s are those of herd %s.', n.name, n.port, c.name)
        when o.name is not null then format('Same system identifier as herd %s, which is in another environment: %s.', o.name, o.environment)
        when n.env is null then 'Its host has no environment yet.'
        else 'No herd of the environment matches: name a new one.' end as because
    from newcomer n
    left join lateral (select hd.id, hd.name from herds hd where hd.environment_id = n.env and n.system_identifier is not null
      and (hd.system_identifier = n.system_identifier
        or exists (select from instances i where i.herd_id = hd.id and i.system_identifier = n.system_identifier)) order by hd.name limit 1) a on true
    left join lateral (select hd.id, hd.name from herds hd where a.id is null and hd.environment_id = n.env and n.upstream_host is not null
      and (exists (select from instances i join servers s on s.id = i.server_id where i.herd_id = hd.id and i.port = coalesce(n.upstream_port, n.port)
          and (lower(s.hostname) = lower(n.upstream_host) or lower(s.address) = lower(n.upstream_host)
            or split_part(lower(s.hostname), '.', 1) = split_part(lower(n.upstream_host), '.', 1) and n.upstream_host !~ '^[0-9.:]+$'))
        or (lower(hd.virtual_host) = lower(n.upstream_host) and hd.port = coalesce(n.upstream_port, n.port))) order by hd.name limit 1) b on true
    left join lateral (select hd.id, hd.name from herds hd where a.id is null and b.id is null and hd.environment_id = n.env
      and lower(hd.base_name) = lower(n.name) and hd.port = n.port limit 1) c on true
    left join lateral (select hd.name, e.name as environment from herds hd join environments e on e.id = hd.environment_id
      where n.system_identifier is not null and hd.system_identifier = n.system_identifier limit 1) o on true
  )
  update discovered_instances d set suggested_environment_id = f.env, suggested_herd_id = f.herd_id, suggested_by = f.by, suggestion = f.because,
    changed_at = now()
  from found f where f.id = d.id`

export interface Newcomer {
  id: string
  hostId: string
}

/**
 * Links newcomers that are registered, and looks for a herd for the others: at once at their first report, then at most once a minute.
 * Returns the hosts whose instances now have a suggestion.
 */
export const placeNewcomers = async (client: Queryable, newcomers: readonly Newcomer[]): Promise<Set<string>> => {
  const { rows } = await client.query<{ id: string }>(linkKnown, [newcomers.map(({ id }) => id)])
  const linked = new Set(rows.map(({ id }) => id))
  const left = newcomers.filter(({ id }) => !linked.has(id))
  if (left.length > 0) await client.query(suggest, [left.map(({ id }) => id)])
  return new Set(left.map(({ hostId }) => hostId))
}

/** The same for every instance of one host, after its server was registered or its environment changed. */
export const placeHost = async (client: Queryable, hostId: string): Promise<void> => {
  const { rows } = await client.query<{ id: string }>(
    "select id from discovered_instances where host_id = $1 and instance_id is null and inbox = 'new'",
    [hostId],
  )
  const ids = rows.map(({ id }) => id)
  if (ids.length === 0) return
  await client.query(linkKnown, [ids])
  await client.query(suggest, [ids])
}
