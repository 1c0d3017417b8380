import { hostMetrics, instanceMetrics, placeOf, type SampleMetric } from '@/lib/domain/samples/metrics'
import { type Actor, allowance, type Permission } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import type { Sparkline } from '@/lib/kernel/resource/resource'
import { uuidPattern } from '@/lib/kernel/resource/terms'
import type { Sparklines } from '@/lib/shapes/sparklines'
import { databaseFault, getPool } from '../pg/client'

export type SparkedResource = 'instance' | 'herd' | 'server'

/** `text`: what is sampled for the rows $1 in the environments $2, each with its row. */
const subjects: Record<SparkedResource, { permission: Permission; metrics: readonly SampleMetric[]; text: string }> = {
  instance: {
    permission: 'instance.view',
    metrics: instanceMetrics,
    text: 'select id as row, id as subject from instances where id = any($1) and ($2::uuid[] is null or environment_id = any($2))',
  },
  herd: {
    permission: 'instance.view',
    metrics: instanceMetrics,
    text: `select h.id as row, i.id as subject from herds h left join instances i on i.herd_id = h.id
      where h.id = any($1) and ($2::uuid[] is null or h.environment_id = any($2))`,
  },
  server: {
    permission: 'server.view',
    metrics: hostMetrics,
    text: 'select id as row, id as subject from servers where id = any($1) and ($2::uuid[] is null or environment_id = any($2))',
  },
}

export const sparklineRowsMax = 100
const steps = 48
const stepSeconds = 1800

/**
 * $1 subjects, $2 from, $3 places of the metrics in a row, $4 seconds a point. Of an hour only the wanted figures are taken out of its array; what it was too
 * early to hold is null.
 */
export const sparklineSql = `with point as (
    select r.subject, m.place, extract(epoch from r.at - $2::timestamptz) as after, r.figures[m.place]::float8 as figure
      from samples_fresh r, unnest($3::int[]) m(place) where r.subject = any($1) and r.at >= $2
    union all
    select h.subject, m.place, extract(epoch from h.hour - $2::timestamptz) + 60 * h.minutes[n], sample_value(h.codes[n][m.place])
      from samples_hourly h, generate_series(1, cardinality(h.minutes)) n, unnest($3::int[]) m(place)
      where h.subject = any($1) and h.hour > $2::timestamptz - interval '1 hour'
  )
  select subject, place, floor(after / $4::int)::int as step, max(figure) as highest, avg(figure) as mean from point
    where figure is not null and after >= 0 group by 1, 2, 3`

interface Point {
  subject: string
  place: number
  step: number
  highest: number
  mean: number
}

const emptySteps = (): (number | null)[] => new Array<number | null>(steps).fill(null)
const short = (value: number): number => Number(value.toPrecision(4))

/** A stretch of which one of them says nothing, of those that said anything that day, is not known. */
const together = (series: readonly (number | null)[][], over: 'sum' | 'highest'): (number | null)[] => {
  const seen = series.filter((one) => one.some((figure) => figure !== null))
  return emptySteps().map((_, step) => {
    const figures = seen.flatMap((one) => one[step] ?? [])
    if (figures.length === 0 || (over === 'sum' && figures.length < seen.length)) return null
    return over === 'sum' ? figures.reduce((sum, figure) => sum + figure, 0) : Math.max(...figures)
  })
}

/**
 * The last day of some figures, for the rows of a page: one query whatever their number. Rows that the actor may not see are left out. Throws `input.invalid`,
 * `access.denied`, `database.down`.
 */
export const readSparklines = async (
  actor: Actor,
  resource: SparkedResource,
  ids: readonly string[],
  wanted: readonly Sparkline[],
  now = new Date(),
): Promise<Sparklines> => {
  const { permission, metrics, text } = subjects[resource]
  const allowed = allowance(actor, permission)
  if (allowed === 'none') throw new Fault('access.denied')
  if (ids.length > sparklineRowsMax || !ids.every((id) => uuidPattern.test(id)))
    throw new Fault('input.invalid', { fields: [{ path: 'ids', message: `are ids of rows, ${sparklineRowsMax} at most` }] })
  const end = Math.ceil(now.getTime() / 1000 / stepSeconds) * stepSeconds
  const from = end - steps * stepSeconds
  const place = (metric: string): number => placeOf(metrics, metric)
  const places = [...new Set(wanted.flatMap(({ metric, partOf }) => [place(metric), ...(partOf === undefined ? [] : [place(partOf)])]))]
  try {
    const { rows: sampled } = await getPool().query<{ row: string; subject: string | null }>(text, [
      ids,
      allowed === 'all' ? null : allowed.environmentIds,
    ])
    const { rows: points } = await getPool().query<Point>({
      name: 'sparklines',
      text: sparklineSql,
      values: [sampled.flatMap(({ subject }) => subject ?? []), new Date(from * 1000), places, stepSeconds],
    })
    const found = new Map<string, { highest: (number | null)[]; mean: (number | null)[] }>()
    for (const { subject, place: at, step, highest, mean } of points) {
      if (step >= steps) continue
      const key = `${subject} ${at}`
      const series = found.get(key) ?? { highest: emptySteps(), mean: emptySteps() }
      series.highest[step] = highest
      series.mean[step] = mean
      found.set(key, series)
    }
    const seriesOf = (subject: string, { metric, partOf, by }: Sparkline): (number | null)[] => {
      const own = found.get(`${subject} ${place(metric)}`)?.[by] ?? emptySteps()
      if (partOf === undefined) return own
      const whole = found.get(`${subject} ${place(partOf)}`)?.mean
      return own.map((figure, step) => (figure === null || !whole?.[step] ? null : (100 * figure) / whole[step]))
    }
    const subjectsOf = new Map<string, string[]>()
    for (const { row, subject } of sampled) subjectsOf.set(row, [...(subjectsOf.get(row) ?? []), ...(subject === null ? [] : [subject])])
    const rows: Sparklines['rows'] = {}
    for (const [row, members] of subjectsOf) {
      const of = (spark: Sparkline) => members.map((subject) => seriesOf(subject, spark))
      rows[row] = Object.fromEntries(
        wanted.map((spark) => [spark.name, together(of(spark), spark.over ?? 'highest').map((figure) => figure && short(figure))]),
      )
    }
    return { from, stepSeconds, rows }
  } catch (error) {
    throw databaseFault(error)
  }
}
