import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { keepFoundPoolers } from '@/db/discovery/discovered-poolers'
import { acceptHosts, acceptInstances, acceptPoolers, ignore, listInbox } from '@/db/discovery/discovery'
import { applyRules } from '@/db/discovery/discovery-rules'
import { makeInventory } from '@/db/fleet/inventory'
import { codeOf, enrolled, environments, instance, openConsole, query, report, send, startAnew } from '@/e2e/harness/agents'
import { type Actor, systemActor } from '@/lib/kernel/access/access'

let close: () => Promise<void>
beforeAll(async () => {
  close = await openConsole()
})
beforeEach(startAnew)
afterAll(() => close())

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
  await send(hosts[0]!.token, report('db1', instance('shop', { systemIdentifier: '77', socketDirectory: '/run/postgresql' })))
  await send(
    hosts[1]!.token,
    report(
      'db2',
      instance('shop', {
        systemIdentifier: '77',
        role: 'standby',
        dataDirectory: '/srv/shop',
        socketDirectory: '/tmp',
        upstream: { host: 'db1' },
      }),
    ),
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
  expect(
    await query('select title, port, data_directory, data_directory_override, socket_directory from instances order by title'),
  ).toEqual([
    {
      title: 'Shop on db1',
      port: 5432,
      data_directory: '/var/lib/postgresql/15/shop',
      data_directory_override: null,
      socket_directory: null,
    },
    { title: 'Shop on db2', port: 5432, data_directory: '/srv/shop', data_directory_override: '/srv/shop', socket_directory: '/tmp' },
  ])
  const [{ id: herd }] = (await query('select id from herds')) as [{ id: string }]
  const sockets = (await makeInventory().herdInstances(herd)).map(({ title, address }) => [title, address.socketDirectory])
  expect(sockets.sort()).toEqual([
    ['Shop on db1', '/var/run/postgresql'],
    ['Shop on db2', '/tmp'],
  ])
  expect(await query('select system_identifier, base_name from herds')).toEqual([{ system_identifier: '77', base_name: 'shop' }])
  expect(await listInbox(systemActor)).toMatchObject({ hostCount: 0, instanceCount: 0 })
  expect((await query("select act from audit where act like '%.add' order by seq")).map(({ act }) => act)).toEqual(
    expect.arrayContaining(['server.add', 'herd.add', 'instance.add']),
  )
})

test('who accepted a host is in the audit log, also where it was taken as a server that is registered; accepting it again is no line', async () => {
  const db1 = await server('db1', 'prod')
  const known = await enrolled('stranger', 'prod', ['198.51.100.7'])
  const unknown = await enrolled('db2', 'prod', ['198.51.100.2'])
  const accept = (id: string, serverId?: string) => acceptHosts(systemActor, [{ id, environmentId: environments.prod!, serverId }])
  expect((await accept(known.hostId, db1)).refused).toEqual([])
  const made = (await accept(unknown.hostId)).accepted[0]!.serverId
  expect((await accept(unknown.hostId)).refused).toEqual([])
  expect(
    await query("select title, environment_id, detail from audit where act = 'discovery.accept' and object_id = any($1) order by seq", [
      [known.hostId, unknown.hostId],
    ]),
  ).toEqual([
    { title: 'stranger', environment_id: environments.prod, detail: { server: db1, isNew: false } },
    { title: 'db2', environment_id: environments.prod, detail: { server: made, isNew: true } },
  ])
})

