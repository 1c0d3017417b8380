import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { getPool } from '@/db/client'
import { acceptHosts, acceptInstances, ignore, listInbox } from '@/db/discovery'
import { applyRules } from '@/db/discovery-rules'
import { startDatabase, type TestDatabase } from '@/e2e/harness/database'
import { createEnrolmentKey, enrol } from '@/lib/auth/hosts'
import { type Actor, systemActor } from '@/lib/kernel/access'
import { takeReport } from './ingest'

let database: TestDatabase
const environments: Record<string, string> = {}
let keys: Record<string, string> = {}
let sequence = 1

const query = async <T extends Record<string, unknown>>(text: string, values: unknown[] = []): Promise<T[]> =>
  (await getPool().query(text, values)).rows as T[]
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'no fault',
    (error) => error.code,
  )
const instance = (name: string, change: Record<string, unknown> = {}) => ({
  name,
  port: 5432,
  dataDirectory: `/var/lib/postgresql/15/${name}`,
  state: 'online',
  role: 'primary',
  version: '15.18',
  ...change,
})
const enrolled = async (hostname: string, environment = 'prod', addresses: string[] = []) =>
  enrol(keys[environment]!, { hostname, addresses, agent: '1.0.0' }, null)
const send = (token: string, report: unknown, change: { body?: Buffer; encoding?: string; age?: string } = {}) =>
  takeReport({
    authorization: `Bearer ${token}`,
    encoding: change.encoding ?? null,
    age: change.age ?? null,
    body: change.body ?? Buffer.from(JSON.stringify(report)),
  })
const report = (hostname: string, ...instances: unknown[]) => ({
  agent: '1.0.0',
  sequence: sequence++,
  sentAt: Date.now() / 1000,
  host: { hostname, addresses: ['198.51.100.7'], os: 'Debian', cpus: 2, load1: 1 },
  instances,
})

beforeAll(async () => {
  process.env.AUTH_SECRET = 'a secret of the tests that is long enough'
  process.env.DATABASE_URL = 'postgres://unused'
  database = await startDatabase()
  for (const name of ['dev', 'prod'])
    environments[name] = (await query<{ id: string }>('insert into environments (name) values ($1) returning id', [name]))[0]!.id
})
beforeEach(async () => {
  await query('truncate discovered_hosts, discovered_instances, discovery_rules, enrolment_keys, instances, servers, herds cascade')
  await query('delete from login_attempts')
  keys = {}
  for (const [name, environmentId] of Object.entries(environments))
    keys[name] = (
      await createEnrolmentKey(systemActor, { name, environmentId, expiresAt: new Date(Date.now() + 60_000), usesLeft: null })
    ).key
})
afterAll(() => database.stop())

test('a host enrols, reports, and lands in the inbox with everything it said', async () => {
  const { token } = await enrolled('DB1', 'prod', ['198.51.100.7'])
  const sent = report('db1', instance('shop', { weather: 'fine' }))
  expect(await send(token, sent)).toEqual({ stored: true, instances: 1 })
  const inbox = await listInbox(systemActor)
  expect(inbox).toMatchObject({ hostCount: 1, instanceCount: 1 })
  expect(inbox.hosts[0]).toMatchObject({
    hostname: 'db1',
    environmentName: 'prod',
    suggestion: 'Enrolled with the key prod of prod.',
    instances: 1,
  })
  expect(inbox.instances[0]).toMatchObject({
    name: 'shop',
    port: 5432,
    suggestedHerdId: null,
    suggestion: 'No herd of the environment matches: name a new one.',
  })
  const [kept] = await query('select report from discovered_instances')
  expect(kept).toMatchObject({ report: { weather: 'fine' } })
})

