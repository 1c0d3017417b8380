import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { identifier, later, primary, standby, unreachable } from '@/e2e/harness/observed'
import type { Probe } from '@/lib/ports'
import { getPool, listen } from '../pg/client'
import { type FactSource, writeHosts, writeProbes } from './observations'

let database: TestDatabase
beforeAll(async () => {
  database = await startDatabase()
})
afterAll(() => database.stop())

const query = async (text: string, values: unknown[] = []) => (await getPool().query(text, values)).rows
const ids: Record<string, string> = {}
/** The herd shop: a on host-a, b on host-b, c on host-c; port 5432. */
beforeEach(async () => {
  await query('truncate instances, herds, servers, environments, discovered_hosts cascade')
  const [environment] = await query(`insert into environments (name) values ('prod') returning id`)
  ids.environment = environment.id
  const [herd] = await query(
    `insert into herds (environment_id, name, base_name, data_directory, virtual_host) values ($1, 'shop', 'shop', '/data', 'shop.db.example') returning id`,
    [ids.environment],
  )
  ids.herd = herd.id
  for (const [n, name] of ['a', 'b', 'c'].entries()) {
    const [server] = await query(`insert into servers (environment_id, hostname, address) values ($1, $2, $3) returning id`, [
      ids.environment,
      `Host-${name}.example`,
      `198.18.0.${n + 1}`,
    ])
    ids[`server-${name}`] = server.id
    const [instance] = await query(`insert into instances (herd_id, server_id, environment_id) values ($1, $2, $3) returning id`, [
      ids.herd,
      server.id,
      ids.environment,
    ])
    ids[name] = instance.id
  }
})

const row = async (name: string) => (await query('select * from instances where id = $1', [ids[name]]))[0]
const see = (name: string, probe: Probe, source: FactSource = 'observer') => writeProbes([{ instanceId: ids[name]!, probe, source }])

test('a look is written whole, with its time and source', async () => {
  const probe = primary({ pendingRestart: ['shared_buffers'] })
  await see('a', probe)
  expect(await row('a')).toMatchObject({
    state: 'online',
    role: 'primary',
    version: '15.18',
    system_identifier: identifier,
    current_lsn: '0/3000000',
    clients: 3,
    has_pending_restart: true,
    observed_source: 'observer',
    observed_at: new Date(probe.observedAt),
  })
})

test('an older look never overwrites a newer one, whatever arrives last', async () => {
  const old = primary({ clients: 1 })
  await see('a', primary({ clients: 2 }))
  expect(await see('a', old)).toEqual([])
  expect((await row('a')).clients).toBe(2)
})

test('an older good look does not undo that a newer one could not reach the host', async () => {
  const late = primary()
  await see('a', unreachable())
  await see('a', late)
  expect((await row('a')).state).toBe('unreachable')
})

test('an unreachable host changes state and reason only: values stay, with the time at which they were seen', async () => {
  const seen = primary()
  await see('a', seen)
  await see('a', unreachable())
  expect(await row('a')).toMatchObject({
    state: 'unreachable',
    because: 'The host does not answer.',
    role: 'primary',
    current_lsn: '0/3000000',
    system_identifier: identifier,
    observed_at: new Date(seen.observedAt),
  })
  await see('a', primary())
  expect(await row('a')).toMatchObject({ state: 'online', because: null })
})

test('an agent that reports from the host counts for a while against an SSH that fails', async () => {
  await see('a', primary(), 'agent')
  await see('a', unreachable())
  expect((await row('a')).state).toBe('online')
  await see('a', unreachable(later(20)))
  expect((await row('a')).state).toBe('unreachable')
})

