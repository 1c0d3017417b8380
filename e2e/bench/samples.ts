import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrate } from '@/db/migrate'
import { closeDb, getPool, setDatabase } from '@/db/pg/client'
import { keepSamples } from '@/db/samples/keep'
import { makePartition } from '@/db/samples/partitions'
import { readSamples } from '@/db/samples/read'
import { type Sample, saveSamples } from '@/db/samples/save'
import { seedLarge } from '@/db/seed-large'
import { instanceMetrics } from '@/lib/domain/samples/metrics'
import type { Actor } from '@/lib/kernel/access/access'
import { startEmbedded } from '@/lib/playground/start/embedded'

const hourMs = 3_600_000
const admin: Actor = { kind: 'person', personId: null, name: 'bench', grants: [{ role: 'admin', environmentId: null }] }
/** As many as one worker of four writes in one of its rounds. */
const batch = 500
const charts = 60

const count = async (text: string): Promise<number> => Number((await getPool().query(text)).rows[0].n)
const partitionBytes = (tier: string) =>
  count(`select coalesce(sum(pg_total_relation_size(inhrelid)), 0) as n from pg_inherits where inhparent = '${tier}'::regclass`)
const p95 = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length * 0.95)]!

/** Figures that move as those of a busy server do: a constant would pack to nothing. */
const noisy = 'array_agg((case n when 14 then 1e10 else 100 * n * (1 + random()) end)::real order by n)'

/**
 * What samples cost at `--instances N` (default 10,000), one a minute, all busy: rows a second that are written, seconds to pack an hour, bytes a day and
 * instance, and p95 of a day's chart of one instance; against the same day as one row a sample with a column a metric.
 */
export const bench = async (args: string[]) => {
  const instances = args.includes('--instances') ? Number(args[args.indexOf('--instances') + 1]) : 10_000
  const folder = await mkdtemp(join(tmpdir(), 'msamples-'))
  const postgres = await startEmbedded(folder)
  try {
    await migrate(postgres.connectionString)
    setDatabase(postgres.connectionString)
    console.log(`  seeding ${instances} instances into PostgreSQL ${postgres.version}`)
    await seedLarge({ servers: Math.ceil(instances / 10), herds: Math.ceil(instances / 3), instances })
    const ids = (await getPool().query<{ id: string }>('select id from instances')).rows.map(({ id }) => id)

    const round: Sample[] = ids.map((subject) => ({ subject, secondsAgo: 0, figures: instanceMetrics.map(() => Math.random() * 1e6) }))
    const startedAt = performance.now()
    for (let from = 0; from < round.length; from += batch) await saveSamples(round.slice(from, from + batch))
    const rowsPerSecond = instances / ((performance.now() - startedAt) / 1000)
    console.log(`  written: ${Math.round(rowsPerSecond)} rows a second; ${Math.round(instances / 60)} are needed`)

    const thisHour = new Date(Math.floor(Date.now() / hourMs) * hourMs)
    const hour = new Date(thisHour.getTime() - 2 * hourMs)
    await makePartition(getPool(), 'samples_fresh', hour)
    const noise = `(select ${noisy} as figures from generate_series(1, ${instanceMetrics.length}) n where i.id is not null and m is not null)`
    for (let minute = 0; minute < 60; minute += 10)
      await getPool().query(
        `insert into samples_fresh select i.id, $1::timestamptz + m * interval '1 minute', f.figures
           from instances i, generate_series($2::int, $2 + 9) m, lateral ${noise} f`,
        [hour, minute],
      )
    const plainBytes = 24 * (await partitionBytes('samples_fresh'))
    const packedAt = performance.now()
    await keepSamples({ minuteDays: 7, coarseDays: 60 })
    const packSeconds = (performance.now() - packedAt) / 1000
    const hourBytes = await partitionBytes('samples_hourly')
    const bytesPerDay = (24 * hourBytes) / instances
    console.log(`  packed: an hour in ${packSeconds.toFixed(1)} s, ${(bytesPerDay / 1024).toFixed(0)} kB a day and instance`)

    // The same hour stands for each of the day before, so that a chart reads as many rows as it would.
    for (let back = 3; back < 26; back++) {
      const at = new Date(thisHour.getTime() - back * hourMs)
      await makePartition(getPool(), 'samples_hourly', at)
      await getPool().query('insert into samples_hourly select subject, $1, minutes, codes from samples_hourly where hour = $2', [at, hour])
    }
    await getPool().query('vacuum analyze samples_hourly')
    const took: number[] = []
    for (let n = 0; n < charts; n++) {
      const id = ids[Math.floor(Math.random() * ids.length)]!
      const began = performance.now()
      await readSamples(admin, { of: 'instance', id, from: new Date(Date.now() - 24 * hourMs), to: new Date(), points: 300, minuteDays: 7 })
      took.push(performance.now() - began)
    }
    const chartP95Ms = p95(took)
    console.log(`  read: p95 ${chartP95Ms.toFixed(0)} ms for a day of ${instanceMetrics.length} metrics of one instance`)
    const figures = {
      instances,
      rowsPerSecond,
      packSeconds,
      bytesPerDayAndInstance: bytesPerDay,
      gigabytesPerDay: (bytesPerDay * instances) / 1e9,
      chartP95Ms,
    }
    return { bench: 'samples', ratio: Number((plainBytes / (24 * hourBytes)).toPrecision(3)), peer: 'one row a sample', ...figures }
  } finally {
    await closeDb()
    await postgres.stop()
    await rm(folder, { recursive: true, force: true })
  }
}
