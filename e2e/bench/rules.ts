import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { migrate } from '@/db/migrate'
import { closeDb, getPool, setDatabase } from '@/db/pg/client'
import { makePartitions } from '@/db/samples/partitions'
import { seedLarge } from '@/db/seed-large'
import { decideDue } from '@/jobs/sizing/decide'
import { hostMetrics, instanceMetrics, placeOf } from '@/lib/domain/samples/metrics'
import { projectRoot } from '@/lib/playground/setup.mjs'
import { startEmbedded } from '@/lib/playground/start/embedded'
import { djangoEnvironment, ensureDjango, python } from './lists-servers'
import { median, numberOf } from './numbers'

const run = promisify(execFile)
const rounds = 3
/** Each as a rule says it, and as the peer asks it. The last one does not hold, so that all are measured and no resize follows. */
const conditions = [
  { text: 'lagSeconds < 60', host: false, primary: false, place: placeOf(instanceMetrics, 'lagSeconds'), minutes: 0, below: 60 },
  { text: 'active < 50 for 10 min', host: false, primary: false, place: placeOf(instanceMetrics, 'active'), minutes: 10, below: 50 },
  { text: 'primary.cpu < 101', host: true, primary: true, place: placeOf(hostMetrics, 'cpu'), minutes: 0, below: 101 },
  { text: 'loadPerCpu < 0.5 for 30 min', host: true, primary: false, place: placeOf(hostMetrics, 'loadPerCpu'), minutes: 30, below: 0.5 },
]

const seed = async (herds: number): Promise<string[]> => {
  await seedLarge({ servers: herds * 3, herds, instances: herds * 3 })
  const pool = getPool()
  await makePartitions(new Date())
  await pool.query(`insert into cloud_accounts (environment_id, name, regions) select id, 'aws', '{us-east-1}' from environments`)
  await pool.query(
    `insert into machines (account_id, environment_id, title, instance_id, region, zone, type, family, state, server_id, tie)
      select a.id, s.environment_id, s.hostname, 'i-' || s.hostname, 'us-east-1', 'us-east-1a', 'm5.xlarge', 'm5', 'running', s.id, 'tied'
      from servers s join cloud_accounts a on a.environment_id = s.environment_id`,
  )
  await pool.query(
    `insert into sizing_rules (herd_id, name, action, type, schedules, conditions, next_at, next_occurrence)
      select id, 'shrink', 'down', 'm5.large', '0 0 1 1 *', $1, 'infinity', 'infinity' from herds`,
    [conditions.map(({ text }) => text).join(' and ')],
  )
  await pool.query('create table bench_decisions (rule_id uuid, decided_at timestamptz, members jsonb)')
  await pool.query('vacuum analyze')
  return (await pool.query<{ id: string }>('select id from sizing_rules order by id')).rows.map(({ id }) => id)
}

/** Three quarters of an hour up to now, of every instance and host. */
const record = async (): Promise<void> => {
  const pool = getPool()
  await pool.query('truncate samples_fresh')
  // Every figure a little below what its condition asks, but the load.
  for (const [table, metrics, figure] of [
    ['instances', instanceMetrics, '10 + random()'],
    ['servers', hostMetrics, '0.6 + random() / 10'],
  ] as const)
    await pool.query(
      `insert into samples_fresh (subject, at, figures)
        select i.id, clock_timestamp() - m * interval '1 minute', f.figures from ${table} i, generate_series(0, 45) m,
          lateral (select array_agg((${figure})::real) as figures from generate_series(1, ${metrics.length}) n where i.id is not null and m is not null) f`,
    )
  await pool.query('vacuum analyze samples_fresh')
}

