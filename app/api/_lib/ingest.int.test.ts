import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { acceptHosts, acceptInstances, listInbox } from '@/db/discovery/discovery'
import { decideHostToken } from '@/db/discovery/host-tokens'
import { deleteRecord } from '@/db/records/records'
import { codeOf, enrolled, environments, instance, openConsole, query, report, send, startAnew } from '@/e2e/harness/agents'
import { actorIn } from '@/e2e/harness/two-territories'
import { createEnrolmentKey, enrol } from '@/lib/auth/hosts'
import { systemActor } from '@/lib/kernel/access/access'
import { resourceByName } from '@/lib/resources'
import { takeReport } from './ingest'

let close: () => Promise<void>
beforeAll(async () => {
  close = await openConsole()
})
beforeEach(startAnew)
afterAll(() => close())

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

test('a token that nobody holds costs no unpacking and no parsing, is counted by address, and slows no good host there', async () => {
  const { token } = await enrolled('db1')
  const unknown = (n: number) => `mathost_abcdefgh_${String(n).padStart(36, 'x')}`
  const from = '2001:db8::66'
  let isRead = false
  const taken = takeReport({
    authorization: `Bearer ${unknown(0)}`,
    encoding: 'gzip',
    age: null,
    from,
    body: async () => {
      isRead = true
      return Buffer.from('no gzip')
    },
  })
  expect(await codeOf(taken)).toBe('auth.required')
  expect(isRead).toBe(false)
  for (let n = 1; n < 20; n++) expect(await codeOf(send(unknown(n), {}, { from: `2001:db8::${n}` }))).toBe('auth.required')
  expect(await codeOf(send(unknown(99), {}, { from }))).toBe('auth.throttled')
  const counted = await query("select failures from login_attempts where key like 'host-token:%'")
  expect(await codeOf(send(unknown(99), {}, { from }))).toBe('auth.throttled')
  expect(await query("select failures from login_attempts where key like 'host-token:%'"), 'a flood is not even counted').toEqual(counted)
  expect(await send(token, report('db1'), { from })).toMatchObject({ stored: true })
})

test('a key of one environment cannot take over a host of another', async () => {
  await enrolled('db1', 'prod')
  expect(await codeOf(enrolled('db1', 'dev'))).toBe('record.conflict')
  await query("insert into servers (environment_id, hostname, address) values ($1, 'db9', '198.51.100.9')", [environments.prod])
  const { hostId } = await enrolled('db9', 'dev', ['198.51.100.9'])
  expect(await query('select server_id, state from discovered_hosts where id = $1', [hostId])).toEqual([{ server_id: null, state: 'new' }])
})

test('an enrolment key alone takes over no host that reported lately or was revoked: its new token waits for a person', async () => {
  const first = await enrolled('db1')
  await send(first.token, report('db1', instance('main')))
  const thief = await enrolled('db1')
  expect(thief).toMatchObject({ hostId: first.hostId, waits: true })
  await expect(send(thief.token, report('db1', instance('main', { state: 'crashed' })))).rejects.toMatchObject({
    code: 'access.denied',
    message: expect.stringContaining('a person must accept its new token'),
  })
  expect(await send(first.token, report('db1', instance('main')))).toMatchObject({ stored: true })
  expect((await listInbox(systemActor)).tokens).toMatchObject([{ id: first.hostId, hostname: 'db1', isRevoked: false }])
  await decideHostToken(systemActor, first.hostId, 'refuse')
  expect((await listInbox(systemActor)).tokens).toEqual([])
  expect(await codeOf(send(thief.token, report('db1')))).toBe('auth.required')
  expect(await codeOf(decideHostToken(systemActor, first.hostId, 'accept'))).toBe('record.in-use')

  const reinstalled = await enrolled('db1')
  await decideHostToken(systemActor, first.hostId, 'accept')
  expect(await codeOf(send(first.token, report('db1')))).toBe('auth.required')
  expect(await send(reinstalled.token, report('db1'))).toMatchObject({ stored: true })

  await decideHostToken(systemActor, first.hostId, 'revoke')
  expect(await codeOf(send(reinstalled.token, report('db1')))).toBe('auth.required')
  await query("update discovered_hosts set seen_at = now() - interval '1 year'")
  expect(await enrolled('db1')).toMatchObject({ waits: true })
  expect(
    (await query("select act from audit where act like 'host.%' and object_id = $1 order by seq", [first.hostId])).map(({ act }) => act),
  ).toEqual([
    ...['host.enrol', 'host.ask-token', 'host.refuse-token', 'host.ask-token', 'host.accept-token', 'host.revoke-token', 'host.ask-token'],
  ])
})

