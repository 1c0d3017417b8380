import { afterAll, beforeAll, expect, test } from 'vitest'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { systemActor } from '@/lib/kernel/access/access'
import { emptyQuery } from '@/lib/kernel/resource/query'
import { herd } from '@/lib/resources/herd'
import { forget } from '../pg/cached'
import { getPool } from '../pg/client'
import { previewDelete } from './delete-tree'
import { listRecords } from './records'
import { addRecord, changeRecord } from './save'

let database: TestDatabase
const ids: Record<string, string> = {}
const query = async (text: string, values: unknown[] = []) => (await getPool().query(text, values)).rows

/** The herds of one environment on the hosts h1 to h3, each with the members given: state, role and what else. */
const herds: Record<string, Record<string, unknown>[]> = {
  healthy: [{ role: 'primary' }, { role: 'standby', sync_state: 'async', lag_bytes: 100, lag_seconds: 1 }],
  lagging: [
    { role: 'primary' },
    { role: 'standby', sync_state: 'async', lag_bytes: 2 ** 30 },
    { role: 'standby', sync_state: 'async', lag_bytes: 5 },
  ],
  paused: [{ role: 'primary' }, { role: 'standby', sync_state: 'async', is_replay_paused: true }],
  down: [{ role: 'primary' }, { role: 'standby', state: 'stopped' }],
  headless: [
    { role: 'primary', state: 'unreachable' },
    { role: 'standby', sync_state: 'async' },
  ],
  torn: [
    { role: 'primary', system_identifier: '7' },
    { role: 'primary', system_identifier: '7' },
  ],
  mixed: [
    { role: 'primary', system_identifier: '7' },
    { role: 'primary', system_identifier: '8' },
  ],
  stale: [{ role: 'primary', observed_at: new Date(0) }],
  empty: [],
}

beforeAll(async () => {
  database = await startDatabase()
  ids.prod = (await query(`insert into environments (name) values ('prod') returning id`))[0].id
  for (const name of ['h1', 'h2', 'h3'])
    ids[name] = (
      await query('insert into servers (environment_id, hostname, address) values ($1, $2, $2) returning id', [ids.prod, name])
    )[0].id
  for (const [name, members] of Object.entries(herds)) {
    const values = [ids.prod, name]
    ids[name] = (
      await query(`insert into herds (environment_id, name, base_name, data_directory) values ($1, $2, $2, '/data') returning id`, values)
    )[0].id
    for (const [n, member] of members.entries()) {
      const columns = {
        herd_id: ids[name],
        server_id: ids[`h${n + 1}`],
        state: 'online',
        version: '17.5',
        observed_at: new Date(),
        ...member,
      }
      const names = Object.keys(columns)
      const places = names.map((_, index) => `$${index + 1}`)
      await query(`insert into instances (${names.join(', ')}) values (${places.join(', ')})`, Object.values(columns))
    }
  }
}, 120_000)
afterAll(() => database.stop())

const list = async (over: Partial<ReturnType<typeof emptyQuery>> = {}) => {
  forget('herd')
  const page = await listRecords(systemActor, herd, { ...emptyQuery(), ...over }, { facets: true })
  const rows = page.rows.map((row) => Object.fromEntries(row.map((value, index) => [page.columns[index]!, value])))
  return { page, rows }
}
const named = (rows: Record<string, unknown>[]) => rows.map(({ name }) => name)

test('each herd has the state of the worst that its members say', async () => {
  const { rows } = await list()
  expect(Object.fromEntries(rows.map(({ name, state }) => [name, state]))).toEqual({
    healthy: 'healthy',
    lagging: 'lagging',
    paused: 'degraded',
    down: 'degraded',
    headless: 'no-primary',
    torn: 'split-brain',
    mixed: 'mixed',
    stale: 'stale',
    empty: 'empty',
  })
})

test('a herd shows its primary, its members online of all, its worst lag and the version of its primary', async () => {
  const { rows, page } = await list({ search: 'lagging' })
  expect(rows).toMatchObject([{ name: 'lagging', members: '3/3', lagBytes: 2 ** 30, version: '17.5', poolerState: null, dnsState: null }])
  expect(Object.values(page.references.primaryId!)).toEqual(['lagging on h1'])
  expect((await list({ search: 'down' })).rows).toMatchObject([{ members: '1/2' }])
})

test('poolers and names count by the worst of them, and the last move by its certificate', async () => {
  await query(
    `insert into poolers (herd_id, server_id, port, paused, follows, state) values ($1, $2, 6432, 'no', 'right', 'online'), ($1, $3, 6432, 'some', 'right', 'online')`,
    [ids.healthy, ids.h1, ids.h2],
  )
  await query(`update pooler_herds l set paused = p.paused, follows = p.follows from poolers p where p.id = l.pooler_id`)
  for (const [at, verdict] of [
    ['2026-01-01', 'proven'],
    ['2026-01-02', 'lost'],
  ])
    await query(
      `insert into certificates (id, run_id, herd_id, environment_id, title, operation, verdict, because, key_id, issued_at, document)
       values (gen_random_uuid(), gen_random_uuid(), $1, $2, 'healthy', 'failover', $3, '', 'k', $4, '')`,
      [ids.healthy, ids.prod, verdict, at],
    )
  expect((await list({ search: 'healthy' })).rows).toMatchObject([{ poolerState: 'paused', certificateVerdict: 'lost' }])
})

test('the list is filtered, counted and sorted by what was observed', async () => {
  const { page, rows } = await list({ filters: { state: ['degraded'] } })
  expect(named(rows)).toEqual(['down', 'paused'])
  expect(page.facets!.find(({ field }) => field === 'state')!.choices.find(({ value }) => value === 'healthy')).toMatchObject({ count: 1 })
  expect(named((await list({ sort: [{ field: 'lagBytes', down: true }] })).rows).slice(0, 2)).toEqual(['lagging', 'healthy'])
})

test('a herd is still added, changed and deleted in its table', async () => {
  const values = { name: 'new', environmentId: ids.prod!, baseName: 'new', port: 5499, dataDirectory: '/data/new' }
  const { id } = await addRecord(systemActor, herd, values)
  await changeRecord(systemActor, herd, id, { description: 'changed' }, 1)
  expect(await query('select description, revision from herds where id = $1', [id])).toEqual([{ description: 'changed', revision: 2 }])
  await expect(addRecord(systemActor, herd, { ...values, port: 5500, baseName: 'other' })).rejects.toMatchObject({
    code: 'record.duplicate',
  })
  expect(await previewDelete(systemActor, herd, id)).toMatchObject({ canDelete: true, children: [] })
})