test('an enrolment key ends when revoked, expired or used up, and guessing is slowed', async () => {
  const once = await createEnrolmentKey(systemActor, {
    name: 'once',
    environmentId: environments.dev!,
    expiresAt: new Date(Date.now() + 60_000),
    usesLeft: 1,
  })
  await enrol(once.key, { hostname: 'a', addresses: [], agent: null }, '192.0.2.1')
  expect(await codeOf(enrol(once.key, { hostname: 'b', addresses: [], agent: null }, '192.0.2.1'))).toBe('auth.required')
  await query("update enrolment_keys set expires_at = now() - interval '1 second' where name = 'dev'")
  expect(await codeOf(enrolled('c', 'dev'))).toBe('auth.required')
  const stored = JSON.stringify(await query('select * from enrolment_keys'))
  expect(stored).not.toContain(once.key.split('_')[2])
  for (let n = 0; n < 25; n++)
    await codeOf(enrol(`matenrol_abcdefgh_${'x'.repeat(36)}`, { hostname: 'd', addresses: [], agent: null }, '192.0.2.66'))
  expect(await codeOf(enrol(`matenrol_abcdefgh_${'x'.repeat(36)}`, { hostname: 'd', addresses: [], agent: null }, '192.0.2.66'))).toBe(
    'auth.throttled',
  )
})

test('a host token speaks for its own host only, and for no longer than until the next enrolment or revocation', async () => {
  const [one, other] = [await enrolled('one'), await enrolled('other')]
  await send(other.token, report('other', instance('main')))
  await expect(send(one.token, report('other', instance('main', { state: 'crashed' })))).rejects.toMatchObject({
    code: 'access.denied',
    message: 'This token speaks for one only.',
  })
  expect(await query('select state from discovered_instances')).toEqual([{ state: 'online' }])
  const again = await enrolled('ONE')
  expect(again.hostId).toBe(one.hostId)
  expect(await codeOf(send(one.token, report('one')))).toBe('auth.required')
  expect(await send(again.token, report('one'))).toMatchObject({ stored: true })
  await query('update discovered_hosts set token_revoked_at = now() where id = $1', [one.hostId])
  expect(await codeOf(send(again.token, report('one')))).toBe('auth.required')
  for (const token of ['', 'x', `mat_abcdefgh_${'x'.repeat(36)}`, `mathost_abcdefgh_${'x'.repeat(36)}`])
    expect(await codeOf(send(token, report('one')))).toBe('auth.required')
})

test('a key of one environment cannot take over a host of another', async () => {
  await enrolled('db1', 'prod')
  expect(await codeOf(enrolled('db1', 'dev'))).toBe('record.conflict')
  await query("insert into servers (environment_id, hostname, address) values ($1, 'db9', '198.51.100.9')", [environments.prod])
  const { hostId } = await enrolled('db9', 'dev', ['198.51.100.9'])
  expect(await query('select server_id, state from discovered_hosts where id = $1', [hostId])).toEqual([{ server_id: null, state: 'new' }])
})

test('a replay and an older number are ignored and say so; nothing goes back', async () => {
  const { token } = await enrolled('db1')
  const [older, newer] = [report('db1', instance('main', { state: 'stopped' })), report('db1', instance('main'))]
  expect(await send(token, newer)).toMatchObject({ stored: true })
  for (const late of [newer, older])
    expect(await send(token, late)).toMatchObject({
      stored: false,
      lastSequence: newer.sequence,
      because: expect.stringContaining('not newer'),
    })
  expect(await query('select state from discovered_instances')).toEqual([{ state: 'online' }])
})

test('a report that waited at the host is dated back by its age, and never overwrites what was seen later', async () => {
  const { token } = await enrolled('db1')
  await send(token, report('db1', instance('main')))
  await send(token, report('db1', instance('main', { state: 'stopped' })), { age: '600' })
  expect(await query('select state from discovered_instances')).toEqual([{ state: 'online' }])
})

test('gzip is read up to one mebibyte unpacked; a bomb, a large body and broken gzip are refused', async () => {
  const { token } = await enrolled('db1')
  expect(await send(token, null, { body: gzipSync(JSON.stringify(report('db1', instance('main')))), encoding: 'gzip' })).toMatchObject({
    stored: true,
  })
  const bomb = gzipSync(Buffer.alloc(50 * 1024 * 1024, 0x20))
  expect(await codeOf(send(token, null, { body: bomb, encoding: 'gzip' }))).toBe('input.too-large')
  expect(await codeOf(send(token, null, { body: Buffer.alloc(1024 * 1024 + 1, 0x20) }))).toBe('input.too-large')
  expect(await codeOf(send(token, null, { body: Buffer.from('not gzip'), encoding: 'gzip' }))).toBe('input.invalid')
  expect(await codeOf(send(token, null, { body: Buffer.from('{'), encoding: 'br' }))).toBe('input.invalid')
})

