import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { listed, primary, standby, unreachable } from '@/e2e/harness/observed'
import { ids, openShop, query, row, see } from '@/e2e/harness/observed-shop'
import { writeProbes } from './observations'

let database: TestDatabase
beforeAll(async () => {
  database = await startDatabase()
})
afterAll(() => database.stop())
beforeEach(openShop)

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

test('what a primary wrote since its standby was seen is no lag of that standby, which its next look tells', async () => {
  const at = (seconds: number) => new Date(Date.parse('2026-01-01T00:00:00Z') + seconds * 1000).toISOString()
  const follows = (seconds: number, lsn: string) =>
    see('b', standby('198.18.0.1', { observedAt: at(seconds), receivedLsn: lsn, replayedLsn: lsn }))
  await see('a', primary({ observedAt: at(0), currentLsn: '0/4000010' }))
  await follows(0.1, '0/4000000')
  await see('a', primary({ observedAt: at(4), currentLsn: '0/9000000' }))
  expect(await row('b')).toMatchObject({ lag_bytes: '16', probe: { replayLagBytes: 16 } })
  await follows(5, '0/8000000')
  expect(await row('b')).toMatchObject({ lag_bytes: String(0x1000000) })
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
const standbys = [listed('b', '198.18.0.2')]

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
