import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { ids, openShop, query } from '@/e2e/harness/observed-shop'
import { hostMetrics, instanceMetrics } from '@/lib/domain/samples/metrics'
import type { Actor } from '@/lib/kernel/access/access'
import { sumFleet, sumFleetSql } from './fleet'
import { readSamples } from './read'
import { saveSamples } from './save'

let database: TestDatabase
beforeAll(async () => {
  database = await startDatabase()
})
afterAll(() => database.stop())
beforeEach(async () => {
  await openShop()
  await query('truncate samples_fresh, samples_hourly, samples_daily, incidents, failovers cascade')
})

const viewer = (environmentId: string | null): Actor => ({
  ...{ kind: 'person', personId: crypto.randomUUID(), name: 'ada', grants: [{ role: 'viewer', environmentId }] },
})
const read = (actor = viewer(null)) =>
  readSamples(actor, {
    ...{ of: 'fleet', id: null, points: 1000, minuteDays: 7 },
    ...{ from: new Date(Date.now() - 600_000), to: new Date(Date.now() + 60_000) },
  })
const sampled = (name: string, figures: Record<string, number>, secondsAgo = 5) => ({
  ...{ subject: ids[name]!, secondsAgo },
  figures: (name.startsWith('server') ? hostMetrics : instanceMetrics).map((metric) => figures[metric.name] ?? null),
})

test('a minute of an environment is the sum of its primaries’ commits, of all sessions, and the worst of lag and load, of so many as were sampled', async () => {
  await query(`update instances set role = case when id = $1 then 'primary' else 'standby' end, lag_seconds = 7, observed_at = now()`, [
    ids.a,
  ])
  await saveSamples([
    sampled('a', { commits: 100, active: 4, waiting: 1 }),
    sampled('a', { commits: 900, active: 40 }, 50),
    sampled('b', { commits: 3, active: 2 }),
    sampled('c', { commits: 3, active: 9 }, 600),
    sampled('server-a', { loadPerCpu: 0.5 }),
    sampled('server-b', { loadPerCpu: 2 }),
  ])
  await Promise.all([sumFleet(), sumFleet()])
  const { series } = await read()
  // The two may have been in two minutes.
  const figures = Object.fromEntries(series.map(({ metric, points }) => [metric, [...new Set(points.map(([, , mean]) => mean))]]))
  expect(figures).toEqual({ commits: [100], active: [6], waiting: [1], lagSeconds: [7], loadPerCpu: [2], seen: [2] })
  expect(series[0]).toMatchObject({ id: ids.environment, title: 'prod' })
})

test('of what nobody sampled there is no point, and who may not see an environment is not told of it', async () => {
  await sumFleet()
  expect((await read()).series.every(({ points }) => points.length === 0)).toBe(true)
  await saveSamples([sampled('a', { active: 4 })])
  await sumFleet()
  expect((await read(viewer(ids.environment!))).series).toHaveLength(6)
  expect((await read(viewer(ids.a!))).series).toEqual([])
  await expect(read({ ...viewer(null), grants: [] })).rejects.toMatchObject({ code: 'access.denied' })
})

test('failovers and what was broken are marked, of the environments that the actor sees', async () => {
  await query(
    `insert into failovers (id, run_id, environment_id, title, state, mode, actor_name, started_at, lines) values (gen_random_uuid(), gen_random_uuid(), $1, 'shop', 'done', 'planned', 'ada', now(), '[]')`,
    [ids.environment],
  )
  await query(
    `insert into incidents (kind, item_key, environment_ids, family, severity, headline, label, detail, href)
     select 'down', n::text, array[$1::uuid], 'problems', n, 'Instance is down', 'shop', '', '/instances/x' from generate_series(0, 2) n`,
    [ids.environment],
  )
  const marks = async (actor: Actor) => (await read(actor)).marks.map(({ kind, title }) => `${kind} ${title}`).sort()
  expect(await marks(viewer(null))).toEqual([
    'alarm Instance is down: shop',
    'alarm Instance is down: shop',
    'failover planned failover of shop: done',
  ])
  expect(await marks(viewer(ids.environment!))).toHaveLength(3)
  expect(await marks(viewer(ids.a!))).toEqual([])
})

test('a minute is summed through the index of samples', async () => {
  const plan = (await query(`explain ${sumFleetSql}`)).map((line) => line['QUERY PLAN']).join('\n')
  expect(plan).toMatch(/Index Scan.* on samples_fresh/)
})