test('a wrong type is named by its path and nothing of that report is stored', async () => {
  const { token } = await enrolled('db1')
  await expect(send(token, report('db1', instance('good'), instance('bad', { port: 'x' })))).rejects.toMatchObject({
    code: 'input.invalid',
    facts: { fields: [{ path: 'instances.1.port' }] },
  })
  expect(await query('select * from discovered_instances')).toEqual([])
  expect(await query('select last_sequence from discovered_hosts')).toEqual([{ last_sequence: '0' }])
})

test('odd text is stored without the characters PostgreSQL cannot hold, and one bad report does not spoil its batch', async () => {
  const hosts = await Promise.all(['h1', 'h2', 'h3', 'h4'].map((name) => enrolled(name)))
  const nasty = Buffer.from(JSON.stringify(report('h1', instance('a"b\\c\u0001'))).replace('15.18', '15\\u0000\\ud800!'))
  const outcomes = await Promise.allSettled([
    send(hosts[0]!.token, null, { body: nasty }),
    send(hosts[1]!.token, report('h2', instance('x', { port: 5433 }))),
    send(hosts[2]!.token, { ...report('h3', instance('y')), sequence: 9007199254740991 }),
    send(hosts[3]!.token, report('h4', instance('z', { systemIdentifier: '99999999999999999999' }))),
  ])
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'fulfilled'])
  expect(await query('select name, version from discovered_instances order by name limit 1')).toEqual([
    { name: 'a"b\\c\u0001', version: '15!' },
  ])
})

test('many reports at once all arrive, two of one host in order', async () => {
  const hosts = await Promise.all(Array.from({ length: 40 }, (_, n) => enrolled(`host${n}`)))
  const outcomes = await Promise.all(
    hosts.flatMap(({ token }, n) => [
      send(token, report(`host${n}`, instance('a'), instance('b', { port: 5433 }))),
      send(token, report(`host${n}`, instance('a', { state: 'stopped' }))),
    ]),
  )
  expect(outcomes.every(({ stored }) => stored)).toBe(true)
  expect(await query('select name, state, count(*)::int as n from discovered_instances group by 1, 2 order by 1')).toEqual([
    { name: 'a', state: 'stopped', n: 40 },
    { name: 'b', state: 'online', n: 40 },
  ])
})

const herd = async (name: string, environment: string, change: { port?: number; identifier?: string; virtualHost?: string } = {}) =>
  (
    await query<{ id: string }>(
      'insert into herds (environment_id, name, base_name, port, data_directory, system_identifier, virtual_host) values ($1, $2, $2, $3, $4, $5, $6) returning id',
      [
        environments[environment],
        name,
        change.port ?? 5432,
        `/var/lib/postgresql/15/${name}`,
        change.identifier ?? null,
        change.virtualHost ?? null,
      ],
    )
  )[0]!.id
const server = async (hostname: string, environment: string) =>
  (
    await query<{ id: string }>('insert into servers (environment_id, hostname, address) values ($1, $2, $3) returning id', [
      environments[environment],
      hostname,
      `198.51.100.${hostname.length}`,
    ])
  )[0]!.id

