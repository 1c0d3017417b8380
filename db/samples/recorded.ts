import type { Recorded } from '@/lib/domain/rules/conditions'
import { databaseFault, getPool } from '../pg/client'

/** $1 subjects, $2 from, $3 to, $4 places of the metrics in a row, from 1. Fresh figures and those of an hour stand for a minute, those of a day for ten. */
const recorded = {
  name: 'samples-recorded',
  text: `select r.subject, m.metric::int as metric, extract(epoch from r.at)::float8 as at, 60 as span, r.figures[m.metric]::float8 as low, r.figures[m.metric]::float8 as high
      from samples_fresh r, unnest($4::int[]) m(metric) where r.subject = any($1) and r.at >= $2 and r.at < $3 and r.figures[m.metric] is not null
    union all
    select h.subject, ((c.place - 1) % w.width + 1)::int, (extract(epoch from h.hour) + 60 * h.minutes[(c.place - 1) / w.width + 1])::float8, 60, v.figure, v.figure
      from samples_hourly h, lateral (select cardinality(h.codes) / cardinality(h.minutes) as width) w,
        unnest(h.codes) with ordinality c(code, place), lateral (select sample_value(c.code)::float8 as figure) v
      where h.subject = any($1) and h.hour > $2::timestamptz - interval '1 hour' and h.hour < $3 and (c.place - 1) % w.width + 1 = any($4) and v.figure is not null
    union all
    select d.subject, ((c.place - 1) % w.width + 1)::int, (extract(epoch from d.day) + 600 * d.slots[(c.place - 1) / w.width + 1])::float8, 600, v.low, v.high
      from samples_daily d, lateral (select cardinality(d.means) / cardinality(d.slots) as width) w,
        unnest(d.lows, d.highs) with ordinality c(low, high, place), lateral (select sample_value(c.low)::float8 as low, sample_value(c.high)::float8 as high) v
      where d.subject = any($1) and d.day > $2::timestamptz - interval '1 day' and d.day < $3 and (c.place - 1) % w.width + 1 = any($4) and v.low is not null
    order by 1, 2, 3`,
}

/** The lowest and highest of each $5 seconds. */
const coarse = {
  name: 'samples-recorded-coarse',
  text: `select subject, metric, floor(at / $5) * $5 as at, $5::float8 as span, min(low) as low, max(high) as high
    from (${recorded.text.replace(/\s*order by 1, 2, 3$/, '')}) r group by 1, 2, 3 order by 1, 2, 3`,
}

interface Row {
  subject: string
  metric: number
  at: number
  span: number
  low: number
  high: number
}

/** A real has no more digits than this. */
const short = (value: number): number => Number(value.toPrecision(7))

/**
 * What was recorded of these instances or hosts, by `subject place`, in order of time; a metric's place is the one it is stored at. `stepSeconds`:
 * only the extremes of each so many seconds. For work that the console
 * does by itself, or for somebody who may see them. Throws `database.down`.
 */
export const readRecorded = async (
  subjects: readonly string[],
  places: readonly number[],
  { from, to }: { from: Date; to: Date },
  stepSeconds: number | null = null,
): Promise<Map<string, Recorded[]>> => {
  const series = new Map<string, Recorded[]>()
  if (subjects.length === 0 || places.length === 0) return series
  try {
    const { rows } = await getPool().query<Row>(
      stepSeconds === null
        ? { ...recorded, values: [subjects, from, to, places] }
        : { ...coarse, values: [subjects, from, to, places, stepSeconds] },
    )
    for (const { subject, metric, at, span, low, high } of rows) {
      const key = `${subject} ${metric}`
      const one: Recorded = { from: Math.round(at * 1000), to: Math.round((at + span) * 1000), low: short(low), high: short(high) }
      const known = series.get(key)
      if (known) known.push(one)
      else series.set(key, [one])
    }
    return series
  } catch (error) {
    throw databaseFault(error)
  }
}
