import { afterAll, beforeAll, expect, test } from 'vitest'
import { dropCluster, makeCluster, type TestCluster } from '@/e2e/harness/daemons/cluster'
import { sqlAsOwner } from '@/e2e/harness/daemons/owner'
import { psqlSession } from '@/e2e/harness/daemons/psql-session'
import { startSshd, type TestSshd } from '@/e2e/harness/daemons/sshd'
import { healthKinds } from '@/lib/domain/health/kinds'
import { npmBinaries } from '@/lib/playground/start/embedded'
import { makeHealth } from './health'
import { makeMaintenance } from './maintenance'
import { makePostgres, type Postgres } from './postgres'
import { openSsh, type Ssh } from './ssh'

/** Every question of the observer, of health, activity, statements, settings, samples and maintenance, put to the newest PostgreSQL there is. */
const binaries = npmBinaries()!
const options = { timeoutMs: 30_000 }

let sshd: TestSshd
let ssh: Ssh
let postgres: Postgres
let cluster: TestCluster

beforeAll(async () => {
  sshd = await startSshd()
  ssh = openSsh({ keyFor: async () => sshd.privateKey })
  postgres = makePostgres(ssh)
  cluster = await makeCluster(sshd, 'newest', undefined, binaries.directory)
  cluster.configure(`shared_preload_libraries = 'pg_stat_statements'\nautovacuum = off\ntrack_io_timing = on`)
  await cluster.ctl('restart')
})
afterAll(async () => {
  postgres?.close()
  await ssh?.close()
  if (cluster) await dropCluster(cluster)
  await sshd?.stop()
})

const sql = (statement: string) => sqlAsOwner(sshd, cluster, statement)
/** npm brings no psql. */
const session = (application: string) => psqlSession(sshd, { ...cluster, bin: '/usr/bin' }, application)
const at = () => cluster.instance()

test(`PostgreSQL ${binaries.major} answers every look at the server itself`, async () => {
  const { read } = postgres
  expect(await read.probe(at(), options)).toMatchObject({ state: 'online', role: 'primary', because: null })
  expect(await read.fileSettings(at(), options)).toEqual([])
  expect((await read.settings(at(), options)).values).toMatchObject({ cluster_name: 'newest' })
  expect(await read.transactionFate(at(), await sql('select txid_current()'), options)).toBe('committed')
  expect(await read.databaseBytes(at(), options)).toBeGreaterThan(5_000_000)
  const counters = await read.counters(at(), options)
  expect(counters).toMatchObject({ commits: expect.any(Number), checkpoints: expect.any(Number), walBytes: expect.any(Number) })
  expect((await postgres.serverSettings.read.look(at(), options)).version).toMatch(new RegExp(`^${binaries.major}`))
  expect((await postgres.serverSettings.read.kinds(at(), options)).length).toBeGreaterThan(300)
  const { mayAlter, parameters } = await postgres.serverSettings.read.parameters(at(), ['work_mem', 'io_method'], options)
  expect([mayAlter, parameters.map(({ name }) => name)]).toEqual([true, ['io_method', 'work_mem']])
  expect(await postgres.readers.read.role(at(), options)).toBeNull()
  expect(await postgres.replication.read.synchronousSetting(at(), options)).toMatchObject({ names: '' })
  expect(await postgres.replication.read.senderTimeoutSetting(at(), options)).toMatchObject({ ms: 60_000, mayAlter: true })
})

test('what sessions do and who waits for whom is seen', async () => {
  await sql('create table queue (n int)')
  await sql('insert into queue select generate_series(1, 100)')
  const [holder, waiter] = [await session('holder'), await session('waiter')]
  holder.send('lock table queue')
  await holder.settled()
  waiter.send('select * from queue')
  const look = () => postgres.activity.read.look(at(), options)
  await expect
    .poll(async () => (await look()).sessions.find(({ application }) => application === 'waiter')?.blockedBy)
    .toEqual([holder.pid])
  expect(await look()).toMatchObject({ leftOut: 0, prepared: [], progress: [] })
  await holder.close()
  await waiter.close()
})

