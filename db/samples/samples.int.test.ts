import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { ids, openShop, query } from '@/e2e/harness/observed-shop'
import { hostMetrics, instanceMetrics } from '@/lib/domain/samples/metrics'
import type { Actor } from '@/lib/kernel/access/access'
import { getPool } from '../pg/client'
import { keepSamples } from './keep'
import { makePartition, makePartitions, partitionsThere } from './partitions'
import { pointsOfSamples, readLatestSamples, readSamples } from './read'
import { saveSamples } from './save'

let database: TestDatabase
beforeAll(async () => {
  database = await startDatabase()
})
afterAll(() => database.stop())
beforeEach(async () => {
  await openShop()
  await query('truncate samples_fresh, samples_hourly, samples_daily')
})

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs
const grant = (environmentId: string | null): Actor => ({
  kind: 'person',
  personId: crypto.randomUUID(),
  name: 'ada',
  grants: [{ role: 'viewer', environmentId }],
})
const figuresOf = (active: number) => instanceMetrics.map(({ name }) => (name === 'active' ? active : null))
/** As the observer would have written it then. */
const put = async (name: string, at: Date, active: number) => {
  await makePartition(getPool(), 'samples_fresh', at)
  await query('insert into samples_fresh values ($1, $2, $3)', [ids[name], at, figuresOf(active)])
}
const read = (from: Date, to: Date, points = 5000, actor = grant(null)) =>
  readSamples(actor, { of: 'instance', id: ids.a!, from, to, points, metrics: ['active'], minuteDays: 7 })
const hourBefore = (now: Date, hours: number) => new Date(Math.floor(now.getTime() / hourMs) * hourMs - hours * hourMs)

test('samples are written in one statement, with lag, size and sessions a vCPU from beside the instance, and nothing of what is not registered', async () => {
  await query(
    `update instances set role = 'standby', lag_bytes = 4096, lag_seconds = 2, observed_at = now(), size_bytes = 1e6, size_seen_at = now() where id = $1`,
    [ids.b],
  )
  await query(`update instances set role = 'primary', lag_bytes = 0, observed_at = now() where id = $1`, [ids.a])
  await query('update servers set cpus = 4 where id = $1', [ids['server-b']])
  await saveSamples([
    { subject: ids.a!, secondsAgo: 1, figures: figuresOf(3) },
    { subject: ids.b!, secondsAgo: 1, figures: figuresOf(6) },
    { subject: ids['server-b']!, secondsAgo: 1, figures: hostMetrics.map((_, n) => n) },
    { subject: crypto.randomUUID(), secondsAgo: 1, figures: figuresOf(9) },
  ])
  const latest = new Map((await readLatestSamples(grant(null))).map(({ title, figures }) => [title, figures]))
  expect(latest.size).toBe(3)
  expect(latest.get('shop on Host-b.example')).toEqual({ active: 6, lagBytes: 4096, lagSeconds: 2, sizeBytes: 1e6, activePerCpu: 1.5 })
  expect(latest.get('shop on Host-a.example')).toEqual({ active: 3 })
  expect(latest.get('Host-b.example')).toMatchObject({ cpu: 0, loadPerCpu: 1, diskFill: 6 })
})

test('only those who may see an instance read its samples, and a herd shows its members side by side', async () => {
  await saveSamples([{ subject: ids.a!, secondsAgo: 5, figures: figuresOf(3) }])
  const window = [new Date(Date.now() - minuteMs), new Date(Date.now() + minuteMs)] as const
  const mine = await read(...window, 100, grant(ids.environment!))
  expect(mine.series.map(({ points }) => points.map(([, , mean]) => mean))).toEqual([[3]])
  await expect(read(...window, 100, grant(crypto.randomUUID()))).rejects.toMatchObject({ code: 'record.missing' })
  await expect(read(...window, 100, { ...grant(null), grants: [] })).rejects.toMatchObject({ code: 'access.denied' })
  expect(await readLatestSamples(grant(crypto.randomUUID()))).toEqual([])
  const herd = { of: 'herd', id: ids.herd!, from: window[0], to: window[1], points: 100, metrics: ['active'], minuteDays: 7 } as const
  expect((await readSamples(grant(ids.environment!), herd)).series.map(({ points }) => points.length)).toEqual([1, 0, 0])
  await expect(readSamples(grant(crypto.randomUUID()), herd)).rejects.toMatchObject({ code: 'record.missing' })
  await expect(read(...window).then(() => readSamples(grant(null), { ...herd, metrics: ['weather'] }))).rejects.toMatchObject({
    code: 'input.invalid',
  })
})

