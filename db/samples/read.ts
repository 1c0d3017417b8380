import {
  fleetMetrics,
  type HostMetric,
  hostMetrics,
  type InstanceMetric,
  instanceMetrics,
  placeOf,
  type SampleMetric,
} from '@/lib/domain/samples/metrics'
import { stepSeconds } from '@/lib/domain/samples/steps'
import { type Actor, allowance, type Permission } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import type { SampleMark, SampleSeries, SampleSubject, Samples } from '@/lib/shapes/samples'
import { databaseFault, getPool } from '../pg/client'

export interface SampleQuestion {
  of: SampleSubject
  /** Of the fleet: none. */
  id: string | null
  from: Date
  to: Date
  /** At most as many of each series. */
  points: number
  /** Left out: every metric. */
  metrics?: readonly string[]
  /** After how many days minutes are thinned here. */
  minuteDays: number
}

/** Which rows, and what must be seen to see them; a herd is its members side by side, the fleet its environments. */
const subjects: Record<SampleSubject, { permission: Permission; text: string; metrics: readonly SampleMetric[] }> = {
  instance: { permission: 'instance.view', metrics: instanceMetrics, text: 'select id, title, herd_id from instances where id = $1' },
  herd: { permission: 'instance.view', metrics: instanceMetrics, text: 'select id, title, herd_id from instances where herd_id = $1' },
  server: {
    permission: 'server.view',
    metrics: hostMetrics,
    text: 'select id, hostname as title, null::uuid as herd_id from servers where id = $1',
  },
  fleet: {
    permission: 'instance.view',
    metrics: fleetMetrics,
    text: 'select * from (select id, id as environment_id, name as title, null::uuid as herd_id from environments) e where $1::uuid is null',
  },
}

/** $1 subjects, $2 from, $3 to, $4 seconds a point, $5 places of the metrics in a row, from 1. */
export const pointsOfSamples = `with point as (
    select r.subject, extract(epoch from r.at) as at, m.metric, r.figures[m.metric]::float8 as low, r.figures[m.metric]::float8 as mean, r.figures[m.metric]::float8 as high
      from samples_fresh r, unnest($5::int[]) m(metric) where r.subject = any($1) and r.at >= $2 and r.at < $3
    union all
    select h.subject, extract(epoch from h.hour) + 60 * h.minutes[(c.place - 1) / w.width + 1], (c.place - 1) % w.width + 1, v.figure, v.figure, v.figure
      from samples_hourly h, lateral (select cardinality(h.codes) / cardinality(h.minutes) as width) w,
        unnest(h.codes) with ordinality c(code, place), lateral (select sample_value(c.code) as figure) v
      where h.subject = any($1) and h.hour > $2::timestamptz - interval '1 hour' and h.hour < $3 and (c.place - 1) % w.width + 1 = any($5)
    union all
    select d.subject, extract(epoch from d.day) + 600 * d.slots[(c.place - 1) / w.width + 1], (c.place - 1) % w.width + 1,
        sample_value(c.low), sample_value(c.mean), sample_value(c.high)
      from samples_daily d, lateral (select cardinality(d.means) / cardinality(d.slots) as width) w,
        unnest(d.lows, d.means, d.highs) with ordinality c(low, mean, high, place)
      where d.subject = any($1) and d.day > $2::timestamptz - interval '1 day' and d.day < $3 and (c.place - 1) % w.width + 1 = any($5)
  )
  select subject, metric::int, (floor(at / $4::int) * $4::int)::float8 as at, min(low) as low, avg(mean) as mean, max(high) as high from point
    where mean is not null and at >= extract(epoch from $2::timestamptz) and at < extract(epoch from $3::timestamptz)
    group by 1, 2, 3 order by 1, 2, 3`

interface PointRow {
  subject: string
  metric: number
  at: number
  low: number
  mean: number
  high: number
}

/** What is kept is no finer. */
const short = (value: number): number => Number(value.toPrecision(5))

/**
 * What an instance, the members of a herd or a host looked like between two moments, thinned in SQL. A stretch without points is unknown.
 * Throws `access.denied`, `record.missing`, `input.invalid`, `database.down`.
 */