test('lag is against the primary with the same system identifier, in bytes and seconds, received and replayed apart', async () => {
  await writeProbes([
    { instanceId: ids.a!, probe: primary({ currentLsn: '0/3000400' }), source: 'observer' },
    {
      instanceId: ids.b!,
      probe: standby('198.18.0.1', { receivedLsn: '0/3000300', replayedLsn: '0/3000100', replaySeconds: 2.5 }),
      source: 'observer',
    },
    {
      instanceId: ids.c!,
      probe: standby('198.18.0.1', { systemIdentifier: '99', receivedLsn: '0/1', replayedLsn: '0/1' }),
      source: 'observer',
    },
  ])
  const b = await row('b')
  expect(b).toMatchObject({ lag_bytes: String(0x300), lag_seconds: 2.5, upstream_id: ids.a })
  expect(b.probe).toMatchObject({ receiveLagBytes: 0x100, replayLagBytes: 0x300 })
  // Another identifier is another database: neither its distance nor its upstream is known.
  expect(await row('c')).toMatchObject({ lag_bytes: null, upstream_id: null })
  expect((await row('a')).lag_bytes).toBe(null)
})

test('a standby ahead of an older look at its primary is not behind; a primary that moved on makes it so', async () => {
  await see('a', primary())
  await see('b', standby('198.18.0.1', { receivedLsn: '0/4000000', replayedLsn: '0/4000000' }))
  expect(await row('b')).toMatchObject({ lag_bytes: '0', lag_seconds: 0 })
  await see('a', primary({ currentLsn: '0/4000010' }))
  expect((await row('b')).lag_bytes).toBe('16')
})

test('a standby that receives nothing is as old as its last transaction, though it replayed all it has', async () => {
  await see('a', primary({ currentLsn: '0/5000000' }))
  await see(
    'b',
    standby('198.18.0.1', { upstream: { host: '198.18.0.1', port: 5432, slotName: null, status: null }, replayedSecondsAgo: 90 }),
  )
  expect(await row('b')).toMatchObject({ lag_bytes: String(0x2000000), lag_seconds: 90 })
})

/** b, as a lists it. */
const standbys: Probe['standbys'] = [
  {
    applicationName: 'b',
    clientAddress: '198.18.0.2',
    state: 'streaming',
    syncState: 'async',
    sentLsn: null,
    flushLsn: null,
    replayLsn: null,
    lagBytes: null,
    slotName: null,
  },
]

test('a standby that streams and does not replay is behind, in time too, until it replays again', async () => {
  const paused = () => standby('198.18.0.1', { isReplayPaused: true, replaySeconds: null, replayedSecondsAgo: null })
  await see('a', primary({ currentLsn: '0/3000010', standbys }))
  await see('b', paused())
  const first = await row('b')
  expect(first).toMatchObject({ is_replay_paused: true, lag_bytes: '16', behind_since: first.observed_at })
  await see('a', primary({ currentLsn: '0/3000020', standbys }))
  await see('b', paused())
  const second = await row('b')
  expect(second.behind_since).toEqual(first.behind_since)
  expect(second.lag_seconds).toBe((second.observed_at.getTime() - first.observed_at.getTime()) / 1000)
  await see('b', standby('198.18.0.1', { receivedLsn: '0/3000020', replayedLsn: '0/3000020' }))
  expect(await row('b')).toMatchObject({ is_replay_paused: false, behind_since: null, lag_seconds: 0 })
})

test('what far behind is, the environment says', async () => {
  const behindSince = async (lagBytesMax: number) => {
    await query('update environments set lag_bytes_max = $1', [lagBytesMax])
    await see('b', standby('198.18.0.1'))
    return (await row('b')).behind_since
  }
  await see('a', primary({ currentLsn: '0/3000010', standbys }))
  expect(await behindSince(16)).toBeNull()
  expect(await behindSince(15)).not.toBeNull()
})

test('a state has the time of the first look that found it, however often it is seen again', async () => {
  await see('a', primary())
  const down = unreachable()
  await see('a', down)
  await see('a', unreachable())
  expect((await row('a')).state_since).toEqual(new Date(down.observedAt))
})

