import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { listened } from '@/e2e/harness/listened'
import { actorIn } from '@/e2e/harness/two-territories'
import { type Actor, systemActor } from '@/lib/kernel/access/access'
import type { Json } from '@/lib/kernel/ground/json'
import { emptyQuery, type ListQuery, parseListQuery } from '@/lib/kernel/resource/query'
import { matchesTerms, readTerm, type Term } from '@/lib/kernel/resource/terms'
import { resourceByName } from '@/lib/resources'
import { forget } from './pg/cached'
import { getPool } from './pg/client'
import { Params } from './pg/statement'
import { conditionOf, conditionSql, descriptionOf } from './records/condition'
import { exportRecords, listIds, listRecords } from './records/records'
import { seedLarge } from './seed-large'

const instance = resourceByName('instance')!
const server = resourceByName('server')!
const instances = 100_000

let database: TestDatabase
let everything: Record<string, Json>[]
let prod: string
let dev: string
/** Sees the fifth of the inventory that is in dev: enough rows for every rule, and their list is a condition already. */
let reader: Actor
beforeAll(async () => {
  database = await startDatabase()
  await seedLarge({ instances, herds: 2_000, servers: 10_000 })
  await getPool().query('vacuum analyze')
  const environments = await getPool().query("select id from environments where name in ('dev', 'prod') order by name")
  ;[dev, prod] = environments.rows.map(({ id }) => id) as [string, string]
  reader = actorIn('viewer', dev)
  everything = []
  const columns = [
    'title',
    'environmentId',
    'state',
    'role',
    'version',
    'lagBytes',
    'lagSeconds',
    'syncState',
    'hasPendingRestart',
    'manager',
    'port',
    'because',
    'herdId',
  ]
  for await (const row of exportRecords(reader, instance, { ...emptyQuery(), columns }, { references: 'ids' })) everything.push(row)
}, 600_000)
afterAll(() => database.stop())

const query = (text: string): ListQuery => {
  const { query: parsed, dropped } = parseListQuery(descriptionOf(instance), new URLSearchParams(text))
  expect(dropped).toEqual([])
  return parsed
}
const list = (text: string, actor: Actor = reader) => listRecords(actor, instance, query(text), { facets: true })
const termsOf = (text: string): [string, Term[]][] =>
  Object.entries(query(text).filters).map(([name, texts]) => [name, texts.map((one) => readTerm(instance.fields[name]!, one) as Term)])

/** Rows of the exported copy that pass the same filters, judged without SQL. */
const passing = (text: string, except?: string) => {
  const filters = termsOf(text).filter(([name]) => name !== except)
  return everything.filter((row) => filters.every(([name, terms]) => matchesTerms(instance.fields[name]!, terms, row[name]!)))
}

test('an export of many thousands of rows has each of them once, in order', () => {
  expect(everything).toHaveLength(instances / 5)
  expect(new Set(everything.map((row) => row.id)).size).toBe(everything.length)
  for (let index = 1; index < everything.length; index++) expect(everything[index - 1]!.title! <= everything[index]!.title!).toBe(true)
})

const filters = [
  'state=stopped',
  'state=!online',
  'state=crashed,stopped&role=standby',
  'state=online&state=!online',
  'syncState=isnull',
  'syncState=notnull,isnull',
  'syncState=!async',
  'version=15.2,16.3',
  'version=1*.3',
  'version=~15',
  'version=!15.2',
  'lagBytes=>1MB,<100MB',
  'lagBytes=isnull,>1GB',
  'lagBytes=!0',
  'lagSeconds=>=10m',
  'hasPendingRestart=yes&port=5433',
  'port=>=5438',
  'title=dev-billing*',
  'title=~db0123',
  'because=notnull',
  'environmentId=dev&role=primary',
  'environmentId=!dev',
]