export const readSamples = async (actor: Actor, question: SampleQuestion): Promise<Samples> => {
  const { permission, text, metrics } = subjects[question.of]
  const allowed = allowance(actor, permission)
  if (allowed === 'none') throw new Fault('access.denied')
  const wanted = question.metrics ?? metrics.map(({ name }) => name)
  const unknown = wanted.find((name) => placeOf(metrics, name) === 0)
  if (unknown !== undefined)
    throw new Fault('input.invalid', {
      fields: [{ path: 'metrics', message: `has no ${unknown}; there are ${metrics.map(({ name }) => name).join(', ')}` }],
    })
  const environments = allowed === 'all' ? null : allowed.environmentIds
  const step = stepSeconds(
    { from: question.from.getTime() / 1000, to: question.to.getTime() / 1000, now: Date.now() / 1000 },
    question.points,
    question.minuteDays,
  )
  try {
    const { rows: shown } = await getPool().query<{ id: string; title: string; herd_id: string | null }>(
      `${text} and ($2::uuid[] is null or environment_id = any($2)) order by title, id limit 100`,
      [question.id, environments],
    )
    const mayBeEmpty = question.of === 'fleet' || (question.of === 'herd' && (await isHerd(question.id, environments)))
    if (shown.length === 0 && !mayBeEmpty) throw new Fault('record.missing')
    const places = wanted.map((name) => placeOf(metrics, name))
    const [{ rows }, marks] = await Promise.all([
      getPool().query<PointRow>(pointsOfSamples, [shown.map(({ id }) => id), question.from, question.to, step, places]),
      question.of === 'fleet'
        ? readFleetMarks(actor, question)
        : readMarks(
            actor,
            shown.map(({ id }) => id),
            question.of === 'herd' ? question.id : (shown[0]?.herd_id ?? null),
            question,
          ),
    ])
    const found = new Map<string, SampleSeries>()
    for (const { id, title } of shown)
      for (const name of wanted) found.set(`${id} ${placeOf(metrics, name)}`, { id, title, metric: name, points: [] })
    for (const { subject, metric, at, low, mean, high } of rows)
      found.get(`${subject} ${metric}`)!.points.push([at, short(low), short(mean), short(high)])
    return {
      from: question.from.toISOString(),
      to: question.to.toISOString(),
      stepSeconds: step,
      metrics: metrics.filter(({ name }) => wanted.includes(name)).map(({ name, label, unit }) => ({ name, label, unit })),
      series: [...found.values()],
      marks,
    }
  } catch (error) {
    throw databaseFault(error)
  }
}

const isHerd = async (id: string | null, environments: readonly string[] | null): Promise<boolean> =>
  (await getPool().query('select from herds where id = $1 and ($2::uuid[] is null or environment_id = any($2))', [id, environments])).rows
    .length > 0

const marksMax = 200

/** What happened meanwhile, of what the actor may see: jobs on these targets or their herd with failovers among them, and alarms about them and their hosts. */
const readMarks = async (actor: Actor, ids: readonly string[], herdId: string | null, question: SampleQuestion): Promise<SampleMark[]> => {
  const [runs, alarms] = await Promise.all([readRunMarks(actor, ids, herdId, question), readAlarmMarks(actor, ids, herdId, question)])
  return [...runs, ...alarms].sort((a, b) => a.at - b.at)
}

const readRunMarks = async (
  actor: Actor,
  ids: readonly string[],
  herdId: string | null,
  { from, to }: SampleQuestion,
): Promise<SampleMark[]> => {
  const allowed = allowance(actor, 'run.view')
  if (allowed === 'none') return []
  const { rows } = await getPool().query<{ id: string; runId: string; at: Date; operation: string; title: string; state: string }>(
    `select j.run_id as "runId", j.id, coalesce(j.started_at, j.created_at) as at, j.operation, j.title, j.state from jobs j
      where (j.target_id = any($1) or j.herd_id = $2) and j.created_at < $4 and coalesce(j.started_at, j.created_at) >= $3
        and coalesce(j.started_at, j.created_at) < $4 and ($5::uuid[] is null or j.environment_id = any($5))
      order by 3 desc limit ${marksMax}`,
    [ids, herdId, from, to, allowed === 'all' ? null : allowed.environmentIds],
  )
  return rows.map(({ runId, at, operation, title, state }) => ({
    at: at.getTime() / 1000,
    kind: operation === 'failover' || operation === 'switchover' || operation === 'patroni-zero-gap' ? 'failover' : 'run',
    title: `${operation} ${title}: ${state}`,
    href: `/runs/${runId}`,
  }))
}

