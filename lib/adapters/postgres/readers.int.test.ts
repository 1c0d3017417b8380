import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { dropCluster, makeCluster, type TestCluster } from '@/e2e/harness/daemons/cluster'
import { sqlAsOwner } from '@/e2e/harness/daemons/owner'
import { startSshd, type TestSshd } from '@/e2e/harness/daemons/sshd'
import { readerLines, readerRole } from '@/lib/domain/reader/reader-role'
import { until } from '@/lib/playground/machine/processes'
import { faultOf } from '../contract/caught'
import { openSsh, type Ssh } from '../ssh'
import { makePostgres, type Postgres } from './index'

let sshd: TestSshd
let ssh: Ssh
let postgres: Postgres
let cluster: TestCluster
const limits = { timeoutMs: 20_000 }
const caps = { database: 'postgres', statementTimeoutMs: 10_000, rowsMax: 10, bytesMax: 10_000 }

const owner = (sql: string) => sqlAsOwner(sshd, cluster, sql)
const asReader = (sql: string) => postgres.read.query(cluster.instance(), sql, { ...caps, as: readerRole })
const login = () => postgres.readers.read.login(cluster.instance(), 'postgres', limits)
const fileOf = (name: string) => readFileSync(join(cluster.data, name), 'utf8')
const write = (isIn: boolean) => postgres.readers.act.write(cluster.instance(), isIn ? readerLines(sshd.user) : null, limits)

beforeAll(async () => {
  sshd = await startSshd()
  ssh = openSsh({ keyFor: async () => sshd.privateKey })
  postgres = makePostgres(ssh)
  cluster = await makeCluster(sshd, 'alpha')
  await postgres.readers.act.make(cluster.instance(), 'test', limits)
  await write(true)
  await postgres.act.reload(cluster.instance(), limits)
  await until('the reader to be let in', async () => (await login()).works, { timeoutMs: 20_000, everyMs: 20 })
  await owner(`create table orders (a int); create role app login password 'secret-of-app'; grant select on orders to public`)
  await owner('create foreign data wrapper elsewhere; create server far foreign data wrapper elsewhere')
  await owner(`create user mapping for app server far options (password 'secret-of-mapping')`)
  await owner(`create subscription sub connection 'host=nowhere password=secret-of-sub' publication p with (connect = false)`)
})
afterAll(async () => {
  postgres.close()
  await ssh.close()
  await dropCluster(cluster)
  await sshd.stop()
})

describe('a statement of the reader', () => {
  test.each([
    ["copy (select 1) to program 'touch /tmp/matriarch-proof'", '42501'],
    ["copy (select 1) to '/tmp/matriarch-proof'", '42501'],
    ["copy orders from program 'id'", '42501'],
    ["select pg_read_file('/etc/passwd')", '42501'],
    ["select pg_ls_dir('/')", '42501'],
    ["select lo_export(1, '/tmp/matriarch-proof')", '42501'],
    ["select lo_import('/etc/passwd')", '42501'],
    ['select rolpassword from pg_authid', '42501'],
    ['select passwd from pg_shadow', '42501'],
    ['select umoptions from pg_user_mapping', '42501'],
    ['select subconninfo from pg_subscription', '42501'],
    ["select query_to_xml('select rolpassword from pg_authid', true, false, '')", '42501'],
    ['select pg_promote()', '42501'],
    ['select pg_reload_conf()', '42501'],
    ["select pg_create_physical_replication_slot('s')", '42501'],
    ["load '/tmp/evil.so'", '42501'],
    ['set role pg_execute_server_program', '42501'],
    ['set session authorization app', '42501'],
    ['insert into orders values (1)', '25006'],
    [`alter role ${readerRole} password 'x'`, '25006'],
    ["select set_config('transaction_read_only', 'off', true)", '25001'],
  ])('%s is refused', async (sql, sqlstate) => {
    expect(await faultOf(asReader(sql))).toMatchObject({ code: 'sql.failed', facts: { sqlstate } })
  })

  test('does not write even where its transaction were read-write and everybody might', async () => {
    expect(await faultOf(asReader(`do $$ begin commit; set transaction read write; insert into orders values (1); end $$`))).toMatchObject({
      code: 'sql.failed',
    })
    expect(await owner('select count(*) from orders')).toBe('0')
  })

  test('sees neither the options of a user mapping nor the conninfo of a subscription in any view', async () => {
    const seen = await asReader(
      `select (select string_agg(umoptions::text, '') from pg_user_mappings), (select string_agg(v::text, '') from pg_stat_subscription v)`,
    )
    expect(JSON.stringify(seen.rows)).not.toContain('secret-of')
  })

  test('shows what a DBA looks at: sessions of others with their statements, settings, WAL', async () => {
    const seen = await asReader(
      `select session_user, current_setting('data_directory') <> '', (select count(*) > 0 from pg_ls_waldir()),
         (select count(*) from pg_stat_activity where query = '<insufficient privilege>')`,
    )
    expect(seen.rows).toEqual([[readerRole, 't', 't', '0']])
  })
})

