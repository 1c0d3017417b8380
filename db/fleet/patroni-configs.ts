import type { ConfigObject } from '@/lib/domain/managers/patroni-config'
import { type Actor, mayIn } from '@/lib/kernel/access/access'
import { getPool } from '../pg/client'
import type { Queryable } from '../pg/transaction'

/** The configuration of a herd's Patroni cluster, as the member that leads told it at that moment. */
export interface ConfigSeen {
  herdId: string
  at: string
  config: ConfigObject
}

/** Another one than the last is a new version; one that is the same moves the time it was last seen at, not oftener than a look stays cheap. */
const store = `with input as (select distinct on (herd_id) * from jsonb_to_recordset($1::jsonb) as t(herd_id uuid, at timestamptz, config jsonb) order by herd_id, at desc),
  last as materialized (
    select t.herd_id, l.* from input t left join lateral (
      select c.id, c.config, c.last_seen_at from patroni_configs c where c.herd_id = t.herd_id order by c.first_seen_at desc limit 1) l on true),
  again as (
    update patroni_configs c set last_seen_at = t.at from input t join last l using (herd_id)
    where c.id = l.id and l.config = t.config and t.at > l.last_seen_at + interval '20 s' returning c.id)
  insert into patroni_configs (herd_id, config, first_seen_at, last_seen_at)
  select t.herd_id, t.config, t.at, t.at from input t join last l using (herd_id)
  where l.id is null or (l.config <> t.config and t.at > l.last_seen_at)
  on conflict do nothing`

export const keepConfigs = async (client: Queryable, seen: readonly ConfigSeen[]): Promise<void> => {
  if (seen.length === 0) return
  const rows = seen.map(({ herdId, at, config }) => ({ herd_id: herdId, at, config }))
  await client.query(store, [JSON.stringify(rows).replaceAll('\\u0000', '')])
}

/** One version of it, from the look that saw it first until the last. */
export interface ConfigVersion {
  id: string
  config: ConfigObject
  firstSeenAt: string
  lastSeenAt: string
  /** Runs through Patroni that were under way between the last look at the version before and the first at this one. */
  runs: { id: string; operation: string; by: string }[]
}

interface Row extends Omit<ConfigVersion, 'firstSeenAt' | 'lastSeenAt'> {
  environment_id: string
  first_seen_at: Date
  last_seen_at: Date
}

const versionsMax = 200

const read = `with versions as (
    select c.id, c.config, c.first_seen_at, c.last_seen_at, h.environment_id, c.herd_id,
      lag(c.last_seen_at) over (order by c.first_seen_at) as before
    from patroni_configs c join herds h on h.id = c.herd_id where c.herd_id = $1 order by c.first_seen_at desc limit ${versionsMax})
  select v.*, coalesce((
    select jsonb_agg(jsonb_build_object('id', r.id, 'operation', r.operation, 'by', r.actor_name) order by j.started_at)
    from jobs j join runs r on r.id = j.run_id
    where j.herd_id = v.herd_id and j.operation = any($2) and j.started_at <= v.first_seen_at
      and coalesce(j.finished_at, now()) >= v.before), '[]') as runs
  from versions v order by v.first_seen_at desc`

/** Operations that write it. */
const writers = ['patroni-configure', 'patroni-pause', 'patroni-resume']

/** The newest first; none for a herd that the actor may not see. */
export const readConfigs = async (actor: Actor, herdId: string): Promise<ConfigVersion[]> => {
  const { rows } = await getPool().query<Row>({ name: 'patroni-configs', text: read, values: [herdId, writers] })
  return rows
    .filter(({ environment_id }) => mayIn(actor, 'herd.view', environment_id))
    .map(({ id, config, first_seen_at, last_seen_at, runs, environment_id }) => ({
      ...{ id, config, firstSeenAt: first_seen_at.toISOString(), lastSeenAt: last_seen_at.toISOString() },
      runs: mayIn(actor, 'run.view', environment_id) ? runs : [],
    }))
}