/** One about several environments names them all in its text. */
const readAlarmMarks = async (
  actor: Actor,
  ids: readonly string[],
  herdId: string | null,
  { from, to }: SampleQuestion,
): Promise<SampleMark[]> => {
  const allowed = allowance(actor, 'instance.view')
  if (allowed === 'none') return []
  const { rows } = await getPool().query<{ at: Date; headline: string; label: string; href: string }>(
    `select coalesce(since, began_at) as at, headline, label, href from incidents
      where split_part(item_key, ' ', 1) = any($1::text[] || array(select i.server_id::text from instances i where i.id = any($1::uuid[]))) and began_at >= $2 and coalesce(since, began_at) >= $2 and coalesce(since, began_at) < $3
        and ($4::uuid[] is null or environment_ids <@ $4 and environment_ids <> '{}')
      order by 1 desc limit ${marksMax}`,
    [herdId === null ? ids : [...ids, herdId], from, to, allowed === 'all' ? null : allowed.environmentIds],
  )
  return rows.map(({ at, headline, label, href }) => ({ at: at.getTime() / 1000, kind: 'alarm', title: `${headline}: ${label}`, href }))
}

/** Of the fleet: failovers, and what was broken or worse, each in the environments that the actor may see it in. */
const readFleetMarks = async (actor: Actor, { from, to }: SampleQuestion): Promise<SampleMark[]> => {
  const [failovers, alarms] = [allowance(actor, 'failover.view'), allowance(actor, 'instance.view')]
  const scope = (allowed: typeof alarms) => (allowed === 'all' ? null : allowed === 'none' ? [] : allowed.environmentIds)
  const { rows } = await getPool().query<SampleMark & { at: number }>(
    `(select extract(epoch from t.started_at)::float8 as at, 'failover' as kind, concat_ws(' ', t.mode, 'failover of', t.title || ':', t.state) as title,
        '/failovers/' || t.id as href
      from failovers t where t.started_at >= $1 and t.started_at < $2 and ($3::uuid[] is null or t.environment_id = any($3))
      order by t.started_at desc limit ${marksMax})
     union all
     (select extract(epoch from t.began_at)::float8, 'alarm', t.headline || ': ' || t.label, t.href
      from incidents t where t.severity <= 1 and t.began_at >= $1 and t.began_at < $2 and ($4::uuid[] is null or t.environment_ids <@ $4 and t.environment_ids <> '{}')
      order by t.began_at desc limit ${marksMax})
     order by 1`,
    [from, to, scope(failovers), scope(alarms)],
  )
  return rows
}

export interface LatestSample {
  environment: string
  /** Of an instance its herd and host; of a host its name. */
  of: 'instance' | 'server'
  title: string
  figures: Partial<Record<InstanceMetric | HostMetric, number>>
}

/** The newest figures of everything the actor sees, for `/metrics`; what has said nothing for three minutes is left out. Throws `access.denied`, `database.down`. */
export const readLatestSamples = async (actor: Actor): Promise<LatestSample[]> => {
  const allowed = allowance(actor, 'instance.view')
  if (allowed === 'none') throw new Fault('access.denied')
  try {
    const { rows } = await getPool().query<{ of: LatestSample['of']; environment: string; title: string; figures: (number | null)[] }>(
      `select s.of, e.name as environment, s.title, r.figures from (
          select 'instance' as of, id, title, environment_id from instances union all select 'server', id, hostname, environment_id from servers
        ) s join environments e on e.id = s.environment_id
        cross join lateral (select f.figures from samples_fresh f where f.subject = s.id and f.at > now() - interval '3 minutes' order by f.at desc limit 1) r
        where $1::uuid[] is null or s.environment_id = any($1) order by 1, 2, 3`,
      [allowed === 'all' ? null : allowed.environmentIds],
    )
    return rows.map(({ figures, ...rest }) => {
      const metrics: readonly SampleMetric[] = rest.of === 'instance' ? instanceMetrics : hostMetrics
      return { ...rest, figures: Object.fromEntries(metrics.flatMap(({ name }, n) => (figures[n] == null ? [] : [[name, figures[n]]]))) }
    })
  } catch (error) {
    throw databaseFault(error)
  }
}