describe('SQL and the pure rules agree on', () => {
  test.each(filters)('%s, rows and counts', async (text) => {
    if (text.startsWith('environmentId')) text = text.replace('dev', dev)
    const expected = passing(text).map((row) => row.id)
    expect(await listIds(reader, instance, query(text), instances)).toEqual(expected)
    const page = await list(text)
    expect(page.total).toBe(expected.length)
    for (const facet of page.facets!) {
      const rows = passing(text, facet.field)
      const counted = facet.choices.reduce((sum, { count }) => sum + count, 0)
      expect([facet.field, counted]).toEqual([facet.field, rows.length])
      for (const { value, count } of facet.choices) {
        const term = readTerm(instance.fields[facet.field]!, value) as Term
        expect([facet.field, value, count]).toEqual([
          facet.field,
          value,
          rows.filter((row) => matchesTerms(instance.fields[facet.field]!, [term], row[facet.field]!)).length,
        ])
      }
    }
  })
})

const sorts = [
  'title',
  '-title',
  'lagBytes',
  '-lagBytes',
  'state',
  '-version',
  'environmentId,-lagBytes',
  '-lagSeconds,title',
  'herdId',
  'replayedLsn',
  '-observedAt',
]

describe('pages in any order', () => {
  test('versions go up as numbers do, not as letters', async () => {
    await getPool().query(
      `update instances set version = '9.6.24' where id = (select id from instances where environment_id = $1 limit 1)`,
      [dev],
    )
    forget(null)
    const ids = await listIds(reader, instance, query('sort=version'), instances)
    const { rows } = await getPool().query(
      'select version from unnest($1::uuid[]) with ordinality as a (id, place) join instances using (id) order by place',
      [ids],
    )
    const seen = [...new Set(rows.map(({ version }) => version).filter((version) => version !== null))] as string[]
    expect(seen[0]).toBe('9.6.24')
    expect(seen).toEqual([...seen].sort((a, b) => a.localeCompare(b, 'en', { numeric: true })))
    expect(seen.length).toBeGreaterThan(3)
  })

  test.each(sorts)('%s: nulls last, every row exactly once, deep pages as good as the first', async (sort) => {
    const text = `sort=${sort}&state=!online&per=100`
    const whole = await listIds(reader, instance, query(text), instances)
    expect(new Set(whole).size).toBe(whole.length)
    const pages: string[] = []
    for (let page = 1; pages.length < whole.length; page++) pages.push(...(await list(`${text}&page=${page}`)).ids)
    expect(pages).toEqual(whole)
    // Once more from the far end: now the bounds of the first walk are used.
    for (const page of [Math.ceil(whole.length / 100), 7, 8, 6])
      expect((await list(`${text}&page=${page}`)).ids).toEqual(whole.slice((page - 1) * 100, page * 100))
    const first = sort.split(',')[0]!.replace('-', '')
    const values = (await listRecords(reader, instance, { ...query(text), columns: [first], perPage: 500, page: 1 })).rows.map(
      ([value]) => value,
    )
    expect(values.indexOf(null) === -1 || values.slice(values.indexOf(null)).every((value) => value === null)).toBe(true)
  })

  test('page 500 begins where page 499 ends, whichever is asked first', async () => {
    const whole = await listIds(systemActor, instance, query(''), instances)
    for (const page of [500, 499, 501, 1000]) {
      forget(null)
      expect((await list(`per=100&page=${page}`, systemActor)).ids).toEqual(whole.slice((page - 1) * 100, page * 100))
    }
    const down = await listIds(systemActor, instance, query('sort=-lagBytes'), instances)
    for (const page of [300, 301, 299, 850, 851, 1000])
      expect((await list(`per=100&page=${page}&sort=-lagBytes`, systemActor)).ids).toEqual(down.slice((page - 1) * 100, page * 100))
    expect((await list('per=100&page=1001', systemActor)).ids).toEqual([])
  })
})

test('the search box finds by herd, host and address, and reads field words', async () => {
  const page = await list('q=env:dev role:standby lag>1GB db01&per=500'.replaceAll(' ', '%20').replace('lag>', 'lag%3E'))
  const expected = everything.filter(
    (row) => row.environmentId === dev && row.role === 'standby' && Number(row.lagBytes) > 1024 ** 3 && String(row.title).includes('db01'),
  )
  expect(page.ids).toEqual(expected.map((row) => row.id))
  expect((await list('q=10.0.4.211')).total).toBeGreaterThan(0)
  expect((await list('q=100%25')).total).toBe(0)
  expect((await list('q=_')).total).toBe(0)
})

