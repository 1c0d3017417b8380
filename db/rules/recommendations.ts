import { type Recommendation, type RecordedHour, recommend } from '@/lib/domain/rules/recommend'
import { hostMetrics, placeOf } from '@/lib/domain/samples/metrics'
import { databaseFault, getPool } from '../pg/client'
import { readHourly } from '../prices/hourly'
import { readRecorded } from '../samples/recorded'
import { readRuleMembers, withTypes } from './members'

const weeks = 4
const dayMs = 86_400_000
const hourSeconds = 3600
const metrics = ['loadPerCpu', 'cpu', 'memoryUsed'] as const
/** Of so many times that a rule was due, half without its conditions met are a reason to look at it. */
const reviewMin = 6

/** Herds whose recommendation is a day old, or that have none and a machine. */
const dueHerds = `select h.id, h.environment_id as "environmentId", h.name as title from herds h
    left join sizing_recommendations r on r.herd_id = h.id
  where (r.found_at is null or r.found_at < $1::timestamptz - interval '1 day' or r.environment_id <> h.environment_id)
    and exists (select from instances i join machines m on m.server_id = i.server_id and m.tie = 'tied' where i.herd_id = h.id)
  order by r.found_at nulls first, h.id limit $2`

/** What the scheduled decisions of a herd's rules that shrink came to in two weeks. */
const rulesOf = `select r.id, r.herd_id as "herdId", r.name, count(d.id)::int as due, count(d.id) filter (where d.state in ('not-met', 'unknown'))::int as idle
  from sizing_rules r left join sizing_decisions d on d.rule_id = r.id and d.kind = 'scheduled' and d.attempt = 1 and d.occurrence > $2::timestamptz - interval '14 days'
  where r.herd_id = any($1) and r.action = 'down' group by r.id order by r.name`

interface HerdRow {
  id: string
  environmentId: string
  title: string
}

interface RuleRow {
  id: string
  herdId: string
  name: string
  due: number
  idle: number
}

/** Works out what is recommended for herds whose last recommendation is old, at most `limit` of them; answers for how many. Throws `database.down`. */
export const findRecommendations = async (now: Date, limit: number): Promise<number> => {
  try {
    const { rows: herds } = await getPool().query<HerdRow>(dueHerds, [now, limit])
    if (herds.length === 0) return 0
    const since = new Date(now.getTime() - weeks * 7 * dayMs)
    const [byHerd, hourlyUsd, { rows: rules }] = await Promise.all([
      readRuleMembers(herds.map(({ id }) => id)).then((members) => withTypes(members, since)),
      readHourly(),
      getPool().query<RuleRow>(rulesOf, [herds.map(({ id }) => id), now]),
    ])
    const servers = [...new Set([...byHerd.values()].flat().map(({ serverId }) => serverId))]
    const places = metrics.map((name) => placeOf(hostMetrics, name))
    const recorded = await readRecorded(servers, places, { from: since, to: now }, hourSeconds)
    const rows = herds.map((herd) => {
      const members = byHerd
        .get(herd.id)!
        .map((one) => ({ ...one, isPrimary: one.role === 'primary', hours: hoursOf(recorded, one.serverId, places) }))
      return rowOf(
        herd,
        recommend(members, hourlyUsd),
        rules.filter(({ herdId }) => herdId === herd.id),
      )
    })
    await getPool().query(keep, [JSON.stringify(rows), now])
    return herds.length
  } catch (error) {
    throw databaseFault(error)
  }
}

const hoursOf = (recorded: Awaited<ReturnType<typeof readRecorded>>, serverId: string, places: readonly number[]): RecordedHour[] => {
  const hours = new Map<number, RecordedHour>()
  const fields = ['loadPerCpu', 'cpuPercent', 'memoryBytes'] as const
  for (const [index, place] of places.entries())
    for (const { from, high } of recorded.get(`${serverId} ${place}`) ?? []) {
      const hour = hours.get(from) ?? { at: from, loadPerCpu: null, cpuPercent: null, memoryBytes: null }
      hours.set(from, { ...hour, [fields[index]!]: high })
    }
  return [...hours.values()].sort((a, b) => a.at - b.at)
}

/** A herd that has a rule needs no other; one that seldom acts is shown instead. */
const rowOf = ({ id, environmentId, title }: HerdRow, found: Recommendation, rules: readonly RuleRow[]) => {
  const idle = rules.find((one) => one.due >= reviewMin && one.idle * 2 >= one.due)
  const said = { herd_id: id, environment_id: environmentId, title, evidence: found.evidence, from_type: found.fromType }
  const nothing = { type: null, from_hour: null, until_hour: null, saved_usd: null, rule_id: rules[0]?.id ?? null }
  if (idle)
    return {
      ...{ ...said, ...nothing, kind: 'review', rule_id: idle.id },
      because: `The conditions of “${idle.name}” were not met, or not measured, ${idle.idle} of the ${idle.due} times it was due in the last two weeks.`,
    }
  if (rules.length > 0 && found.kind !== 'smaller')
    return { ...said, ...nothing, kind: 'covered', because: `The rule “${rules[0]!.name}” shrinks its standbys.` }
  return {
    ...said,
    ...{
      kind: found.kind,
      type: found.type,
      from_hour: found.fromHour,
      until_hour: found.untilHour,
      because: found.because,
      rule_id: null,
    },
    saved_usd: found.savedUsd === null ? null : Math.round(found.savedUsd),
  }
}

const keep = `with found as (select * from jsonb_to_recordset($1::jsonb) f(herd_id uuid, environment_id uuid, title text, kind text, from_type text, type text,
    from_hour int, until_hour int, saved_usd int, because text, rule_id uuid, evidence jsonb)), kept as (
  insert into sizing_recommendations as r (herd_id, environment_id, title, kind, from_type, type, from_hour, until_hour, saved_usd, because, rule_id, evidence, found_at)
    select f.herd_id, f.environment_id, f.title, f.kind, f.from_type, f.type, f.from_hour, f.until_hour, f.saved_usd, f.because, f.rule_id, f.evidence, $2
      from found f join herds h on h.id = f.herd_id and h.environment_id = f.environment_id
    on conflict (herd_id) do update set environment_id = excluded.environment_id, title = excluded.title, kind = excluded.kind, from_type = excluded.from_type,
      type = excluded.type, from_hour = excluded.from_hour, until_hour = excluded.until_hour, saved_usd = excluded.saved_usd, because = excluded.because,
      rule_id = excluded.rule_id, evidence = excluded.evidence, found_at = excluded.found_at
    returning 1)
  select pg_notify('records', 'sizing-recommendation') from kept limit 1`
