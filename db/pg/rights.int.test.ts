import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startPostgres, type TestPostgres } from '@/e2e/harness/daemons/postgres'
import { migrate } from '../migrate'
import { makePartition, partitionOf } from '../samples/partitions'
import { closeDb, setDatabase } from './client'
import { loginFault } from './own-login'
import { rights } from './rights'

let server: TestPostgres
let owner: pg.Client
let web: pg.Client
let worker: pg.Client
const as = (name: string) => server.connectionString.replace('//matriarch@', `//${name}@`)
const connect = async (url: string): Promise<pg.Client> => {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  return client
}

beforeAll(async () => {
  server = await startPostgres()
  owner = await connect(server.connectionString)
  web = await connect(as('matriarch_web'))
  worker = await connect(as('matriarch_worker'))
  await owner.query(
    `insert into audit (seq, at, actor_name, actor_kind, act, previous_hash, hash) values (1, now(), 'a', 'system', 'x', '', 'h')`,
  )
  await owner.query(`insert into environments (name) values ('prod')`)
  await owner.query(`insert into people (user_name, password_hash) values ('ada', 'scrypt')`)
  await owner.query(`insert into settings (name, value) values ('sealing-key', '"k"')`)
})
afterAll(async () => {
  await Promise.all([owner, web, worker].map((client) => client?.end()))
  await closeDb()
  await server?.stop()
})

test('every table stands in the list of rights, and whatever stands there is a table with these columns', async () => {
  const { rows } = await owner.query<{ name: string; columns: string[] }>(
    `select c.relname as name, array_agg(a.attname::text) as columns from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v') and not c.relispartition group by c.oid`,
  )
  expect(Object.keys(rights).sort(), 'a new table has its line in db/pg/rights.ts').toEqual(rows.map(({ name }) => name).sort())
  const wrong = rows.flatMap(({ name, columns }) =>
    Object.values(rights[name]!).flatMap(({ hidden = [], updates = [] }) =>
      [...hidden, ...updates].filter((column) => !columns.includes(column)).map((column) => `${name}.${column}`),
    ),
  )
  expect(wrong).toEqual([])
})

/** What each is refused; run in a transaction that is rolled back, so that a fault here harms no other line. */
const refused: Record<'web' | 'worker', string[]> = {
  web: [
    'select sealed_private_key from console_keys',
    'select * from console_keys',
    'update console_keys set sealed_private_key = sealed_private_key',
    'select sealed_key_secret from dns_zones',
    'select sealed_access_secret from dns_zones',
    'select sealed_access_secret from cloud_accounts',
    'select sealed_slack_url, sealed_routing_key from subscriptions',
    `update settings set value = '"mine"' where name = 'sealing-key'`,
    `insert into settings (name, value) values ('certificate-key', '{}')`,
    'delete from settings',
    `insert into certificates select * from certificates`,
    'delete from jobs',
    'delete from runs',
    `insert into result_grids select * from result_grids`,
    `select samples_drop('samples_fresh', 'samples_fresh_2026010100')`,
  ],
  worker: [
    'select password_hash from people',
    `update people set password_hash = 'mine'`,
    `insert into people (user_name) values ('mallory')`,
    `insert into grants (group_name, role) values ('all', 'admin')`,
    'select hash from tokens',
    `insert into tokens select * from tokens`,
    'insert into sessions select * from sessions',
    'select secret from second_factors',
    'select * from recovery_codes',
    `update environments set protection = 'open'`,
    'delete from environments',
    'insert into enrolment_keys select * from enrolment_keys',
    'select token_hash from discovered_hosts',
  ],
}
const bothRefused = [
  `update audit set title = 'nothing'`,
  'delete from audit',
  'truncate audit',
  'alter table audit disable trigger all',
  'alter table audit rename to log',
  'drop table audit',
  `update audit_checkpoints set head = ''`,
  'delete from changes',
  `update journal set seq = 0`,
  'delete from journal',
  'update certificates set verdict = verdict',
  'create table mine (id int)',
  'create schema mine',
  'create role mine',
  `select samples_drop('audit', 'audit')`,
  `select samples_drop('samples_fresh', 'audit')`,
  `select samples_hold('audit')`,
  `select samples_add('samples_fresh', 'samples_fresh_2026; drop table audit', now(), now())`,
  `copy (select 1) to program 'true'`,
]

describe.each(['web', 'worker'] as const)('the login of a %s', (login) => {
  test.each([...bothRefused, ...refused[login]])('is refused: %s', async (statement) => {
    const client = login === 'web' ? web : worker
    await client.query('begin')
    try {
      await expect(client.query(statement)).rejects.toMatchObject({ code: '42501' })
    } finally {
      await client.query('rollback')
    }
  })
})