test('what a chart marks are the alarms about its instance, its host and its herd that began in its time, told to none who may not see all that they touch', async () => {
  const alarm = (key: string, environments: string[], minutesAgo: number, headline: string) =>
    query(
      `insert into incidents (kind, item_key, environment_ids, family, severity, headline, label, detail, href, began_at, ended_at)
        values ('herd', $1, $2, 'problems', 0, $4, 'shop', '', '/herds/1', now() - make_interval(mins => $3), now())`,
      [key, environments, minutesAgo, headline],
    )
  await query('truncate incidents cascade')
  await alarm(`${ids.a}`, [ids.environment!], 3, 'Primary crashed')
  await alarm(`${ids.herd} names`, [ids.environment!], 2, 'No writable primary')
  await alarm(`${ids.a} both`, [ids.environment!, crypto.randomUUID()], 1, 'Of two territories')
  await alarm(`${ids.a} old`, [ids.environment!], 30, 'Before')
  await alarm(`${ids.b}`, [ids.environment!], 2, 'Of another member')
  await alarm(`${ids['server-a']}`, [ids.environment!], 4, 'Host off')
  await alarm(`${ids['server-b']}`, [ids.environment!], 4, 'Another host off')
  const marked = async (actor: Actor) =>
    (await read(new Date(Date.now() - 10 * minuteMs), new Date(), 100, actor)).marks.map(({ kind, title, href }) => [kind, title, href])
  expect(await marked(grant(ids.environment!))).toEqual([
    ['alarm', 'Host off: shop', '/herds/1'],
    ['alarm', 'Primary crashed: shop', '/herds/1'],
    ['alarm', 'No writable primary: shop', '/herds/1'],
  ])
  expect((await marked(grant(null))).map(([, title]) => title)).toEqual([
    'Host off: shop',
    'Primary crashed: shop',
    'No writable primary: shop',
    'Of two territories: shop',
  ])
})

test('an hour is packed an hour after its end into the means of its minutes, exact to 0.05 %, with gaps as gaps', async () => {
  const now = new Date()
  const hour = hourBefore(now, 2)
  for (let minute = 0; minute < 60; minute++)
    if (minute !== 30)
      for (const [second, active] of [
        [5, minute],
        [35, minute + 100],
      ] as const)
        await put('a', new Date(hour.getTime() + minute * minuteMs + second * 1000), active)
  const before = await query(`select count(*)::int as n from samples_fresh`)
  expect(before[0].n).toBe(118)
  await keepSamples({ minuteDays: 7, coarseDays: 60, now })
  expect((await query(`select count(*)::int as n from samples_fresh`))[0].n).toBe(0)
  expect((await query(`select count(*)::int as n from samples_hourly`))[0].n).toBe(1)
  const { series, stepSeconds } = await read(hour, new Date(hour.getTime() + hourMs))
  expect(stepSeconds).toBe(60)
  const points = series[0]!.points
  expect(points.map(([at]) => (at - hour.getTime() / 1000) / 60)).toEqual(Array.from({ length: 60 }, (_, n) => n).filter((n) => n !== 30))
  for (const [at, , mean] of points) {
    const wanted = (at - hour.getTime() / 1000) / 60 + 50
    expect(Math.abs(mean - wanted) / wanted).toBeLessThan(0.0006)
  }
})

