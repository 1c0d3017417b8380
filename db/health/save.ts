import { type KindLimits, limitsOf, severityOf } from '@/lib/domain/health/judge'
import type { HealthKind, HealthLook } from '@/lib/domain/health/kind'
import { healthKind, healthKinds, staleHours } from '@/lib/domain/health/kinds'
import { databaseFault } from '../pg/client'
import { inPgTransaction, type Queryable } from '../pg/transaction'

/** $1 instance, $2 looks. */
const lookSql = `
insert into health_looks (instance_id, kind, tried_at, seen_at, because, not_applicable, worst_value, worst_object)
select $1, t.kind, now(), case when t.because is null then now() end, t.because, t."notApplicable", t."worstValue", t."worstObject"
from jsonb_to_recordset($2::jsonb) as t(kind text, because text, "notApplicable" text, "worstValue" float8, "worstObject" text)
on conflict (instance_id, kind) do update set tried_at = excluded.tried_at, seen_at = coalesce(excluded.seen_at, health_looks.seen_at), because = excluded.because,
  not_applicable = excluded.not_applicable, worst_value = excluded.worst_value, worst_object = excluded.worst_object`

/** $1 instance, $2 what was found, $3 hours of patience by kind. A finding that was there before keeps its time. */
const keepSql = `
insert into health_findings (instance_id, kind, database, object, severity, value, details, since, looked_at)
select $1, t.kind, t.database, t.object, case when ($3::jsonb ->> t.kind)::float8 > 0 and t.severity <> 'critical' then 'none' else t.severity end,
  t.value, t.details, now(), now()
from jsonb_to_recordset($2::jsonb) as t(kind text, database text, object text, severity text, value float8, details jsonb)
on conflict (instance_id, kind, database, object) do update set value = excluded.value, details = excluded.details, looked_at = excluded.looked_at,
  severity = case when health_findings.since <= now() - ($3::jsonb ->> excluded.kind)::float8 * interval '1 hour' and excluded.severity = 'none' then 'warning'
    else excluded.severity end`

/** $1 instance, $2 what was found, $3 kinds that were seen whole. */
const goneSql = `
delete from health_findings f where f.instance_id = $1 and f.kind = any($3) and not exists (
  select from jsonb_to_recordset($2::jsonb) as t(kind text, database text, object text)
    where t.kind = f.kind and t.database = f.database and t.object = f.object)`

/** What another member does not show is no problem here either. $1 instance, $2 kinds, $3 herd. */
const everywhereSql = `
update health_findings f set severity = 'none' where f.instance_id = $1 and f.kind = any($2) and exists (
  select from instances m where m.herd_id = $3 and m.id <> f.instance_id and not exists (
    select from health_findings o where o.instance_id = m.id and o.kind = f.kind and o.database = f.database and o.object = f.object))`

/** Of what is asked once a herd, what another member said before. $1 instance, $2 kinds, $3 herd. */
const elsewhereSql = (table: string) => `
delete from ${table} where kind = any($2) and instance_id in (select id from instances where herd_id = $3 and id <> $1)`

/** $1 herd, $2 kinds that are looked at: name, asks, seconds after which a look is old. */
const herdSql = `
with kinds as (select * from jsonb_to_recordset($2::jsonb) as t(name text, asks text, stale float8)),
members as (select id from instances where herd_id = $1),
due as (
  select max(l.seen_at + k.stale * interval '1 second') as until from kinds k cross join members m
    left join health_looks l on l.instance_id = m.id and l.kind = k.name where k.asks = 'every' group by k.name, m.id
  union all
  select max(l.seen_at + k.stale * interval '1 second') from kinds k left join (health_looks l join members m on m.id = l.instance_id) on l.kind = k.name
    where k.asks <> 'every' group by k.name
), found as (
  select f.severity, max(f.looked_at + k.stale * interval '1 second') as until from health_findings f join members m on m.id = f.instance_id
    join kinds k on k.name = f.kind group by 1
)
update herd_facts set health_critical_until = (select until from found where severity = 'critical'),
  health_warning_until = (select until from found where severity = 'warning'),
  health_unknown_from = (select case when bool_and(until is not null) then min(until) end from due) where herd_id = $1`