test('a herd is suggested by system identifier first, then by upstream, then by name and port, and never across environments', async () => {
  const shop = await herd('shop', 'prod', { identifier: '111' })
  const crm = await herd('crm', 'prod', { port: 5433, virtualHost: 'crm.example.org' })
  const blog = await herd('blog', 'prod', { port: 5434 })
  await herd('elsewhere', 'dev', { identifier: '222' })
  await query('insert into instances (herd_id, server_id, environment_id) values ($1, $2, $3)', [
    crm,
    await server('crm-primary', 'prod'),
    environments.prod,
  ])
  const { token } = await enrolled('db1')
  await send(
    token,
    report(
      'db1',
      instance('blog', { port: 5434, systemIdentifier: '111' }),
      instance('p', { port: 5435, role: 'standby', upstream: { host: 'CRM-primary.example.org', port: 5433 } }),
      instance('q', { port: 5436, role: 'standby', upstream: { host: 'crm.example.org', port: 5433 } }),
      instance('blog2', { port: 5437, systemIdentifier: '222' }),
    ),
  )
  const found = (await listInbox(systemActor)).instances.map(({ name, suggestedHerdId, suggestion }) => ({
    name,
    suggestedHerdId,
    suggestion,
  }))
  expect(found).toEqual([
    { name: 'blog', suggestedHerdId: shop, suggestion: 'Same system identifier 111 as herd shop.' },
    { name: 'p', suggestedHerdId: crm, suggestion: 'Its upstream CRM-primary.example.org is in herd crm.' },
    { name: 'q', suggestedHerdId: crm, suggestion: 'Its upstream crm.example.org is in herd crm.' },
    { name: 'blog2', suggestedHerdId: null, suggestion: 'Same system identifier as herd elsewhere, which is in another environment: dev.' },
  ])
  const second = await enrolled('db2')
  await send(second.token, report('db2', instance('BLOG', { port: 5434 })))
  expect((await listInbox(systemActor)).instances.find(({ hostname }) => hostname === 'db2')).toMatchObject({
    suggestedHerdId: blog,
    suggestedBy: 'name',
  })
})

test('accepting a host and its instances registers them with a person’s checks, in a herd that exists or a new one shared by its members', async () => {
  const hosts = await Promise.all(['db1', 'db2'].map((name, n) => enrolled(name, 'prod', [`198.51.100.${n + 1}`])))
  await send(hosts[0]!.token, report('db1', instance('shop', { systemIdentifier: '77' })))
  await send(
    hosts[1]!.token,
    report('db2', instance('shop', { systemIdentifier: '77', role: 'standby', dataDirectory: '/srv/shop', upstream: { host: 'db1' } })),
  )
  const waiting = (await listInbox(systemActor)).instances
  expect((await acceptInstances(systemActor, [{ id: waiting[0]!.id, newHerd: { name: 'shop' } }])).refused).toEqual([
    { id: waiting[0]!.id, because: 'Accept the host db1 first.' },
  ])
  const accepted = await acceptHosts(
    systemActor,
    hosts.map(({ hostId }) => ({ id: hostId, environmentId: environments.prod! })),
  )
  expect(accepted.refused).toEqual([])
  const made = await acceptInstances(
    systemActor,
    waiting.map(({ id }) => ({ id, newHerd: { name: 'Shop' } })),
  )
  expect(made.refused).toEqual([])
  expect(await query('select title, port, data_directory, data_directory_override from instances order by title')).toEqual([
    { title: 'Shop on db1', port: 5432, data_directory: '/var/lib/postgresql/15/shop', data_directory_override: null },
    { title: 'Shop on db2', port: 5432, data_directory: '/srv/shop', data_directory_override: '/srv/shop' },
  ])
  expect(await query('select system_identifier, base_name from herds')).toEqual([{ system_identifier: '77', base_name: 'shop' }])
  expect(await listInbox(systemActor)).toMatchObject({ hostCount: 0, instanceCount: 0 })
  expect((await query("select act from audit where act like '%.add' order by seq")).map(({ act }) => act)).toEqual(
    expect.arrayContaining(['server.add', 'herd.add', 'instance.add']),
  )
})

test('a reported name or path that a person could not type is refused at accepting and stays in the inbox', async () => {
  const host = await enrolled('db1', 'prod', ['198.51.100.1'])
  await acceptHosts(systemActor, [{ id: host.hostId, environmentId: environments.prod! }])
  await send(host.token, report('db1', instance('evil', { dataDirectory: '/tmp/../etc; reboot' })))
  const [waiting] = (await listInbox(systemActor)).instances
  const { accepted, refused } = await acceptInstances(systemActor, [{ id: waiting!.id, newHerd: { name: 'evil' } }])
  expect(accepted).toEqual([])
  expect(refused[0]!.because).toContain('dataDirectory')
  expect(await listInbox(systemActor)).toMatchObject({ instanceCount: 1 })
})

