import { execFile, spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dropCluster, makeCluster, type TestCluster } from '@/e2e/harness/daemons/cluster'
import { startSshd, type TestSshd } from '@/e2e/harness/daemons/sshd'
import type { HealthFound, HealthLook } from '@/lib/domain/health/kind'
import { healthKinds } from '@/lib/domain/health/kinds'
import { openSsh, type Ssh } from '../ssh'
import { makeHealth } from '.'

let sshd: TestSshd
let ssh: Ssh
let cluster: TestCluster
let tools: string
const asked = healthKinds.filter(({ of }) => of !== 'records').map(({ name }) => name)
const inDatabases = healthKinds.filter(({ of }) => of === 'database').map(({ name }) => name)

beforeAll(async () => {
  tools = mkdtempSync(join(tmpdir(), 'tools-'))
  chmodSync(tools, 0o777)
  sshd = await startSshd({ lines: [`SetEnv PATH=${tools}:/usr/bin:/bin`] })
  ssh = openSsh({ keyFor: async () => sshd.privateKey })
  cluster = await makeCluster(sshd, 'alpha')
  cluster.configure(`autovacuum = off\nwal_level = logical\nmax_replication_slots = 8`)
  await cluster.ctl('restart')
  await run('postgres', 'create database shop')
})
afterAll(async () => {
  await ssh?.close()
  if (cluster) await dropCluster(cluster)
  await sshd?.stop()
  rmSync(tools, { recursive: true, force: true })
})

const options = { timeoutMs: 60_000 }
const own = () => ({ uid: sshd.uid, gid: sshd.gid, cwd: '/' })
const psqlArguments = (database: string, statements: readonly string[]) => {
  const { socketDirectory, port } = cluster.instance()
  const commands = statements.flatMap((sql) => ['-c', sql])
  return ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-h', socketDirectory, '-p', String(port), '-d', database, ...commands]
}
const execute = promisify(execFile)
const run = (database: string, ...statements: string[]) => execute(join(cluster.bin, 'psql'), psqlArguments(database, statements), own())
const look = async (...kinds: string[]): Promise<Map<string, HealthLook>> =>
  new Map((await makeHealth(ssh).look(cluster.instance(), kinds, options)).map((one) => [one.kind, one]))
const found = async (kind: string, object: string): Promise<HealthFound | undefined> =>
  (await look(kind)).get(kind)!.found.find((one) => one.object === object)

test('a server on which nothing is wrong answers every question of every kind, and names what does not apply to it', async () => {
  const looks = await look(...asked)
  expect([...looks.keys()]).toEqual(asked)
  for (const { kind, because } of looks.values()) expect([kind, because]).toEqual([kind, null])
  expect(looks.get('checksum')!.notApplicable).toMatch(/checksums are off/)
  expect(looks.get('archiver')!.notApplicable).toMatch(/archives no WAL/)
  expect(looks.get('backup')!.notApplicable).toMatch(/No backup tool/)
  for (const kind of [...inDatabases, 'slot']) expect([kind, looks.get(kind)!.found]).toEqual([kind, []])
})

test('a sequence at 95 % is found with the column that ends before it does, and one that cycles is not', async () => {
  await run(
    'shop',
    'create table orders (id serial primary key, note text)',
    `select setval('orders_id_seq', (0.95 * 2147483647)::bigint)`,
    `create sequence wide as integer`,
    `select setval('wide', 2000000000)`,
    'create table narrow (id integer)',
    'create sequence narrow_id as bigint owned by narrow.id',
    `select setval('narrow_id', 2000000000)`,
    `create sequence turning as smallint cycle`,
    `select setval('turning', 32000)`,
  )
  expect(await found('sequence', 'public.orders_id_seq')).toMatchObject({
    database: 'shop',
    value: expect.closeTo(95, 1),
    details: { column: 'orders.id', isColumnSmall: true },
  })
  expect(await found('sequence', 'public.wide')).toMatchObject({
    value: expect.closeTo(93.1, 1),
    details: { column: null, isColumnSmall: false },
  })
  expect(await found('sequence', 'public.narrow_id')).toMatchObject({
    value: expect.closeTo(93.1, 1),
    details: { column: 'narrow.id', isColumnSmall: true },
  })
  expect(await found('sequence', 'public.turning')).toBeUndefined()
})

