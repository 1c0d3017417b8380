import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { ids, openShop, query } from '@/e2e/harness/observed-shop'
import { hostMetrics, instanceMetrics, type SampleMetric } from '@/lib/domain/samples/metrics'
import type { Actor } from '@/lib/kernel/access/access'
import { resources } from '@/lib/resources'
import { getPool } from '../pg/client'
import { keepSamples } from './keep'
import { makePartition, partitionsThere } from './partitions'
import { readSparklines, type SparkedResource, sparklineSql } from './sparklines'

let database: TestDatabase
beforeAll(async () => {
  database = await startDatabase()
})
afterAll(() => database.stop())
beforeEach(async () => {
  await openShop()
  await query('truncate samples_fresh, samples_hourly, samples_daily')
})

const [minuteMs, hourMs] = [60_000, 3_600_000]
const viewer = (environmentId: string | null): Actor => ({
  ...{ kind: 'person', personId: crypto.randomUUID(), name: 'ada', grants: [{ role: 'viewer', environmentId }] },
})
/** In the middle of a half hour, so that what is written around it falls where it is meant to. */
const now = new Date(Math.floor(Date.now() / hourMs) * hourMs + 45 * minuteMs)
const ago = (minutes: number) => new Date(now.getTime() - minutes * minuteMs)
const put = async (name: string, at: Date, figures: Record<string, number>, metrics: readonly SampleMetric[] = instanceMetrics) => {
  await makePartition(getPool(), 'samples_fresh', at)
  await query('insert into samples_fresh values ($1, $2, $3)', [ids[name], at, metrics.map((metric) => figures[metric.name] ?? null)])
}
const read = async (resource: SparkedResource, names: string[], wanted: string[], actor = viewer(null)) => {
  const { sparklines } = resources.find(({ name }) => name === resource)!.list
  const asked = sparklines!.filter(({ name }) => wanted.includes(name))
  return (
    await readSparklines(
      actor,
      resource,
      names.map((name) => ids[name]!),
      asked,
      now,
    )
  ).rows
}
const known = (series: (number | null)[]) => series.flatMap((figure, step) => (figure === null ? [] : [[step, figure]]))

test('a day is drawn in half hours, of fresh looks and packed hours alike: the highest where a spike matters, the mean where the amount does', async () => {
  await put('a', ago(1), { active: 3, commits: 10 })
  await put('a', ago(2), { active: 9, commits: 20 })
  const hour = new Date(Math.floor(ago(180).getTime() / hourMs) * hourMs)
  await put('a', new Date(hour.getTime() + 5 * minuteMs), { active: 50, commits: 100 })
  await put('a', new Date(hour.getTime() + 7 * minuteMs), { active: 10, commits: 300 })
  await put('a', ago(25 * 60), { active: 999, commits: 999 })
  const before = await read('instance', ['a'], ['activeChart', 'commitsChart'])
  const step = 47 - 2 * 3 - 1
  expect(known(before[ids.a!]!.activeChart!)).toEqual([
    [step, 50],
    [47, 9],
  ])
  expect(known(before[ids.a!]!.commitsChart!)).toEqual([
    [step, 200],
    [47, 15],
  ])
  await keepSamples({ minuteDays: 7, coarseDays: 90, now })
  expect((await query('select count(*)::int as n from samples_hourly where subject = $1', [ids.a]))[0].n).toBeGreaterThan(0)
  const packed = await read('instance', ['a'], ['activeChart', 'commitsChart'])
  // Packed to 0.05 %.
  for (const name of ['activeChart', 'commitsChart'])
    expect(known(packed[ids.a!]![name]!).map(([at, figure]) => [at, Math.round(figure!)])).toEqual(known(before[ids.a!]![name]!))
})

test('a herd’s are summed over its members, and not known where one of them says nothing; the highest lag is that of those that say one', async () => {
  for (const [name, figures] of [
    ['a', { commits: 10, active: 1 }],
    ['b', { commits: 0, lagBytes: 700 }],
    ['c', { commits: 5, lagBytes: 900 }],
  ] as const) {
    await put(name, ago(1), figures)
    if (name !== 'c') await put(name, ago(61), figures)
  }
  const { [ids.herd!]: herd } = await read('herd', ['herd'], ['commitsChart', 'lagChart'])
  expect(known(herd!.commitsChart!)).toEqual([[47, 15]])
  expect(known(herd!.lagChart!)).toEqual([
    [45, 700],
    [47, 900],
  ])
})

test('a share is one of what the host had then', async () => {
  await put('server-a', ago(1), { diskUsed: 30, disk: 120 }, hostMetrics)
  const { [ids['server-a']!]: host } = await read('server', ['server-a'], ['diskChart'])
  expect(known(host!.diskChart!)).toEqual([[47, 25]])
})

test('rows of other environments are left out, who may see none is refused, and so is what is no id', async () => {
  expect(Object.keys(await read('instance', ['a', 'b'], ['lagChart'], viewer(ids.environment!)))).toHaveLength(2)
  for (const [resource, name] of [
    ['instance', 'a'],
    ['herd', 'herd'],
    ['server', 'server-a'],
  ] as const)
    expect(await read(resource, [name], [resource === 'server' ? 'cpuChart' : 'lagChart'], viewer(ids.a!))).toEqual({})
  await expect(read('instance', ['a'], ['lagChart'], { ...viewer(null), grants: [] })).rejects.toMatchObject({ code: 'access.denied' })
  await expect(readSparklines(viewer(null), 'instance', ['x'], [])).rejects.toMatchObject({ code: 'input.invalid' })
})

test('the charts of a page are read through the index, and no partition of another day', async () => {
  const today = Math.floor(now.getTime() / (24 * hourMs)) * 24 * hourMs
  for (const back of [0, 1, 3, 4]) {
    const day = new Date(today - back * 24 * hourMs)
    await makePartition(getPool(), 'samples_hourly', day)
    await query(
      `insert into samples_hourly select s, $1::timestamptz + h * interval '1 hour', array(select m::smallint from generate_series(0, 59) m),
         array(select array(select (n % 7000)::smallint from generate_series(1, 15) n) from generate_series(0, 59)) from generate_series(0, 23) h, (select gen_random_uuid() s from generate_series(1, 300)) x`,
      [day],
    )
  }
  await query('analyze samples_hourly')
  const plan = JSON.stringify(
    await query(`explain (format json) ${sparklineSql}`, [[ids.a, ids.b], new Date(now.getTime() - 24 * hourMs), [1], 1800]),
  )
  const used = (await partitionsThere(getPool(), 'samples_hourly')).map(({ name }) => name).filter((name) => plan.includes(name))
  const nameOf = (back: number) => `samples_hourly_${new Date(today - back * 24 * hourMs).toISOString().replace(/\D/g, '').slice(0, 8)}`
  expect(used).toContain(nameOf(0))
  for (const back of [3, 4]) expect(used).not.toContain(nameOf(back))
  expect(plan).not.toContain('Seq Scan on samples_hourly')
})
