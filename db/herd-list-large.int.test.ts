import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { listened } from '@/e2e/harness/listened'
import { actorIn } from '@/e2e/harness/two-territories'
import { type Actor, systemActor } from '@/lib/kernel/access/access'
import { parseListQuery } from '@/lib/kernel/resource/query'
import { resourceByName } from '@/lib/resources'
import { forget } from './pg/cached'
import { getPool } from './pg/client'
import { descriptionOf } from './records/condition'
import { listRecords } from './records/records'
import { seedLarge, seedWork } from './seed-large'

const herd = resourceByName('herd')!
let database: TestDatabase
let prod: string
beforeAll(async () => {
  database = await startDatabase()
  await seedLarge({ instances: 100_000, herds: 33_000, servers: 10_000 })
  await seedWork()
  // One in thirty was looked at too long ago, and one has something critical, however long the tests take.
  await getPool().query(
    `update herd_facts set observed_at = now() + case when hashtext(herd_id::text) % 30 = 0 then interval '-1 day' else interval '1 day' end,
       health_unknown_from = now() + interval '1 day', health_critical_until = case when abs(hashtext(herd_id::text)::bigint) % 30 = 1 then now() + interval '1 day' end`,
  )
  await getPool().query('vacuum analyze')
  prod = (await getPool().query(`select id from environments where name = 'prod'`)).rows[0].id
}, 600_000)
afterAll(() => database.stop())

interface Plan {
  text: string
  /** Pages of 8 kB that it touched. */
  buffers: number
}

/** What each statement of one page of the list, with its counts, does. */
const plansOf = async (text: string, actor: Actor): Promise<{ page: Plan; counts: Plan; titles: Plan[] }> => {
  forget(null)
  const { query, dropped } = parseListQuery(descriptionOf(herd), new URLSearchParams(text))
  expect(dropped).toEqual([])
  const asked = await listened(() => listRecords(actor, herd, query, { facets: true }))
  const explained = await Promise.all(
    asked.map(async (one) => {
      const { rows } = await getPool().query(`explain (analyze, timing off, buffers, format json) ${one.text}`, one.values)
      const plan = rows[0]['QUERY PLAN'][0].Plan
      return { asks: one.text, text: JSON.stringify(plan), buffers: plan['Shared Hit Blocks'] + plan['Shared Read Blocks'] }
    }),
  )
  const page = explained.find(({ asks }) => asks.includes('limit') && asks.includes('lag_bytes'))!
  const counts = explained.find(({ asks }) => asks.includes('count(*)'))!
  return { page, counts, titles: explained.filter((one) => one !== page && one !== counts) }
}

/** Each herd once: with their indexes a third of what the members take. */
const wholeList = 2_500

describe('the list of 33,000 herds with 100,000 members', () => {
  test.each([
    ['page one', '', 'herd_facts_name_idx', 1_000],
    ['page one backwards', 'sort=-name', 'herd_facts_name_idx', 1_000],
    ['page 200', 'page=200&per=100', 'herd_facts_name_idx', wholeList],
    ['one environment', 'environmentId=prod', 'herd_facts_environment_idx', 1_000],
    ['a search', 'q=billing0123', 'herds_search_trgm', 300],
    ['an environment and its lag', 'environmentId=prod&sort=-lagBytes', 'herd_facts', wholeList],
    ['by state', 'sort=state', 'herd_facts', wholeList],
    ['one state', 'state=degraded', 'herd_facts', wholeList],
    ['what nobody has looked at', 'state=stale', 'herd_facts', wholeList],
    ['most lag first', 'sort=-lagBytes', 'herd_facts', wholeList],
    ['largest first', 'sort=-sizeBytes', 'herd_facts_size_down_idx', 1_000],
    ['smallest first', 'sort=sizeBytes', 'herd_facts_size_idx', 1_000],
    ['an environment, largest first', 'environmentId=prod&sort=-sizeBytes', 'herd_facts_size_down_idx', 1_000],
    ['by version', 'sort=-version', 'herd_facts', wholeList],
    ['poolers that are paused', 'poolerState=paused', 'herd_facts', wholeList],
    ['what is about to break', 'health=critical', 'herd_facts', wholeList],
    ['moves that lost commits', 'certificateVerdict=lost', 'herd_facts', wholeList],
  ])('%s: looks at no member, and at no more than one row a herd', async (_name, text, index, buffersMax) => {
    const { page } = await plansOf(text, systemActor)
    expect(page.text).toContain(index)
    expect(page.text).not.toMatch(/"Relation Name":"(instances|poolers|pooler_herds|dns_names|certificates)"/)
    expect(page.text).not.toMatch(/Seq Scan[^}]*"Relation Name":"herds"/)
    expect(page.buffers).toBeLessThan(buffersMax)
  })

  test('all the counts come from what is kept of each herd, and nothing else', async () => {
    const { counts } = await plansOf('', systemActor)
    expect([...counts.text.matchAll(/"Relation Name":"(\w+)"/g)].map(([, name]) => name)).toEqual(['herd_facts'])
    expect(counts.buffers).toBeLessThan(wholeList)
  })

  test('somebody who may see one environment has its herds from its index', async () => {
    const { page } = await plansOf('', actorIn('viewer', prod))
    expect(page.text).toContain('herd_facts_environment_idx')
    expect(page.buffers).toBeLessThan(1_000)
  })
})

test('a look that finds nothing new, or another lag, leaves the indexes of herds alone', async () => {
  const updates = async () => {
    await getPool().query('select pg_stat_force_next_flush()')
    const { rows } = await getPool().query(
      `select n_tup_upd::int as all, n_tup_hot_upd::int as hot from pg_stat_user_tables where relname = 'herd_facts'`,
    )
    return rows[0]
  }
  const before = await updates()
  const herds = `array(select id from herds order by id limit 200)`
  for (let round = 0; round < 3; round++) {
    await getPool().query(
      `update instances set observed_at = observed_at + interval '1 s', lag_bytes = lag_bytes + 1 where herd_id = any(${herds})`,
    )
    await getPool().query(`select herd_facts_members(${herds})`)
  }
  await expect.poll(async () => (await updates()).all - before.all, { timeout: 20_000 }).toBe(600)
  const after = await updates()
  expect(after.hot - before.hot).toBe(600)
})