test('a reported name or path that a person could not type is refused at accepting and stays in the inbox', async () => {
  const host = await enrolled('db1', 'prod', ['198.51.100.1'])
  await acceptHosts(systemActor, [{ id: host.hostId, environmentId: environments.prod! }])
  await send(host.token, report('db1', instance('evil', { dataDirectory: '/tmp/../etc; reboot' })))
  const [waiting] = (await listInbox(systemActor)).instances
  const { accepted, refused } = await acceptInstances(systemActor, [{ id: waiting!.id, newHerd: { name: 'evil' } }])
  expect(accepted).toEqual([])
  expect(refused[0]!.because).toMatch(/^Data directory: Leave out/)
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
  expect(await ignore(dana, [prod.hostId])).toEqual([])
  expect(await ignore(systemActor, [prod.hostId])).toEqual([prod.hostId])
  expect(await listInbox(systemActor)).toMatchObject({ hostCount: 0, ignoredCount: 1 })
  expect(await ignore(systemActor, [prod.hostId], false)).toEqual([prod.hostId])
  expect(await listInbox(systemActor)).toMatchObject({ hostCount: 1, ignoredCount: 0 })
})

test('a PgBouncer that runs on a server waits with the herd that most of its databases point to, is accepted once, and waits again when it is no longer registered', async () => {
  const shop = await herd('shop', 'prod', { virtualHost: 'shop.example.org' })
  const crm = await herd('crm', 'prod', { port: 5433 })
  await herd('twin', 'dev', { port: 5433 })
  const [front, base] = [await server('front', 'prod'), await server('base', 'prod')]
  await query('insert into instances (herd_id, server_id, environment_id) values ($1, $2, $3)', [crm, base, environments.prod])
  const found = (port: number, hosts: (string | null)[], dbPort = 5433) => ({
    port,
    configPath: `/etc/pgbouncer/${port}.ini`,
    isReadable: true,
    socketDirectory: port === 6434 ? null : '/run/postgresql',
    poolMode: 'transaction',
    authType: 'scram-sha-256',
    databases: hosts.map((host, index) => ({ name: `d${index}`, host, port: host === 'base' ? 5433 : dbPort })),
  })
  const seen = [
    {
      serverId: front,
      poolers: [
        found(6432, ['BASE', '198.51.100.4', 'elsewhere']),
        found(6433, ['shop.example.org', 'base', 'shop.example.org'], 5432),
        found(6434, []),
      ],
    },
    { serverId: base, poolers: [found(6432, [null])] },
  ]
  await keepFoundPoolers(seen)
  const waiting = async () => (await listInbox(systemActor)).poolers
  expect((await waiting()).map(({ title, suggestedHerdId, suggestion }) => [title, suggestedHerdId, suggestion])).toEqual([
    ['pgbouncer:6432 on base', crm, 'Its database points to herd crm.'],
    ['pgbouncer:6432 on front', crm, '2 of its 3 databases point to herd crm.'],
    ['pgbouncer:6433 on front', shop, '2 of its 3 databases point to herd shop, 1 to crm: it will serve them too.'],
    ['pgbouncer:6434 on front', null, 'None of its databases points to a herd of the environment.'],
  ])
  const [one, two, , sealed] = await waiting()
  const { accepted, refused } = await acceptPoolers(systemActor, [
    { id: two!.id, herdId: crm },
    { id: sealed!.id, herdId: crm },
  ])
  expect(refused).toEqual([{ id: sealed!.id, because: expect.stringContaining('unix_socket_dir') }])
  expect(await query('select herd_id, server_id, port, config_path, socket_directory from poolers')).toEqual([
    { herd_id: crm, server_id: front, port: 6432, config_path: '/etc/pgbouncer/6432.ini', socket_directory: '/run/postgresql' },
  ])
  expect((await acceptPoolers(systemActor, [{ id: two!.id, herdId: crm }])).accepted).toEqual(accepted)
  expect(await ignore(systemActor, [one!.id])).toEqual([one!.id])
  await keepFoundPoolers(seen)
  expect((await waiting()).map(({ title }) => title)).toEqual(['pgbouncer:6433 on front', 'pgbouncer:6434 on front'])
  await query('delete from poolers')
  await keepFoundPoolers(seen)
  expect((await waiting()).map(({ title }) => title)).toContain('pgbouncer:6432 on front')
})