test('a day is thinned after its days to lowest, mean and highest of ten minutes, and dropped after its own', async () => {
  const now = new Date()
  const day = new Date(Math.floor(now.getTime() / dayMs) * dayMs - 9 * dayMs)
  const client = getPool()
  await makePartition(client, 'samples_hourly', day)
  await query(
    `insert into samples_hourly select $1, $2::timestamptz + h * interval '1 hour', array(select m::smallint from generate_series(0, 59) m),
       array(select sample_code(h * 60 + m) from generate_series(0, 59) m) from generate_series(0, 23) h`,
    [ids.a, day],
  )
  await keepSamples({ minuteDays: 7, coarseDays: 60, now })
  expect((await query('select count(*)::int as n from samples_hourly'))[0].n).toBe(0)
  const { series, stepSeconds } = await read(day, new Date(day.getTime() + dayMs))
  expect([stepSeconds, series[0]!.points.length]).toEqual([600, 144])
  for (const [at, low, mean, high] of series[0]!.points) {
    const first = (at - day.getTime() / 1000) / 60
    for (const [found, wanted] of [
      [low, first],
      [mean, first + 4.5],
      [high, first + 9],
    ] as const)
      expect(Math.abs(found - wanted)).toBeLessThan(0.0011 * (1 + wanted))
  }
  // Whole months are dropped: the last of their days has to be old enough.
  await keepSamples({ minuteDays: 7, coarseDays: 1, now: new Date(now.getTime() + 50 * dayMs) })
  expect((await read(day, new Date(day.getTime() + dayMs))).series[0]!.points).toEqual([])
})

test('metrics that a newer release adds in the middle of an hour and of a day leave what is older readable', async () => {
  const now = new Date()
  const hour = hourBefore(now, 2)
  await put('a', new Date(hour.getTime() + minuteMs), 7)
  await query('insert into samples_fresh values ($1, $2, $3)', [ids.a, new Date(hour.getTime() + 2 * minuteMs), [...figuresOf(8), 99]])
  await keepSamples({ minuteDays: 7, coarseDays: 60, now })
  const means = async () => (await read(hour, new Date(hour.getTime() + hourMs))).series[0]!.points.map(([, , mean]) => Math.round(mean))
  expect(await means()).toEqual([7, 8])
  const earlier = new Date(hour.getTime() - hourMs)
  await makePartition(getPool(), 'samples_hourly', earlier)
  await query(`insert into samples_hourly values ($1, $2, '{0}', array(select sample_code(5) from generate_series(1, 3)))`, [
    ids.a,
    earlier,
  ])
  await keepSamples({ minuteDays: 1, coarseDays: 60, now: new Date(now.getTime() + 3 * dayMs) })
  expect((await query('select count(*)::int as n from samples_hourly'))[0].n).toBe(0)
  const thinned = (await read(earlier, new Date(hour.getTime() + hourMs))).series[0]!.points
  expect(thinned.flatMap(([, ...figures]) => figures.map((one) => Number(one.toFixed(1))))).toEqual([5, 5, 5, 7, 7.5, 8])
})

test('partitions are made ahead by as many workers as like, and only once', async () => {
  await Promise.all([1, 2, 3, 4].map(() => makePartitions(new Date())))
  for (const [tier, least] of [
    ['samples_fresh', 5],
    ['samples_hourly', 4],
    ['samples_daily', 3],
  ] as const)
    expect((await partitionsThere(getPool(), tier)).length).toBeGreaterThanOrEqual(least)
})

test('a chart of a day reads one instance’s rows through the index, and no partition outside its window', async () => {
  const now = new Date()
  const today = Math.floor(now.getTime() / dayMs) * dayMs
  for (const back of [0, 1, 2, 3, 4]) {
    const day = new Date(today - back * dayMs)
    await makePartition(getPool(), 'samples_hourly', day)
    await query(
      `insert into samples_hourly select s, $1::timestamptz + h * interval '1 hour', array(select m::smallint from generate_series(0, 59) m),
         array(select (n % 7000)::smallint from generate_series(1, 900) n) from generate_series(0, 23) h, (select gen_random_uuid() s from generate_series(1, 300)) x`,
      [day],
    )
  }
  await query('analyze samples_hourly')
  const explain = await query(`explain (format json) ${pointsOfSamples}`, [
    [ids.a],
    new Date(today - 2 * dayMs),
    new Date(today - dayMs),
    300,
    [1],
  ])
  const plan = JSON.stringify(explain)
  const read = (await partitionsThere(getPool(), 'samples_hourly')).map(({ name }) => name).filter((name) => plan.includes(name))
  const dayName = (back: number) => `samples_hourly_${new Date(today - back * dayMs).toISOString().replace(/\D/g, '').slice(0, 8)}`
  expect(read.sort()).toEqual([dayName(2), dayName(3)].sort())
  expect(plan).not.toContain('Seq Scan')
})
