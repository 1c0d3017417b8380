import { getPool } from '../pg/client'
import { inPgTransaction, type Queryable } from '../pg/transaction'
import { makePartition, makePartitions, type Partition, partitionsThere, type Tier } from './partitions'

const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** Arrays of one subject must be of one length before they can be gathered; those of an older release have fewer metrics. */
const padded = (column: string) =>
  `${column} || array_fill((-32768)::smallint, array[(max(cardinality(${column})) over (partition by subject) - cardinality(${column}))::int])`

const packHour = `insert into samples_hourly (subject, hour, minutes, codes)
  select subject, $1, array_agg(minute order by minute), array_agg(codes order by minute) from (
    select subject, minute, ${padded('codes')} as codes from (
      select subject, minute, array_agg(sample_code(mean) order by metric) as codes from (
        select r.subject, extract(minute from r.at at time zone 'UTC')::smallint as minute, u.metric, avg(u.figure) as mean
          from samples_fresh r, unnest(r.figures) with ordinality u(figure, metric) where r.at >= $1 and r.at < $2 group by 1, 2, 3
      ) means group by 1, 2
    ) minutes
  ) wide group by 1`

/** Minutes are whole arrays within an hour's row, so each code's place says its minute and its metric. */
const thinDay = `insert into samples_daily (subject, day, slots, lows, means, highs)
  select subject, $1, array_agg(slot order by slot), array_agg(lows order by slot), array_agg(means order by slot), array_agg(highs order by slot) from (
    select subject, slot, ${padded('lows')} as lows, ${padded('means')} as means, ${padded('highs')} as highs from (
      select subject, slot, array_agg(sample_code(low) order by metric) as lows, array_agg(sample_code(mean) order by metric) as means,
          array_agg(sample_code(high) order by metric) as highs from (
        select subject, slot, metric, min(figure) as low, avg(figure) as mean, max(figure) as high from (
          select h.subject, ((extract(epoch from h.hour - $1) / 60 + h.minutes[(c.place - 1) / w.width + 1])::int / 10)::smallint as slot,
              (c.place - 1) % w.width as metric, sample_value(c.code) as figure
            from samples_hourly h, lateral (select cardinality(h.codes) / cardinality(h.minutes) as width) w,
              unnest(h.codes) with ordinality c(code, place) where h.hour >= $1 and h.hour < $2
        ) minutes group by 1, 2, 3
      ) slots group by 1, 2
    ) rows
  ) wide group by 1`

/** What is packed and what it came from change in one transaction, so that no reader finds a moment twice or not at all. */
const replace = (tier: Tier, into: Tier, partition: Partition, statement: string): Promise<void> =>
  inPgTransaction(async (client) => {
    // Nobody waits long behind this for a chart; what could not be locked is taken up again in the next round.
    await client.query(`set local statement_timeout = '10min'; set local lock_timeout = '5s'; set local work_mem = '64MB'`)
    await makePartition(client, into, partition.from)
    await client.query('select samples_hold($1)', [partition.name])
    await client.query(statement, [partition.from, partition.to])
    await drop(client, tier, partition)
  })

const drop = async (client: Queryable, tier: Tier, { name }: Partition): Promise<void> => {
  await client.query('select samples_drop($1, $2)', [tier, name])
}

/**
 * Makes partitions ahead, packs each hour an hour after its end, thins each day after `minuteDays`, and drops what is older than `coarseDays`.
 * For one worker at a time. Throws `database.down`.
 */
export const keepSamples = async ({
  minuteDays,
  coarseDays,
  now = new Date(),
}: {
  minuteDays: number
  coarseDays: number
  now?: Date
}): Promise<void> => {
  await makePartitions(now)
  const endedFor = async (tier: Tier, ms: number) =>
    (await partitionsThere(getPool(), tier)).filter(({ to }) => to.getTime() + ms <= now.getTime())
  for (const partition of await endedFor('samples_fresh', hourMs)) await replace('samples_fresh', 'samples_hourly', partition, packHour)
  for (const partition of await endedFor('samples_hourly', minuteDays * dayMs))
    await replace('samples_hourly', 'samples_daily', partition, thinDay)
  for (const partition of await endedFor('samples_daily', coarseDays * dayMs))
    await inPgTransaction((client) => drop(client, 'samples_daily', partition))
}
