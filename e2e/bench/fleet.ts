import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { everyTrouble } from '@/db/fleet/front-page'
import { migrate } from '@/db/migrate'
import { closeDb, getPool, setDatabase } from '@/db/pg/client'
import { closeQueue, migrateQueue, setQueue } from '@/jobs/requests'
import { ensureLocalAdmin } from '@/lib/auth/bootstrap'
import { sleep } from '@/lib/kernel/ground/sleep'
import { until } from '@/lib/playground/machine/processes'
import { ensureBuild } from '@/lib/playground/setup.mjs'
import { startEmbedded } from '@/lib/playground/start/embedded'
import { type Layout, layoutOf } from './fleet/layout'
import { type StandIn, seedHosts, startHosts, startWorkers, type Workers } from './fleet/machinery'
import { openPages } from './fleet/pages'
import { startConsole } from './lists-servers'
import { numberOf, quantile } from './numbers'

const password = 'bench-password-of-many-letters'
const askEveryMs = 2000

interface Ages {
  p50: number
  p99: number
}

/** Seconds since what is known of instances on hosts that answer was seen; asked for as long as it is measured, so that each moment of a round counts. */
const measureAges = async (seconds: number): Promise<{ all: Ages; primaries: Ages }> => {
  const all: number[] = []
  const primaries: number[] = []
  const endsAt = performance.now() + seconds * 1000
  while (performance.now() < endsAt) {
    const { rows } = await getPool().query<{ age: number; role: string }>(
      `select extract(epoch from clock_timestamp() - i.observed_at)::float8 as age, i.role from instances i join servers s on s.id = i.server_id where s.state = 'reachable'`,
    )
    for (const { age, role } of rows) {
      all.push(age)
      if (role === 'primary') primaries.push(age)
    }
    await sleep(askEveryMs)
  }
  const of = (values: number[]): Ages => ({ p50: rounded(quantile(values, 0.5)), p99: rounded(quantile(values, 0.99)) })
  return { all: of(all), primaries: of(primaries) }
}

const rounded = (value: number): number => Number(value.toPrecision(3))

const databaseNow = async (): Promise<{ rows: number; wal: number; bytes: number }> => {
  const { rows } = await getPool().query(
    `select (tup_inserted + tup_updated + tup_deleted)::float8 as rows, pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8 as wal,
       pg_database_size(current_database())::float8 as bytes from pg_stat_database where datname = current_database()`,
  )
  return rows[0]
}

/** Everything that answers has been seen once, and every host has been asked. */
const untilKnown = (layout: Layout): Promise<unknown> => {
  const well = [...layout.members.values()].filter(({ address }) => layout.manners.get(address) === 'well').length
  return until(
    `${well} instances are seen`,
    async () => (await getPool().query(`select from instances where state = 'online' limit ${well}`)).rowCount === well,
    { timeoutMs: 300_000, everyMs: 500 },
  )
}

/** Seconds from the death of a host until the front page names each herd that it took the primary from. */
const measureAlarm = async (layout: Layout, standIn: StandIn): Promise<number> => {
  const address = [...layout.manners].findLast(([, manner]) => manner === 'well')![0]
  const lost = [...layout.members.values()].filter((one) => one.address === address && one.isPrimary)
  const names = new Set(lost.map(({ herd }) => layout.fleet.herds[herd]!.name))
  standIn.die(address)
  const startedAt = performance.now()
  await until(
    'the front page names every herd',
    async () => {
      const { herds } = await everyTrouble()
      return herds.filter(({ name, lostAt }) => lostAt !== null && names.has(name)).length === names.size
    },
    { timeoutMs: 120_000, everyMs: 50 },
  )
  return rounded((performance.now() - startedAt) / 1000)
}

const withWorkers = async <T>(workers: Workers, layout: Layout, work: () => Promise<T>): Promise<T> => {
  try {
    const startedAt = performance.now()
    await untilKnown(layout)
    console.log(`  ${workers.children.length} workers have seen everything after ${((performance.now() - startedAt) / 1000).toFixed(0)} s`)
    return await work()
  } catch (error) {
    for (const child of workers.children) console.error(child.log())
    throw error
  } finally {
    await workers.stop()
  }
}