test('tags and references to names filter and count', async () => {
  const page = await listRecords(
    systemActor,
    server,
    { ...emptyQuery(), filters: { tags: ['nvme'], environmentId: ['PR*'] } },
    { facets: true },
  )
  const tags = page.facets!.find(({ field }) => field === 'tags')!.choices
  expect(tags.map(({ label }) => label).sort()).toEqual(['critical', 'debian', 'nvme', 'rhel'])
  expect(tags.find(({ label }) => label === 'nvme')!.count).toBe(page.total)
  expect(page.total).toBe(
    (await getPool().query("select count(*)::int from servers where 'nvme' = any(tags) and environment_id = $1", [prod])).rows[0].count,
  )
})

test('counts follow what the observer wrote within two seconds', async () => {
  const stopped = async () => (await list('state=stopped')).total
  const before = await stopped()
  await getPool().query("update instances set state = 'online' where id = $1", [everything.find((row) => row.state === 'stopped')!.id])
  await expect.poll(stopped, { timeout: 4_000, interval: 100 }).toBe(before - 1)
})

const planOf = async (text: string, actor: Actor = systemActor) => {
  const asked = await listened(() => listRecords(actor, instance, { ...query(text), perPage: 100 }))
  const page = asked.find((one) => one.text.includes('limit') && one.text.includes('lag_bytes'))!
  const { rows } = await getPool().query(`explain (analyze, buffers, format json) ${page.text}`, page.values)
  const plan = rows[0]['QUERY PLAN'][0].Plan
  return { text: JSON.stringify(plan), buffers: plan['Shared Hit Blocks'] + plan['Shared Read Blocks'] }
}

describe('on 100,000 rows an index carries', () => {
  test.each([
    ['page one', '', 'instances_title_idx'],
    ['page one backwards', 'sort=-title', 'instances_title_idx'],
    ['most lag first', 'sort=-lagBytes', 'instances_lag_down_idx'],
    ['least lag first', 'sort=lagBytes', 'instances_lag_idx'],
    ['largest first', 'sort=-sizeBytes', 'instances_size_down_idx'],
    ['smallest first', 'sort=sizeBytes', 'instances_size_idx'],
    ['by state', 'sort=state', 'instances_state_idx'],
    ['by version', 'sort=version', 'instances_version_key_idx'],
    ['one state', 'state=crashed', 'instances_state_idx'],
    ['one environment', 'environmentId=prod', 'instances_environment'],
    ['an environment and a role', 'environmentId=prod&role=primary', 'role_idx'],
    ['a search', 'q=billing0123', 'instances_search_trgm'],
    ['a search whose many hits all lie at the far end', 'q=prod-stock', 'instances_search_trgm'],
    ['a search, page 20', 'q=prod-stock&page=20&per=100', 'instances_search_trgm'],
    ['a server', 'serverId=prod-ams-db00002', 'instances_server_idx'],
  ])('%s', async (_name, text, index) => {
    const plan = await planOf(text)
    expect(plan.text).toContain(index)
    expect(plan.text).not.toContain('Seq Scan')
    expect(plan.buffers).toBeLessThan(4_000)
  })

  test('the list of somebody who may see one environment', async () => {
    const plan = await planOf('sort=title', actorIn('viewer', prod))
    expect(plan.text).toContain('instances_environment_title_idx')
    expect(plan.buffers).toBeLessThan(300)
  })

  test('all the counts, without touching a row', async () => {
    const params = new Params()
    const where = conditionSql(await conditionOf(systemActor, instance, emptyQuery()), params)
    const { rows } = await getPool().query(
      `explain (analyze, format json) select environment_id, role, state, version, sync_state, has_pending_restart, count(*) from instances t where ${where} group by 1, 2, 3, 4, 5, 6`,
    )
    const plan = JSON.stringify(rows[0]['QUERY PLAN'])
    expect(plan).toContain('instances_facets_idx')
    expect(plan).toContain('Index Only Scan')
  })

  test('a page with its titles and counts asks PostgreSQL six times at most, however many rows', async () => {
    forget(null)
    const columns = ['title', 'herdId', 'serverId', 'environmentId']
    const asked = await listened(() => listRecords(systemActor, instance, { ...emptyQuery(), perPage: 500, columns }, { facets: true }))
    // The page, the counts, and one for the titles of each kind of reference; the choices of the environment filter are titles too.
    expect(asked.length).toBeLessThanOrEqual(6)
  })
})