test('of two primaries the one on the newer timeline is what lag is measured against', async () => {
  await see('a', primary({ timeline: 1, currentLsn: '0/9000000' }))
  await see('c', primary({ timeline: 2, currentLsn: '0/3000100' }))
  await see('b', standby('198.18.0.3'))
  expect(await row('b')).toMatchObject({ lag_bytes: '256', upstream_id: ids.c })
})

test('an unreachable standby keeps its last lag while the primary goes on', async () => {
  await see('a', primary({ currentLsn: '0/3000010' }))
  await see('b', standby('198.18.0.1'))
  await see('b', unreachable())
  await see('a', primary({ currentLsn: '0/8000000' }))
  expect(await row('b')).toMatchObject({ lag_bytes: '16', role: 'standby', upstream_id: ids.a })
})

test.each([
  ['its address', '198.18.0.1'],
  ['its name in another case', 'HOST-A.example'],
  ['its short name', 'host-a'],
  ['an address that its agent reports', 'fe80::1'],
  ['the virtual host, while it is primary', 'Shop.DB.example'],
])('an upstream is found by %s', async (_, host) => {
  await query(
    `insert into discovered_hosts (hostname, addresses, server_id, token_hash) values ('host-a', array['10.0.0.1', 'fe80::1'], $1, 'x')`,
    [ids['server-a']],
  )
  await see('a', primary())
  await see('b', standby(host))
  expect((await row('b')).upstream_id).toBe(ids.a)
})

test('another port on the right host is no upstream, and an unknown host leaves its name to show', async () => {
  await see('a', primary())
  await see('b', standby('198.18.0.1', { upstream: { host: '198.18.0.1', port: 5433, slotName: null, status: null } }))
  await see('c', standby('elsewhere.example'))
  expect((await row('b')).upstream_id).toBe(null)
  expect(await row('c')).toMatchObject({ upstream_id: null, upstream_host: 'elsewhere.example' })
})

test('a cascade is a tree: each standby has its own upstream', async () => {
  await see('a', primary())
  await see('b', standby('host-a'))
  await see('c', standby('198.18.0.2'))
  expect([(await row('b')).upstream_id, (await row('c')).upstream_id]).toEqual([ids.a, ids.b])
})

test('the sync state is the upstream’s word, found by slot or address', async () => {
  const seen = { applicationName: 'x', state: 'streaming', sentLsn: null, flushLsn: null, replayLsn: null, lagBytes: 0 }
  const standbys = [
    { ...seen, clientAddress: '198.18.0.2', syncState: 'sync', slotName: null },
    { ...seen, clientAddress: '10.9.9.9', syncState: 'quorum', slotName: 'slot_c' },
  ]
  await see('a', primary({ standbys }))
  await see('b', standby('host-a'))
  await see('c', standby('host-a', { upstream: { host: 'host-a', port: 5432, slotName: 'slot_c', status: 'streaming' } }))
  expect([(await row('b')).sync_state, (await row('c')).sync_state]).toEqual(['sync', 'quorum'])
})

test('a stopped instance keeps what its files do not tell', async () => {
  await see('b', standby('host-a', { receivedLsn: '0/3000200', replayedLsn: '0/3000100' }))
  await see(
    'b',
    standby('host-a', {
      state: 'stopped',
      because: 'No server runs.',
      receivedLsn: null,
      replayedLsn: '0/3000180',
      upstream: null,
      clients: null,
    }),
  )
  expect(await row('b')).toMatchObject({
    state: 'stopped',
    received_lsn: '0/3000200',
    replayed_lsn: '0/3000180',
    upstream_host: 'host-a',
    clients: null,
    role: 'standby',
  })
})

test('what a stopped instance was, and would be, is told by its files', async () => {
  await see('a', primary())
  await see('a', primary({ state: 'stopped', role: 'unknown', controlState: 'shut down', hasStandbySignal: true, currentLsn: null }))
  expect((await row('a')).role).toBe('standby')
  await see('a', primary({ state: 'stopped', role: 'unknown', controlState: 'shut down', hasStandbySignal: false, currentLsn: null }))
  expect((await row('a')).role).toBe('primary')
})