/**
 * A fleet of `--hosts N` (default 1,000) with ten instances each, 3 % of the hosts dead or hanging, all of it played by one process: how old facts are with one
 * worker and with `--workers N` (default 4), and with the latter, `--pages N` front pages open (default 50), how soon the death of a host shows, how long the
 * front page takes, what a worker holds, how late its loop comes, and what the metadata database has to write. `--seconds N`: of each measurement (default 60).
 */
export const bench = async (args: string[]) => {
  const [hosts, workerCount] = [numberOf(args, '--hosts', 1000), numberOf(args, '--workers', 4)]
  const [pageCount, seconds] = [numberOf(args, '--pages', 50), numberOf(args, '--seconds', 60)]
  await ensureBuild()
  const folder = await mkdtemp(join(tmpdir(), 'mfleet-'))
  const stops: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })]
  try {
    const postgres = await startEmbedded(folder)
    stops.unshift(postgres.stop)
    await migrate(postgres.connectionString)
    setDatabase(postgres.connectionString)
    setQueue({ databaseUrl: postgres.connectionString })
    stops.unshift(closeDb, closeQueue)
    await migrateQueue()
    await ensureLocalAdmin('admin', password)
    const standIn = await startHosts(hosts)
    stops.unshift(standIn.stop)
    const layout = layoutOf(hosts)
    console.log(`  registering ${hosts} hosts, ${layout.fleet.herds.length} herds, ${layout.members.size} instances`)
    await seedHosts(hosts, standIn)
    const vaultKey = randomBytes(32).toString('base64')
    const start = (count: number) => startWorkers(count, postgres.connectionString, vaultKey, folder)

    const one = start(1)
    const alone = await withWorkers(one, layout, async () => {
      const from = Date.now()
      return { ages: await measureAges(seconds), ...one.seen(from) }
    })
    console.log(`  one worker: facts p99 ${alone.ages.all.p99} s, of primaries ${alone.ages.primaries.p99} s`)

    await getPool().query(`update instances set state = 'unknown'`)
    const web = await startConsole(postgres.connectionString, password)
    stops.unshift(web.stop)
    const many = start(workerCount)
    const together = await withWorkers(many, layout, async () => {
      const pages = openPages(web, pageCount)
      try {
        const [from, before] = [Date.now(), await databaseNow()]
        const ages = await measureAges(seconds)
        const after = await databaseNow()
        const took = (Date.now() - from) / 1000
        const own = many.seen(from)
        const page = pages.seen()
        return {
          ages,
          ...own,
          frontPageP95Ms: page.p95Ms,
          pagesAsked: page.asked,
          pushesASecond: rounded(page.pushes / took),
          rowsASecond: Math.round((after.rows - before.rows) / took),
          walMbADay: Math.round((((after.wal - before.wal) / took) * 86_400) / 1e6),
          growthMbADay: Math.round((((after.bytes - before.bytes) / took) * 86_400) / 1e6),
          alarmSeconds: await measureAlarm(layout, standIn),
        }
      } finally {
        pages.close()
      }
    })
    const { strange, questions } = await standIn.stats()
    if (Object.keys(strange).length > 0) console.log('  not answered by the stand-in:', strange)
    console.table({ '1 worker': flat(alone), [`${workerCount} workers`]: flat(together) })
    const ratio = rounded(alone.ages.all.p99 / together.ages.all.p99)
    return { bench: 'fleet', ratio, peer: 'one worker', hosts, instances: layout.members.size, questions, alone, together }
  } finally {
    for (const stop of stops) await stop().catch((error: unknown) => console.error(error))
  }
}

const flat = ({ ages, ...rest }: { ages: { all: Ages; primaries: Ages } }) => ({
  factsP50: ages.all.p50,
  factsP99: ages.all.p99,
  primariesP50: ages.primaries.p50,
  primariesP99: ages.primaries.p99,
  ...rest,
})
