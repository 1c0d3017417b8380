import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { identifier, later, primary, standby, unreachable } from '@/e2e/harness/observed'
import { ids, openShop, query, row, see } from '@/e2e/harness/observed-shop'
import { listen } from '../pg/client'
import { writeHosts, writeProbes } from './observations'

let database: TestDatabase
beforeAll(async () => {
  database = await startDatabase()
})
afterAll(() => database.stop())
beforeEach(openShop)

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
    `with s as (insert into servers (environment_id, hostname, address) select $1, 'many-' || n, 'many-' || n from generate_series(1, 300) n returning id)
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
  const facts = {
    os: 'Debian',
    cpus: 2,
    loadPerCpu: 0.5,
    cpuBusy: 1,
    cpuTotal: 2,
    memoryBytes: 1024,
    memoryAvailableBytes: 512,
    diskFreeBytes: 2048,
    diskBytes: 4096,
    clockOffsetSeconds: 0,
    poolers: [],
    managers: null,
  }
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