test('an index that a failed CREATE INDEX CONCURRENTLY left behind is found, and one that is being built is not', async () => {
  await run('shop', 'create table twins (n int)', 'insert into twins values (1), (1)')
  await expect(run('shop', 'create unique index concurrently twins_once on twins (n)')).rejects.toThrow(/could not create unique index/)
  expect(await found('invalid-index', 'public.twins_once')).toMatchObject({
    database: 'shop',
    value: 1,
    details: { table: 'twins', isCopy: false },
  })
  // Its build waits for this transaction, which holds nothing of the table.
  const holder = spawn(join(cluster.bin, 'psql'), psqlArguments('shop', []), { ...own(), stdio: ['pipe', 'pipe', 'inherit'] })
  holder.stdin.write(`begin; insert into twins values (2); select 'holds' as word;\n`)
  await new Promise<void>((resolve) => holder.stdout.on('data', (text) => String(text).includes('holds') && resolve()))
  const building = run('shop', 'create index concurrently twins_slow on twins (n)')
  const isThere = `select 1 from pg_stat_progress_create_index where index_relid = to_regclass('twins_slow')`
  while (!(await run('shop', isThere)).stdout.includes('1 row')) await new Promise((resolve) => setImmediate(resolve))
  expect(await found('invalid-index', 'public.twins_slow')).toBeUndefined()
  holder.stdin.end('commit;\n')
  await building
})

test('dead rows past what autovacuum allows are counted by the settings of the table', async () => {
  await run(
    'shop',
    'create table busy (n int) with (autovacuum_vacuum_threshold = 100, autovacuum_vacuum_scale_factor = 0, autovacuum_enabled = off)',
    'insert into busy select generate_series(1, 1000)',
    'delete from busy where n <= 500',
    'select pg_stat_force_next_flush()',
  )
  await expect
    .poll(() => found('autovacuum', 'public.busy'), { timeout: 10_000 })
    .toMatchObject({
      database: 'shop',
      value: 5,
      details: { dead: 500, live: 500, threshold: 100, isOff: true },
    })
})

test('what a table’s file holds beyond its rows is estimated, by what was analyzed', async () => {
  await run(
    'shop',
    `create table swollen as select n, repeat('x', 200) as filler from generate_series(1, 170000) n`,
    'delete from swollen where n % 10 <> 0',
    'vacuum (analyze) swollen',
  )
  const bloat = await found('bloat', 'public.swollen')
  expect(bloat).toMatchObject({ database: 'shop', value: expect.closeTo(90, -1) })
  await run('shop', 'vacuum (full, analyze) swollen')
  expect(await found('bloat', 'public.swollen')).toBeUndefined()
  await run(
    'shop',
    `create table rare as select repeat('y', 150) || n as word from generate_series(1, 200000) n`,
    'create index rare_word on rare (word)',
    'delete from rare where ctid > $$(300,0)$$::tid',
    'vacuum (analyze) rare',
  )
  expect(await found('index-bloat', 'public.rare_word')).toMatchObject({ details: { table: 'public.rare' }, value: expect.closeTo(94, -1) })
  await run('shop', 'reindex index rare_word')
  expect(await found('index-bloat', 'public.rare_word')).toBeUndefined()
  await run('shop', 'create index swollen_never on swollen (n)', 'create index swollen_used on swollen (filler, n)')
  await run('shop', 'set enable_seqscan = off', `select count(*) from swollen where filler = 'x'`, 'select pg_stat_force_next_flush()')
  await expect.poll(() => found('unused-index', 'public.swollen_used'), { timeout: 10_000 }).toBeUndefined()
  expect(await found('unused-index', 'public.swollen_never')).toMatchObject({ database: 'shop', details: { table: 'public.swollen' } })
  expect(await found('unused-index', 'public.orders_pkey')).toBeUndefined()
})

test('a slot that nobody reads says how much WAL it keeps, and one whose WAL is gone is critical whatever it keeps', async () => {
  await run('postgres', `select pg_create_physical_replication_slot('left_behind', true)`)
  await run('shop', 'create table filled as select repeat(md5(n::text), 100) as text from generate_series(1, 3000) n')
  const slot = await found('slot', 'left_behind')
  expect(slot).toMatchObject({ atLeast: null, details: { active: false, type: 'physical', walStatus: expect.any(String) } })
  expect(slot!.value).toBeGreaterThan(500_000)
  await run('postgres', `alter system set max_slot_wal_keep_size = '1MB'`, 'select pg_reload_conf()')
  for (let n = 0; n < 4; n += 1)
    await run('shop', 'insert into filled select text from filled limit 3000', 'select pg_switch_wal()', 'checkpoint')
  expect(await found('slot', 'left_behind')).toMatchObject({ atLeast: 'critical', details: { walStatus: 'lost' } })
  await run('postgres', `select pg_drop_replication_slot('left_behind')`)
})