test('a promoted standby loses its upstream', async () => {
  await see('b', standby('host-a'))
  await see('b', primary({ timeline: 2 }))
  expect(await row('b')).toMatchObject({ role: 'primary', upstream_host: null, upstream_id: null, lag_bytes: null })
})

test('a herd learns its identifier from its first primary and keeps it', async () => {
  await see('b', standby('host-a', { systemIdentifier: '42' }))
  await see('a', primary())
  await see('c', primary({ systemIdentifier: '43' }))
  expect((await query('select system_identifier from herds'))[0].system_identifier).toBe(identifier)
})

test('observed values do not count as a change by a person', async () => {
  await see('a', primary())
  expect((await row('a')).revision).toBe(1)
})

test('looks at one herd from several writers at once neither deadlock nor get lost', async () => {
  const all = Array.from({ length: 60 }, (_, n) => {
    const name = ['a', 'b', 'c'][n % 3]!
    return {
      instanceId: ids[name]!,
      probe: name === 'a' ? primary({ clients: n }) : standby('host-a', { clients: n }),
      source: 'observer' as const,
    }
  })
  await Promise.all(Array.from({ length: 20 }, (_, n) => writeProbes([all[n * 3 + 2]!, all[n * 3 + 1]!, all[n * 3]!])))
  expect([(await row('a')).clients, (await row('b')).clients, (await row('c')).clients]).toEqual([57, 58, 59])
})

test('a look at an instance that is not registered any more is passed over', async () => {
  expect(await writeProbes([{ instanceId: '00000000-0000-4000-8000-000000000000', probe: primary(), source: 'observer' }])).toEqual([])
})

test('listeners hear which instances changed, and * when they are too many to name', async () => {
  const heard: string[] = []
  const stop = await listen('facts', (payload) => heard.push(payload))
  const wait = async (isSo: () => boolean) => {
    const limit = Date.now() + 10_000
    while (!isSo()) {
      if (Date.now() > limit) throw new Error(`heard only ${heard}`)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
  await see('a', primary())
  await wait(() => heard.includes(ids.a!))
  await query(
    `with s as (insert into servers (environment_id, hostname, address) select $1, 'many-' || n, '198.18.1.1' from generate_series(1, 300) n returning id)
     insert into instances (herd_id, server_id, environment_id) select $2, id, $1 from s`,
    [ids.environment, ids.herd],
  )
  const many = await query(`select id from instances`)
  await writeProbes(many.map(({ id }) => ({ instanceId: id, probe: primary(), source: 'observer' })))
  await wait(() => heard.includes('*'))
  await stop()
})

test('a server shows that it is reached, refused or silent, and the key it offered until it shows the right one', async () => {
  const serverId = ids['server-a']!
  const state = async () => (await query('select state, because, host_key_offered, memory_bytes from servers where id = $1', [serverId]))[0]
  const facts = { os: 'Debian', loadPerCpu: 0.5, memoryBytes: 1024, diskFreeBytes: 2048, clockOffsetSeconds: 0, poolers: [] }
  await writeHosts([{ serverId, at: later(), fault: null, because: null, facts }])
  expect(await state()).toEqual({ state: 'reachable', because: null, host_key_offered: null, memory_bytes: '1024' })
  await writeHosts([{ serverId, at: later(), fault: { code: 'shell.host-key-changed', offeredKey: 'SHA256:x' }, because: 'Another key.' }])
  expect(await state()).toEqual({ state: 'refused', because: 'Another key.', host_key_offered: 'SHA256:x', memory_bytes: '1024' })
  const old = later(-30)
  await writeHosts([{ serverId, at: old, fault: null, because: null }])
  expect((await state()).state).toBe('refused')
  later(60)
  await writeHosts([{ serverId, at: later(), fault: { code: 'shell.unreachable', offeredKey: null }, because: 'Silent.' }])
  expect(await state()).toMatchObject({ state: 'unreachable', host_key_offered: null })
})