test('a known server is recognised at enrolment by name or address in its environment, and its registered instances are linked', async () => {
  const shop = await herd('shop', 'prod')
  const serverId = await server('db1', 'prod')
  await query('insert into instances (herd_id, server_id, environment_id) values ($1, $2, $3)', [shop, serverId, environments.prod])
  const { token } = await enrolled('DB1')
  await send(token, report('db1', instance('shop'), instance('stranger', { port: 5499 })))
  expect(await query('select name, inbox, instance_id is not null as linked from discovered_instances order by name')).toEqual([
    { name: 'shop', inbox: 'accepted', linked: true },
    { name: 'stranger', inbox: 'new', linked: false },
  ])
  // The first report finds it, the next one brings its facts.
  await send(token, report('db1', instance('shop')))
  expect(await query('select state, role, version, observed_source from instances')).toEqual([
    { state: 'online', role: 'primary', version: '15.18', observed_source: 'agent' },
  ])
  expect(await query('select agent_seen_at is not null as seen, os, load_per_cpu from servers')).toEqual([
    { seen: true, os: 'Debian', load_per_cpu: 0.5 },
  ])
})

test('a rule accepts hosts by name and network, and instances only where identifier or upstream name the herd', async () => {
  await query(
    "insert into discovery_rules (name, environment_id, host_pattern, network, accepts_hosts, accepts_instances) values ('web', $1, 'web-*?', '203.0.113.0/24', true, true)",
    [environments.prod],
  )
  const shop = await herd('shop', 'prod', { identifier: '111' })
  await herd('blog', 'prod', { port: 5434 })
  const [inside, outside, otherName, otherEnvironment] = await Promise.all([
    enrolled('web-db1', 'prod', ['203.0.113.5']),
    enrolled('web-db2', 'prod', ['198.51.100.5']),
    enrolled('db_web-3', 'prod', ['203.0.113.6']),
    enrolled('web-db4', 'dev', ['203.0.113.7']),
  ])
  for (const { hostId } of [inside, outside, otherName, otherEnvironment]) await applyRules(hostId!)
  expect((await query('select hostname from servers')).map(({ hostname }) => hostname)).toEqual(['web-db1'])
  await send(inside.token, {
    ...report('web-db1', instance('s', { systemIdentifier: '111' }), instance('blog', { port: 5434 })),
    host: { hostname: 'web-db1' },
  })
  expect(await query('select herd_id from instances')).toEqual([{ herd_id: shop }])
  expect((await listInbox(systemActor)).instances.map(({ name }) => name)).toEqual(['blog'])
})

test('people see and accept only in their own environments, and what is ignored stays findable', async () => {
  const [dev, prod] = [await enrolled('d1', 'dev'), await enrolled('p1', 'prod')]
  const dana: Actor = {
    kind: 'person',
    personId: null,
    name: 'dana',
    grants: [
      { role: 'dba', environmentId: environments.dev! },
      { role: 'viewer', environmentId: environments.prod! },
    ],
  }
  const eve: Actor = { kind: 'person', personId: null, name: 'eve', grants: [] }
  expect((await listInbox({ ...dana, grants: [dana.grants[0]!] })).hosts.map(({ hostname }) => hostname)).toEqual(['d1'])
  expect(await codeOf(listInbox(eve))).toBe('access.denied')
  const { accepted, refused } = await acceptHosts(dana, [
    { id: dev.hostId, environmentId: environments.dev! },
    { id: prod.hostId, environmentId: environments.prod! },
  ])
  expect(accepted.map(({ id }) => id)).toEqual([dev.hostId])
  expect(refused.map(({ id }) => id)).toEqual([prod.hostId])
  expect(await ignore(dana, [prod.hostId])).toBe(0)
  expect(await ignore(systemActor, [prod.hostId])).toBe(1)
  expect(await listInbox(systemActor)).toMatchObject({ hostCount: 0, ignoredCount: 1 })
  expect(await ignore(systemActor, [prod.hostId], false)).toBe(1)
  expect(await listInbox(systemActor)).toMatchObject({ hostCount: 1, ignoredCount: 0 })
})