test('neither holds a right to change, delete or empty what is only added to: no trigger is needed for it', async () => {
  const { rows } = await owner.query<{ held: string }>(
    `select r || ' ' || v || ' ' || t as held from unnest('{matriarch_web,matriarch_worker}'::text[]) r,
       unnest('{UPDATE,DELETE,TRUNCATE,TRIGGER,REFERENCES}'::text[]) v, unnest('{audit,audit_checkpoints,changes,journal,certificates}'::text[]) t
     where has_table_privilege(r, t, v) or (v in ('UPDATE') and has_any_column_privilege(r, t, v))`,
  )
  expect(rows).toEqual([])
})

test('both add lines to the audit log and read it; the web makes people, the worker keys and partitions', async () => {
  for (const [seq, client] of [web, worker].entries()) {
    await client.query(
      `insert into audit (seq, at, actor_name, actor_kind, act, previous_hash, hash) values ($1, now(), 'a', 'system', 'x', '', 'h')`,
      [seq + 2],
    )
    expect((await client.query('select count(*)::int as n from audit')).rows[0].n).toBe(seq + 2)
  }
  await web.query(`insert into people (user_name) values ('bob')`)
  expect((await web.query(`select password_hash from people where user_name = 'ada'`)).rows[0].password_hash).toBe('scrypt')
  await worker.query(`update settings set value = '"other"' where name = 'sealing-key'`)
  await worker.query('select id from environments for no key update')
  const at = new Date(Date.UTC(2020, 0, 1))
  await makePartition(worker, 'samples_fresh', at)
  const { name } = partitionOf('samples_fresh', at)
  await worker.query(`insert into samples_fresh (subject, at, figures) values (gen_random_uuid(), $1, '{1}')`, [at])
  await worker.query('begin')
  await worker.query('select samples_hold($1)', [name])
  await worker.query(`select samples_drop('samples_fresh', $1)`, [name])
  await worker.query('commit')
  expect((await owner.query('select to_regclass($1) as it', [name])).rows[0].it).toBeNull()
})

test('a right that somebody added by hand is gone after the next migration, and one taken away is back', async () => {
  await owner.query('grant delete on audit to matriarch_web; revoke insert on people from matriarch_web')
  await migrate(server.connectionString)
  await expect(web.query('delete from audit where false')).rejects.toMatchObject({ code: '42501' })
  await web.query(`insert into people (user_name) values ('carol')`)
})

test('each process is told when its login owns the tables or is another one’s, and nothing otherwise', async () => {
  const faultOf = async (url: string, login: 'web' | 'worker') => {
    await closeDb()
    setDatabase(url)
    return loginFault(login)
  }
  expect(await faultOf(server.connectionString, 'web')).toContain('logs in as matriarch, who owns the console’s tables')
  expect(await faultOf(as('matriarch_worker'), 'web')).toContain('who may not do what a web process does')
  expect(await faultOf(as('matriarch_web'), 'worker')).toContain('who may not do what a worker process does')
  expect(await faultOf(as('matriarch_web'), 'web')).toBeNull()
  expect(await faultOf(as('matriarch_worker'), 'worker')).toBeNull()
  expect(await faultOf('postgresql://matriarch@/matriarch?host=/nowhere', 'web')).toBeNull()
})

test('a login gets its password as a verifier, and is let in by that password alone', async () => {
  const names = await migrate(server.connectionString, { web: "a pass-word with ümlaut and 'quote'" })
  expect(names).toEqual({ web: 'matriarch_web', worker: 'matriarch_worker' })
  const { rows } = await owner.query(`select rolpassword, rolsuper, rolcreaterole from pg_authid where rolname = 'matriarch_web'`)
  expect(rows[0]).toMatchObject({ rolpassword: expect.stringMatching(/^SCRAM-SHA-256\$4096:/), rolsuper: false, rolcreaterole: false })
  const folder = (await owner.query('show hba_file')).rows[0].hba_file as string
  await owner.query(`copy (select 'local all matriarch_web scram-sha-256' union all select 'local all all trust') to '${folder}'`)
  await owner.query('select pg_reload_conf()')
  const enter = async (password: string) => {
    const client = await connect(as(`matriarch_web:${encodeURIComponent(password)}`))
    await client.end()
  }
  // The postmaster reads the file when it gets round to it.
  await expect
    .poll(() =>
      enter('wrong one').then(
        () => 'in',
        (error: { code?: string }) => error.code,
      ),
    )
    .toBe('28P01')
  await enter("a pass-word with ümlaut and 'quote'")
})

test('an owner who may not create roles migrates all the same, and the rights come once somebody else made the logins', async () => {
  await owner.query('create role small login')
  await owner.query('create database other owner small')
  const url = as('small').replace('/matriarch?', '/other?')
  expect(await migrate(url)).toEqual({ web: null, worker: null })
  await owner.query('create role small_web login; create role small_worker login')
  expect(await migrate(url)).toEqual({ web: 'small_web', worker: 'small_worker' })
  const client = await connect(url.replace('//small@', '//small_web@'))
  try {
    await client.query('select from people')
    await expect(client.query('delete from audit')).rejects.toMatchObject({ code: '42501' })
  } finally {
    await client.end()
  }
})