test('an archive command that fails is found with the segment it failed on, until it works again', async () => {
  await run('postgres', `alter system set archive_mode = on`, `alter system set archive_command = 'false'`)
  await cluster.ctl('restart')
  await run('postgres', 'select pg_switch_wal()')
  await expect
    .poll(() => found('archiver', 'archive'), { timeout: 15_000 })
    .toMatchObject({ details: { lastFailedWal: expect.stringMatching(/^[0-9A-F]{24}$/) } })
  await run('postgres', `alter system set archive_command = 'true'`, 'select pg_reload_conf()', 'select pg_switch_wal()')
  await expect.poll(() => found('archiver', 'archive'), { timeout: 90_000 }).toBeUndefined()
})

test('the tool in the archive command is asked for its backups, with nothing else of that command', async () => {
  const program = join(tools, 'pgbackrest')
  const answer = [
    { name: 'main', backup: [{ label: '20260301-010000F', error: false, timestamp: { stop: Math.floor(Date.now() / 1000) - 7200 } }] },
  ]
  writeFileSync(join(tools, 'answer'), JSON.stringify(answer))
  writeFileSync(program, `#!/bin/sh\nprintf '%s\\n' "$@" > ${tools}/asked-$$; cat ${tools}/answer\n`)
  chmodSync(program, 0o755)
  await run(
    'postgres',
    `alter system set archive_command = 'pgbackrest --stanza=main archive-push %p; echo hush'`,
    'select pg_reload_conf()',
  )
  await expect
    .poll(() => found('backup', 'pgBackRest'), { timeout: 10_000 })
    .toMatchObject({
      value: expect.closeTo(2, 1),
      atLeast: null,
      details: { latest: '20260301-010000F' },
    })
  writeFileSync(join(tools, 'answer'), '[{"name":"main","backup":[]}]')
  expect(await found('backup', 'pgBackRest')).toMatchObject({ atLeast: 'critical', details: { latest: null } })
  writeFileSync(join(tools, 'answer'), 'ERROR: [055]')
  expect((await look('backup')).get('backup')).toMatchObject({ found: [], because: expect.stringContaining('not understood') })
  const { stdout } = await execute('sh', ['-c', `cat ${tools}/asked-*`])
  // Of a server that belongs to somebody else nothing is run.
  const another = { ...cluster.instance(), dataDirectory: '/etc' }
  expect(await makeHealth(ssh).look(another, ['backup'], options)).toMatchObject([
    { found: [], notApplicable: expect.stringContaining('does not own the server') },
  ])
  expect(stdout).not.toContain('hush')
})

test('a page that was damaged on disk is counted once somebody reads it', async () => {
  await cluster.ctl('stop')
  await execute(join(cluster.bin, 'pg_checksums'), ['--enable', '-D', cluster.data, '--no-sync'], own())
  await cluster.ctl('start')
  const { stdout } = await execute(
    join(cluster.bin, 'psql'),
    [...psqlArguments('shop', [`select pg_relation_filepath('filled')`]), '-A', '-t'],
    own(),
  )
  await cluster.ctl('stop')
  const file = openSync(join(cluster.data, stdout.trim()), 'r+')
  writeSync(file, Buffer.from('damage'), 0, 6, 4000)
  await cluster.ctl('start')
  await expect(run('shop', 'select count(*) from filled')).rejects.toThrow(/invalid page/)
  await expect
    .poll(() => found('checksum', 'shop'), { timeout: 10_000 })
    .toMatchObject({ value: expect.any(Number), details: { lastAt: expect.any(String) } })
})

test('a database that takes no session holds up no other, and is named', async () => {
  await run('postgres', 'create database closed')
  await run('postgres', `alter database closed set session_preload_libraries = 'there_is_none'`)
  const sequence = (await look('sequence')).get('sequence')!
  expect(sequence.because).toMatch(/^In closed: .*there_is_none/)
  expect(sequence.found.map(({ object }) => object)).toContain('public.orders_id_seq')
})

test('a server whose catalogue is locked is not waited for', async () => {
  const holder = spawn(join(cluster.bin, 'psql'), psqlArguments('shop', []), { ...own(), stdio: ['pipe', 'pipe', 'inherit'] })
  holder.stdin.write(`begin; lock table pg_sequence in access exclusive mode; select 'holds' as word;\n`)
  await new Promise<void>((resolve) => holder.stdout.on('data', (text) => String(text).includes('holds') && resolve()))
  const startedAt = performance.now()
  const looks = await look('sequence', 'invalid-index')
  expect(performance.now() - startedAt).toBeLessThan(4_000)
  expect(looks.get('sequence')!.because).toMatch(/In (closed|shop): /)
  expect(looks.get('invalid-index')!.found.map(({ object }) => object)).toContain('public.twins_once')
  holder.stdin.end('rollback;\n')
})