test('statements are counted, with the times of blocks under the names of this major', async () => {
  await sql('create extension pg_stat_statements')
  await sql('select pg_sleep(0.5)')
  const seen = await postgres.statements.look(at(), options)
  if (seen.state !== 'seen') throw new Error(seen.state)
  expect(seen.statements.find(({ text }) => text === 'select pg_sleep($1)')).toMatchObject({
    calls: 1,
    rows: 1,
    ioMs: expect.any(Number),
  })
  expect(seen.resetAt).toMatch(/^\d{4}-/)
})

test('every kind of health is asked, and finds what there is to find', async () => {
  await sql('create sequence ending maxvalue 100')
  await sql(`select setval('ending', 96)`)
  await sql('create table busy (n int) with (autovacuum_vacuum_threshold = 10, autovacuum_vacuum_scale_factor = 0)')
  await sql('insert into busy select generate_series(1, 1000)')
  await sql('delete from busy where n <= 500')
  await sql('create index busy_n on busy (n)')
  await sql(`update pg_index set indisvalid = false where indexrelid = 'busy_n'::regclass`)
  await sql(`create table swollen as select n, repeat('x', 1800) as filler from generate_series(1, 20000) n`)
  // Computed when it is read, so ANALYZE keeps nothing of it.
  await sql('alter table swollen add column twice int generated always as (n * 2) virtual')
  await sql('create index swollen_never on swollen (n)')
  await sql('delete from swollen where n % 10 <> 0')
  await sql('vacuum analyze swollen')
  await sql(`select pg_create_physical_replication_slot('left_behind', true)`)
  await sql('select pg_stat_force_next_flush()')
  const asked = healthKinds.filter(({ of }) => of !== 'records').map(({ name }) => name)
  const looks = await makeHealth(ssh).look(at(), asked, options)
  expect(looks.map(({ kind, because }) => [kind, because])).toEqual(asked.map((kind) => [kind, null]))
  const found = looks.flatMap(({ kind, found: all }) => all.map(({ object }) => `${kind}: ${object}`))
  expect(found).toEqual(
    expect.arrayContaining([
      ...['wraparound: postgres', 'multixact: postgres', 'slot: left_behind', 'sequence: public.ending', 'autovacuum: public.busy'],
      ...['bloat: public.swollen', 'invalid-index: public.busy_n', 'unused-index: public.swollen_never'],
    ]),
  )
})

test('maintenance sees tables and indexes, and does each of its deeds', async () => {
  const { read, act } = makeMaintenance(ssh)
  const sight = { database: 'postgres', chosen: { patterns: [{ text: '*', schema: '^(?:public)$', name: '.*' }] }, max: 50 }
  const limits = { ...options, session: 'matriarch job newest', lockTimeoutMs: 5_000 }
  const maintain = (work: Parameters<typeof act.maintain>[1]['work'], name: string) =>
    act.maintain(at(), { database: 'postgres', work, object: { schema: 'public', name } }, limits)
  await maintain({ deed: 'vacuum', freeze: true, analyze: true, truncate: false }, 'busy')
  await maintain({ deed: 'analyze' }, 'swollen')
  await maintain({ deed: 'reindex' }, 'swollen_never')
  await maintain({ deed: 'drop-index' }, 'busy_n')
  const tables = (await read.tables(at(), sight, options)).found
  expect(tables.find(({ name }) => name === 'busy')).toMatchObject({ deadRows: 0, vacuumedAt: expect.stringMatching(/^\d{4}-/) })
  const indexes = (await read.indexes(at(), sight, options)).found
  expect(indexes.map(({ name }) => name)).toEqual(['swollen_never'])
  expect(indexes[0]).toMatchObject({ isValid: true, table: 'public.swollen', neededBytes: expect.any(Number) })
})