/** Lets the minute come in which all of them are due, and has one worker’s decider decide them. Seconds until the last decision is in the journal. */
const ours = async (count: number): Promise<number> => {
  await record()
  await getPool().query('delete from sizing_decisions')
  await getPool().query(
    `update sizing_rules set next_at = at, next_occurrence = at, schedules = to_char(at at time zone 'UTC', 'MI HH24 * * *')
      from (select date_trunc('minute', clock_timestamp()) as at) t`,
  )
  await getPool().query('vacuum analyze sizing_rules, sizing_decisions')
  const never = async () => {
    throw new Error('A rule of this bench submitted a resize.')
  }
  const startedAt = performance.now()
  await decideDue({ waker: { wakePlan: never, wakeJobs: never }, log: { info: () => {}, warn: () => {}, error: console.error } })
  const seconds = (performance.now() - startedAt) / 1000
  const { rows } = await getPool().query<{ count: number }>(
    `select count(*)::int as count from sizing_decisions where state = 'not-met' and jsonb_array_length(members) = 3`,
  )
  if (rows[0]!.count !== count) throw new Error(`${rows[0]!.count} of ${count} rules were decided as they should be.`)
  return seconds
}

/** A process a rule, as many at once as keep the machine busy: as cron starts all of them it would have to share out its memory as well. */
const theirs = async (ids: readonly string[], database: string): Promise<number> => {
  const env = { ...djangoEnvironment(database), BENCH_CONDITIONS: JSON.stringify(conditions) }
  const waiting = ids.values()
  const lane = async () => {
    for (const id of waiting) await run(python, ['apply_rule.py', id], { cwd: join(projectRoot, 'e2e/bench/django'), env })
  }
  const startedAt = performance.now()
  await Promise.all(Array.from({ length: 2 * availableParallelism() }, lane))
  const seconds = (performance.now() - startedAt) / 1000
  const { rows } = await getPool().query<{ count: number }>('select count(distinct rule_id)::int as count from bench_decisions')
  if (rows[0]!.count !== ids.length) throw new Error(`The peer decided ${rows[0]!.count} of ${ids.length} rules.`)
  return seconds
}

/**
 * Seconds until each of `--herds N` herds (default 1,000), all with a rule due in the same minute, is decided: four conditions of each standby measured on what
 * was recorded, the decision written down with its figures. Against one Django process a rule, with one query per condition. `--theirs N`: how many of the peer's
 * are run (default: all), of which the rest is reckoned.
 */
export const bench = async (args: string[]) => {
  const herds = numberOf(args, '--herds', 1000)
  const asked = Math.min(herds, numberOf(args, '--theirs', herds))
  const version = await ensureDjango()
  const folder = await mkdtemp(join(tmpdir(), 'mrules-'))
  const postgres = await startEmbedded(folder)
  try {
    await migrate(postgres.connectionString)
    setDatabase(postgres.connectionString)
    console.log(`  seeding ${herds} herds of three, 46 minutes of samples and a rule each into PostgreSQL ${postgres.version}`)
    const ids = await seed(herds)
    const seconds: number[] = []
    for (let round = 0; round < rounds; round++) {
      seconds.push(await ours(herds))
      console.log(`  ours: ${seconds.at(-1)!.toFixed(2)} s`)
    }
    await record()
    const peerSeconds = ((await theirs(ids.slice(0, asked), postgres.connectionString)) * herds) / asked
    const oursSeconds = median(seconds)
    console.table([
      { decider: 'Matriarch, one worker', seconds: oursSeconds.toFixed(2), 'rules a second': Math.round(herds / oursSeconds) },
      {
        decider: `Django ${version}, a process a rule`,
        seconds: peerSeconds.toFixed(1),
        'rules a second': Math.round(herds / peerSeconds),
      },
    ])
    return {
      bench: 'rules',
      ratio: Number((peerSeconds / oursSeconds).toPrecision(3)),
      peer: `Django ${version}, one process a rule, ${2 * availableParallelism()} at once`,
      herds,
      oursSeconds,
      peerSeconds,
      peerRun: asked,
    }
  } finally {
    await closeDb()
    await postgres.stop()
    await rm(folder, { recursive: true, force: true })
  }
}