describe('a reader that was given more', () => {
  test.each([
    ['alter role matriarch_reader superuser', 'alter role matriarch_reader nosuperuser', 'is a superuser'],
    ['grant pg_read_all_data to matriarch_reader', 'revoke pg_read_all_data from matriarch_reader', 'may read pg_authid'],
    [
      'grant pg_execute_server_program to matriarch_reader',
      'revoke pg_execute_server_program from matriarch_reader',
      'member of pg_execute_server_program',
    ],
    ['create role strong createrole; grant strong to matriarch_reader', 'drop role strong', 'member of strong, which may create roles'],
    [
      'grant execute on function pg_read_file(text) to public',
      'revoke execute on function pg_read_file(text) from public',
      'may execute pg_read_file(text)',
    ],
    ['grant select on pg_authid to matriarch_reader', 'revoke select on pg_authid from matriarch_reader', 'may read pg_authid'],
  ])('%s is named as too much', async (give, take, words) => {
    await owner(give)
    const found = await login()
    await owner(take)
    expect(found).toMatchObject({ works: true, excess: expect.arrayContaining([expect.stringContaining(words)]) })
    expect(await login()).toMatchObject({ excess: [] })
  })

  test('tables and harmless roles may be granted by hand', async () => {
    await owner('create role tables; grant tables to matriarch_reader')
    expect(await login()).toEqual({ works: true, excess: [], openDoors: [] })
    await owner('drop role tables')
  })

  test('a function that lends everybody a superuser’s rights is named as an open door of its database', async () => {
    await owner(`create function door() returns text language sql security definer as 'select pg_read_file(''PG_VERSION'')'`)
    expect(await login()).toMatchObject({ works: true, excess: [], openDoors: ['door()'] })
    await owner('drop function door()')
  })
})

describe('the files', () => {
  test('hold the lines first, beside all they held, with owner and mode, and without them are as they were', async () => {
    await write(false)
    const before = [fileOf('pg_hba.conf'), fileOf('pg_ident.conf')]
    await write(true)
    await write(true)
    const [hba, ident] = [fileOf('pg_hba.conf'), fileOf('pg_ident.conf')]
    expect(hba.split('\n').slice(0, 3)).toEqual(['# matriarch reader: begin', readerLines(sshd.user).hba[0], '# matriarch reader: end'])
    expect([hba.endsWith(before[0]!), ident.endsWith(before[1]!), hba.split('begin').length]).toEqual([true, true, 2])
    await write(false)
    expect([fileOf('pg_hba.conf'), fileOf('pg_ident.conf')]).toEqual(before)
  })

  test('are not touched where somebody cut the console’s lines in two', async () => {
    await write(true)
    const cut = fileOf('pg_hba.conf').replace('# matriarch reader: end\n', '')
    writeFileSync(join(cluster.data, 'pg_hba.conf'), cut)
    expect(await postgres.readers.read.files(cluster.instance(), limits)).toMatchObject({
      problem: expect.stringContaining('edited by hand'),
    })
    expect((await faultOf(write(false))).message).toContain('edited by hand')
    expect(fileOf('pg_hba.conf')).toBe(cut)
  })
})