/**
 * Keeps what a look at an instance found past its environment's limits, each finding since the first look that found it. What a look did not see whole takes
 * nothing away. An instance that is not registered is passed over. Throws `database.down`.
 */
export const saveHealth = async (instanceId: string, looks: readonly HealthLook[]): Promise<void> => {
  try {
    await inPgTransaction(async (client) => {
      const { rows } = await client.query<{ herdId: string; lines: string[] }>(
        `select i.herd_id as "herdId", e.health_limits as lines from instances i join environments e on e.id = i.environment_id where i.id = $1`,
        [instanceId],
      )
      const instance = rows[0]
      if (instance === undefined) return
      // Members of one herd take each other's findings into account.
      await client.query(`select pg_advisory_xact_lock(hashtextextended('health ' || $1, 0))`, [instance.herdId])
      if ((await client.query('select from instances where id = $1 for key share', [instanceId])).rowCount === 0) return
      await saveLooks(client, instanceId, instance, looks)
      await keepHerd(client, instance.herdId, instance.lines)
    })
  } catch (error) {
    throw databaseFault(error)
  }
}

/** The last of a kind counts. */
const saveLooks = async (
  client: Queryable,
  instanceId: string,
  { herdId, lines }: { herdId: string; lines: readonly string[] },
  looks: readonly HealthLook[],
): Promise<void> => {
  const seen = [...new Map(looks.map((look) => [look.kind, look])).values()].flatMap((look) => {
    const kind = healthKind(look.kind)
    return kind === undefined ? [] : [{ kind, look, limits: limitsOf(kind, lines) }]
  })
  const past = JSON.stringify(seen.flatMap(({ kind, look, limits }) => pastLimits(kind, look, limits)))
  const named = (wanted: (one: (typeof seen)[number]) => boolean) => seen.filter(wanted).map(({ kind }) => kind.name)
  const patience = Object.fromEntries(seen.map(({ kind }) => [kind.name, kind.patienceHours ?? 0]))
  const once = named(({ kind, look }) => kind.asks !== 'every' && look.because === null)
  await client.query(lookSql, [instanceId, JSON.stringify(seen.map(({ kind, look }) => ({ kind: kind.name, ...worstOf(kind, look) })))])
  await client.query(keepSql, [instanceId, past, JSON.stringify(patience)])
  await client.query(goneSql, [instanceId, past, named(({ look }) => look.because === null)])
  await client.query(everywhereSql, [instanceId, named(({ kind }) => kind.onEveryMember === true), herdId])
  if (once.length > 0)
    for (const table of ['health_findings', 'health_looks']) await client.query(elsewhereSql(table), [instanceId, once, herdId])
}

const pastLimits = (kind: HealthKind, look: HealthLook, limits: KindLimits) =>
  look.found
    .map((one) => ({ ...one, kind: kind.name, severity: limits.isOff ? ('none' as const) : severityOf(kind, one, limits) }))
    .filter(({ severity }) => severity !== 'none')

const worstOf = (kind: HealthKind, { found, because, notApplicable }: HealthLook) => {
  const worst = [...found].sort((a, b) => (kind.worse === 'above' ? b.value - a.value : a.value - b.value))[0]
  const worstObject = worst && [worst.database, worst.object].filter((one) => one !== '').join(': ')
  return { because, notApplicable, worstValue: worst?.value ?? null, worstObject: worstObject ?? null }
}

const keepHerd = async (client: Queryable, herdId: string, lines: readonly string[]): Promise<void> => {
  const kinds = healthKinds
    .filter((kind) => !limitsOf(kind, lines).isOff)
    .map((kind) => ({ name: kind.name, asks: kind.asks, stale: staleHours(kind) * 3600 }))
  await client.query(herdSql, [herdId, JSON.stringify(kinds)])
}