test('a host that has not reported for a week enrols again by itself, and so does one that never did', async () => {
  await enrolled('db1')
  expect(await enrolled('db1')).toMatchObject({ waits: false })
  await query("update discovered_hosts set seen_at = now() - interval '8 days'")
  const again = await enrolled('db1')
  expect(again.waits).toBe(false)
  expect(await send(again.token, report('db1'))).toMatchObject({ stored: true })
})

test('tokens of a host are decided by those who may change it in its environment, and others do not learn of it', async () => {
  const { hostId } = await enrolled('db1', 'prod')
  for (const decision of ['accept', 'refuse', 'revoke'] as const) {
    expect(await codeOf(decideHostToken(actorIn('operator', environments.prod!), hostId, decision))).toBe('access.denied')
    expect(await codeOf(decideHostToken(actorIn('admin', environments.dev!), hostId, decision))).toBe('record.missing')
  }
  await decideHostToken(actorIn('dba', environments.prod!), hostId, 'revoke')
})

test('a claimed address suggests a server and links none: a person says whether the host is that server', async () => {
  const [server] = await query<{ id: string }>(
    "insert into servers (environment_id, hostname, address) values ($1, 'ams-1', '198.51.100.7') returning id",
    [environments.prod],
  )
  const evil = await enrolled('evil-1', 'prod', ['198.51.100.7'])
  expect(await query('select server_id, state from discovered_hosts')).toEqual([{ server_id: null, state: 'new' }])
  expect((await listInbox(systemActor)).hosts).toMatchObject([
    {
      hostname: 'evil-1',
      suggestedServerId: server!.id,
      suggestedServerName: 'ams-1',
      suggestion: 'Enrolled with the key prod of prod. It claims the address of the server ams-1.',
    },
  ])
  const accept = (serverId: string, environmentId: string) => acceptHosts(systemActor, [{ id: evil.hostId, environmentId, serverId }])
  expect((await accept(server!.id, environments.dev!)).refused).toHaveLength(1)
  expect((await accept(server!.id, environments.prod!)).accepted).toEqual([{ id: evil.hostId, serverId: server!.id }])
})

test('a false host is deleted with all that it said; its token says nothing any more, and what was registered stays', async () => {
  const [server] = await query<{ id: string }>(
    "insert into servers (environment_id, hostname, address) values ($1, 'db1', '198.51.100.7') returning id",
    [environments.prod],
  )
  const { hostId, token } = await enrolled('db1')
  await send(token, report('db1', instance('main')))
  const host = resourceByName('discovered-host')!
  await expect(deleteRecord(actorIn('operator', environments.prod!), host, hostId)).rejects.toMatchObject({ code: 'access.denied' })
  await deleteRecord(actorIn('dba', environments.prod!), host, hostId)
  expect(await query('select * from discovered_instances')).toEqual([])
  expect(await codeOf(send(token, report('db1')))).toBe('auth.required')
  expect(await query('select id from servers')).toEqual([server])
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

test('a registered instance follows each report, while its place in the inbox is written when something of it changes, and once a minute', async () => {
  const { token, hostId } = await enrolled('db1', 'prod', ['198.51.100.7'])
  await send(token, report('db1', instance('main', { clients: 1 })))
  await acceptHosts(systemActor, [{ id: hostId, environmentId: environments.prod! }])
  const [place] = await query<{ id: string }>('select id from discovered_instances')
  await acceptInstances(systemActor, [{ id: place!.id, newHerd: { name: 'main' } }])
  const after = async (change: Record<string, unknown>) => {
    expect(await send(token, report('db1', instance('main', change)))).toEqual({ stored: true, instances: 1 })
    const [row] = await query(
      "select d.report->'clients' as kept, i.clients, i.state from discovered_instances d join instances i on i.id = d.instance_id",
    )
    return row
  }
  expect(await after({ clients: 2 })).toEqual({ kept: 1, clients: 2, state: 'online' })
  expect(await after({ clients: 3, state: 'stopped' })).toEqual({ kept: 3, clients: 3, state: 'stopped' })
  await query("update discovered_instances set seen_at = seen_at - interval '61 s'")
  expect(await after({ clients: 4, state: 'stopped' })).toEqual({ kept: 4, clients: 4, state: 'stopped' })
  expect(await after({ clients: 5, state: 'stopped', version: '15.19' })).toEqual({ kept: 5, clients: 5, state: 'stopped' })
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
