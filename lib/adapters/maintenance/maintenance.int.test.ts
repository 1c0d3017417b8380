import { afterAll, beforeAll, expect, test } from 'vitest'
import { dropCluster, makeCluster, type TestCluster } from '@/e2e/harness/daemons/cluster'
import { sqlAsOwner } from '@/e2e/harness/daemons/owner'
import { psqlSession } from '@/e2e/harness/daemons/psql-session'
import { startSshd, type TestSshd } from '@/e2e/harness/daemons/sshd'
import { parseNames } from '@/lib/domain/maintenance/names'
import type { MaintenanceWork, QualifiedName } from '@/lib/domain/maintenance/work'
import type { Chosen } from '@/lib/ports'
import { makeActivity } from '../postgres/activity'
import { warmPool } from '../postgres/warm'
import { openSsh, type Ssh } from '../ssh'
import { makeMaintenance } from '.'

let sshd: TestSshd
let ssh: Ssh
let cluster: TestCluster
const options = { timeoutMs: 30_000 }
const odd = { schema: 'Odd "schema"', name: 'a.b; drop table orders' }

beforeAll(async () => {
  sshd = await startSshd()
  ssh = openSsh({ keyFor: async () => sshd.privateKey })
  cluster = await makeCluster(sshd, 'upkeep')
  await sql('create table orders (id int primary key, note text)')
  await sql('insert into orders select n, md5(n::text) from generate_series(1, 2000) n')
  await sql('create index orders_note on orders (note)')
  await sql(`create schema "Odd ""schema"""`)
  await sql(`create table "Odd ""schema"""."a.b; drop table orders" (n int)`)
})
afterAll(async () => {
  await ssh?.close()
  if (cluster) await dropCluster(cluster)
  await sshd?.stop()
})

const sql = (statement: string) => sqlAsOwner(sshd, cluster, statement)
const port = () => makeMaintenance(ssh)
const patterns = (text: string): Chosen => ({ patterns: parseNames(text) as Exclude<ReturnType<typeof parseNames>, string> })
const tables = (text: string) => port().read.tables(cluster.instance(), { database: 'postgres', chosen: patterns(text), max: 10 }, options)
const indexes = (chosen: Chosen) => port().read.indexes(cluster.instance(), { database: 'postgres', chosen, max: 10 }, options)
const maintain = (work: MaintenanceWork, object: QualifiedName, more: { signal?: AbortSignal; lockTimeoutMs?: number } = {}) =>
  port().act.maintain(
    cluster.instance(),
    { database: 'postgres', work, object },
    { lockTimeoutMs: 20_000, ...options, ...more, session: 'matriarch job 1' },
  )

test('tables are chosen by patterns as psql does, with their sizes, rows and ages', async () => {
  const { found, leftOut } = await tables('public.ord*')
  expect([found.length, leftOut]).toEqual([1, 0])
  expect(found[0]).toMatchObject({ schema: 'public', name: 'orders', bytes: expect.any(Number), age: expect.any(Number), vacuumedAt: null })
  expect(found[0]!.bytes).toBeGreaterThan(100_000)
  expect((await tables('"Odd ""schema""".*')).found).toMatchObject([odd])
  expect(
    (await port().read.tables(cluster.instance(), { database: 'postgres', chosen: { exactly: [odd] }, max: 10 }, options)).found,
  ).toHaveLength(1)
  expect(
    (await port().read.tables(cluster.instance(), { database: 'postgres', chosen: patterns('pg_catalog.*'), max: 3 }, options)).leftOut,
  ).toBeGreaterThan(30)
})

test('a freezing vacuum and an analyze leave their moment, of a table with any name', async () => {
  const { at } = await tables('orders')
  await maintain({ deed: 'vacuum', freeze: true, analyze: true, truncate: false }, odd)
  await maintain({ deed: 'analyze' }, { schema: 'public', name: 'orders' })
  const [vacuumed] = (await tables('"Odd ""schema""".*')).found
  expect(vacuumed!.vacuumedAt! >= at && vacuumed!.analyzedAt! >= at).toBe(true)
  expect((await tables('orders')).found[0]!.analyzedAt! >= at).toBe(true)
  await expect(maintain({ deed: 'analyze' }, { schema: 'public', name: 'none' })).rejects.toMatchObject({
    code: 'sql.failed',
    facts: { sqlstate: '42P01', isOver: true },
  })
})

test('a rebuild makes another index under the same name, and says what it can gain by the statistics', async () => {
  const chosen = patterns('orders_note')
  const [before] = (await indexes(chosen)).found
  expect(before).toMatchObject({
    table: 'public.orders',
    isValid: true,
    isLeftover: false,
    isConstraint: false,
    neededBytes: expect.any(Number),
  })
  await maintain({ deed: 'reindex' }, before!)
  const [after] = (await indexes(chosen)).found
  expect([after!.oid === before!.oid, after!.isValid]).toEqual([false, true])
})

test('a rebuild that waits is seen at work under the name of its job; cancelled, it has ended on the server, and its copy is found and dropped', async () => {
  const holder = await psqlSession(sshd, cluster, 'holder')
  holder.send('update orders set note = note where id = 1')
  await holder.settled()
  const stop = new AbortController()
  const rebuilt = maintain({ deed: 'reindex' }, { schema: 'public', name: 'orders_note' }, { signal: stop.signal })
  const ended = expect(rebuilt).rejects.toMatchObject({ code: 'shell.cancelled', facts: { isOver: true } })
  const copies = patterns('orders_note_cc*')
  await expect.poll(async () => (await indexes(copies)).found).toMatchObject([{ isValid: false, isLeftover: true, isBuilding: true }])
  const { look } = makeActivity(ssh, warmPool(ssh, { max: 1, idleMs: 1000 })).read
  const { sessions, progress } = await look(cluster.instance(), options)
  const own = sessions.find(({ application }) => application === 'matriarch job 1')
  expect(own).toMatchObject({ state: 'active', statement: 'REINDEX INDEX CONCURRENTLY "public"."orders_note"' })
  expect(progress).toMatchObject([{ pid: own!.pid, command: 'REINDEX CONCURRENTLY' }])
  stop.abort()
  await ended
  expect(await sql(`select count(*) from pg_stat_activity where query like 'REINDEX%' and state = 'active'`)).toBe('0')
  const [copy] = (await indexes(copies)).found
  expect(copy).toMatchObject({ isLeftover: true, isBuilding: false })
  await expect(maintain({ deed: 'drop-index' }, copy!, { lockTimeoutMs: 50 })).rejects.toMatchObject({
    facts: { sqlstate: '55P03', isOver: true },
  })
  await holder.close()
  await maintain({ deed: 'drop-index' }, copy!)
  expect((await indexes(copies)).found).toEqual([])
})
