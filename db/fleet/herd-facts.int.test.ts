import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { listed, primary, standby, unreachable } from '@/e2e/harness/observed'
import { ids, openShop, query, see } from '@/e2e/harness/observed-shop'
import { systemActor } from '@/lib/kernel/access/access'
import { resourceByName } from '@/lib/resources'
import { addRecord, changeRecord, deleteRecord } from '../records/records'
import { saveVerdicts } from './dns-names'
import { writeProbes } from './observations'
import { linkPoolers, savePoolers } from './poolers'
import { saveSize } from './sizes'

let database: TestDatabase
beforeAll(async () => {
  database = await startDatabase()
})
afterAll(() => database.stop())
beforeEach(openShop)

// biome-ignore lint/suspicious/noExplicitAny: a row as the driver gives it.
type Row = Record<string, any>
const worst = (words: readonly string[], order: readonly string[]) => order.find((word) => words.includes(word)) ?? null
const most = (values: readonly (number | null)[]) =>
  values.reduce<number | null>((best, value) => (value === null ? best : Math.max(best ?? 0, Number(value))), null)

/** What is kept of a herd, worked out from the rows that it is of, in words of its own. */
const expected = async (herdId: string) => {
  const [limits] = await query(
    'select v.lag_bytes_max, v.lag_seconds_max from herds h join environments v on v.id = h.environment_id where h.id = $1',
    [herdId],
  )
  const members: Row[] = await query('select * from instances where herd_id = $1', [herdId])
  const writable = members.filter(({ state, role }) => state === 'online' && role === 'primary')
  const leading = writable.length > 0 ? writable : members.filter(({ role }) => role === 'primary')
  const isBroken = (one: Row) =>
    !['online', 'unknown', 'starting', 'stopping'].includes(one.state) ||
    one.is_replay_paused ||
    (one.state === 'online' &&
      one.role === 'standby' &&
      one.sync_state === null &&
      (one.upstream_id !== null || one.upstream_host === null))
  const isFar = (one: Row) =>
    one.role === 'standby' &&
    (Number(one.lag_bytes) > Number(limits.lag_bytes_max) || Number(one.lag_seconds) > Number(limits.lag_seconds_max))
  const systems = new Set(writable.map((one) => one.system_identifier ?? ''))
  const state = () => {
    if (members.length === 0) return 'empty'
    if (writable.length === 0) return 'no-primary'
    if (writable.length > 1) return systems.size < writable.length ? 'split-brain' : 'mixed'
    if (members.some(isBroken)) return 'degraded'
    if (members.some((one) => one.observed_at === null || one.state === 'unknown')) return 'stale'
    return members.some(isFar) ? 'lagging' : 'healthy'
  }
  const poolers = await query(
    'select p.state, l.paused, l.follows from pooler_herds l join poolers p on p.id = l.pooler_id where l.herd_id = $1',
    [herdId],
  )
  const names = await query('select state from dns_names where herd_id = $1', [herdId])
  const [move] = await query('select * from certificates where herd_id = $1 order by issued_at desc limit 1', [herdId])
  const poolerWord = ({ state, paused, follows }: Record<string, string>) => {
    if (paused === 'some' || paused === 'all') return 'paused'
    if (follows === 'stale') return 'stale'
    if (['stopped', 'refused', 'unreachable'].includes(state!)) return 'down'
    return state === 'unknown' || follows === 'unknown' ? 'unknown' : 'right'
  }
  return {
    state: state(),
    primary_id: leading.length > 0 ? [...leading.map(({ id }) => id as string)].sort().at(-1) : null,
    member_count: members.length,
    online_count: members.filter((one) => one.state === 'online').length,
    lag_bytes: most(members.map((one) => one.lag_bytes)),
    lag_seconds: most(members.map((one) => one.lag_seconds)),
    size_bytes: most((writable.some((one) => one.size_bytes !== null) ? writable : members).map((one) => one.size_bytes)),
    observed_at: members.map((one) => one.observed_at as Date | null).reduce((a, b) => (a && (!b || a < b) ? a : b), null),
    pooler_count: poolers.length,
    pooler_state: worst(poolers.map(poolerWord), ['paused', 'stale', 'down', 'unknown', 'right']),
    dns_state: worst(
      names.map((one) => one.state),
      ['wrong', 'unknown', 'right'],
    ),
    certificate_verdict: move?.verdict ?? null,
  }
}

const kept = async (herdId: string) => {
  const [row] = await query('select * from herd_facts where herd_id = $1', [herdId])
  const number = (value: string | null) => (value === null ? null : Number(value))
  return { ...row, lag_bytes: number(row.lag_bytes), size_bytes: number(row.size_bytes) }
}

const itsState = async (herdId = ids.herd!): Promise<string> => {
  expect(await kept(herdId)).toMatchObject(await expected(herdId))
  return (await kept(herdId)).state
}

const listing = [2, 3].map((n) => listed(`h${n}`, `198.18.0.${n}`))
const healthy = async () => {
  await see('a', primary({ standbys: listing }))
  await see('b', standby('198.18.0.1'))
  await see('c', standby('198.18.0.1'))
}

test('a look at a member is in its herd’s row when it is stored', async () => {
  expect(await itsState()).toBe('no-primary')
  await healthy()
  expect(await itsState()).toBe('healthy')
  await see('a', primary({ standbys: listing, currentLsn: '0/9000000' }))
  expect(await itsState()).toBe('lagging')
  expect((await kept(ids.herd!)).lag_bytes).toBe(0x6000000)
  await see('c', standby('198.18.0.1', { isReplayPaused: true }))
  expect(await itsState()).toBe('degraded')
  await see('b', primary({ timeline: 2 }))
  expect(await itsState()).toBe('split-brain')
  await see('a', unreachable())
  expect(await itsState()).toBe('degraded')
  await see('b', unreachable())
  expect(await itsState()).toBe('no-primary')
})

test('it follows what the environment allows, and members that come, move and go', async () => {
  await healthy()
  await see('a', primary({ standbys: listing, currentLsn: '0/3000400' }))
  expect(await itsState()).toBe('healthy')
  const environment = resourceByName('environment')!
  await changeRecord(systemActor, environment, ids.environment!, { lagBytesMax: 1023 }, 1)
  expect(await itsState()).toBe('lagging')
  const other = { name: 'other', environmentId: ids.environment!, baseName: 'other', port: 5433, dataDirectory: '/d', preferredSite: 'ams' }
  const herd = resourceByName('herd')!
  const { id } = await addRecord(systemActor, herd, other)
  expect(await itsState(id)).toBe('empty')
  await query('update instances set herd_id = $1 where id = $2', [id, ids.b])
  expect([await itsState(), await itsState(id)]).toEqual(['lagging', 'no-primary'])
  await deleteRecord(systemActor, resourceByName('instance')!, ids.b!)
  expect([(await kept(ids.herd!)).member_count, await itsState(id)]).toEqual([2, 'empty'])
  await changeRecord(systemActor, herd, id, { name: 'renamed', preferredSite: 'fra' }, 1)
  expect(await kept(id)).toMatchObject({ name: 'renamed', preferred_site: 'fra' })
  const elsewhere = await addRecord(systemActor, environment, { name: 'dev', colour: 'green', protection: 'open' })
  await changeRecord(systemActor, herd, id, { environmentId: elsewhere.id }, 2)
  expect((await kept(id)).environment_id).toBe(elsewhere.id)
  await deleteRecord(systemActor, herd, id)
  expect(await query('select * from herd_facts where herd_id = $1', [id])).toEqual([])
})

test('a herd is as large as its primary, and as its largest member while the size of no primary is known', async () => {
  await healthy()
  const size = async () => {
    await itsState()
    return (await kept(ids.herd!)).size_bytes
  }
  expect(await size()).toBe(null)
  await saveSize(ids.b!, 5e9)
  await saveSize(ids.c!, 7e12)
  expect(await size()).toBe(7e12)
  await saveSize(ids.a!, 6e9)
  expect(await size()).toBe(6e9)
  await see('a', unreachable())
  expect(await size()).toBe(7e12)
  await saveSize(crypto.randomUUID(), 1)
})

test('it follows poolers, names and moves', async () => {
  await healthy()
  const [second] = await query(
    `insert into herds (environment_id, name, base_name, data_directory, port) values ($1, 'crm', 'crm', '/d', 5433) returning id`,
    [ids.environment],
  )
  const poolers: string[] = []
  for (const host of ['server-a', 'server-b'])
    poolers.push((await query('insert into poolers (herd_id, server_id) values ($1, $2) returning id', [ids.herd, ids[host]]))[0].id)
  const word = async (herdId = ids.herd!) => {
    await itsState(herdId)
    return (await kept(herdId)).pooler_state
  }
  expect(await word()).toBe('unknown')
  const record = (id: string, over: object) => ({
    ...{ id, state: 'online' as const, because: null, version: null, poolMode: null, paused: 'no' as const, databases: 1, clients: 0 },
    ...{ waiting: 0, longestWaitSeconds: 0, target: null, wanted: null, follows: 'right' as const, seen: [] },
    herds: [
      {
        herdId: ids.herd!,
        databases: 1,
        paused: 'no' as const,
        waiting: 0,
        target: null,
        wanted: null,
        follows: 'right' as const,
        because: null,
      },
    ],
    ...over,
  })
  await savePoolers(poolers.map((id) => record(id, {})))
  expect(await word()).toBe('right')
  await savePoolers([record(poolers[1]!, { state: 'stopped', herds: [] })])
  expect(await word()).toBe('down')
  await linkPoolers([{ poolerId: poolers[0]!, host: '198.18.0.1', port: 5432 }], [])
  await query('insert into pooler_herds (pooler_id, herd_id, is_named) values ($1, $2, false)', [poolers[0], second.id])
  expect(await word(second.id)).toBe('unknown')
  await linkPoolers([], [{ poolerId: poolers[0]!, herdId: second.id }])
  expect(await word(second.id)).toBe(null)
  await query('delete from poolers where id = $1', [poolers[1]])
  expect(await word()).toBe('right')

  const [zone] = await query(`insert into dns_zones (name, environment_id, provider) values ('db.test', $1, 'rfc2136') returning id`, [
    ids.environment,
  ])
  const dns = async () => {
    await itsState()
    return (await kept(ids.herd!)).dns_state
  }
  const names = await query(`insert into dns_names (zone_id, herd_id, host_name) values ($1, $2, 'shop'), ($1, $2, 'store') returning id`, [
    zone.id,
    ids.herd,
  ])
  expect(await dns()).toBe('unknown')
  const verdict = (state: 'right' | 'wrong') => ({ state, because: null, answer: null, wanted: null })
  await saveVerdicts(names.map(({ id }) => ({ id, ...verdict('right') })))
  expect(await dns()).toBe('right')
  await saveVerdicts([{ id: names[0].id, ...verdict('wrong') }])
  expect(await dns()).toBe('wrong')
  await query('update dns_names set herd_id = $2 where id = $1', [names[0].id, second.id])
  expect([await dns(), (await kept(second.id)).dns_state]).toEqual(['right', 'wrong'])
  await query('delete from dns_names where id = $1', [names[1].id])
  expect(await dns()).toBe(null)

  for (const [at, verdict] of [
    ['2026-01-02', 'lost'],
    ['2026-01-01', 'proven'],
  ]) {
    await query(
      `insert into certificates (id, run_id, herd_id, title, operation, verdict, because, key_id, issued_at, document)
       values (gen_random_uuid(), gen_random_uuid(), $1, 'shop', 'failover', $2, '', 'k', $3, '')`,
      [ids.herd, verdict, at],
    )
    await itsState()
    expect((await kept(ids.herd!)).certificate_verdict).toBe('lost')
  }
})

test('of looks at members stored in the same moment the last one counts every other', async () => {
  await healthy()
  for (let round = 0; round < 25; round++) {
    const lsn = (by: number) => `0/${(0x3000000 + round * 100 + by).toString(16)}`
    await Promise.all([
      writeProbes([{ instanceId: ids.a!, probe: primary({ standbys: listing, currentLsn: lsn(90) }), source: 'observer' }]),
      writeProbes([{ instanceId: ids.b!, probe: standby('198.18.0.1', { replayedLsn: lsn(round % 7) }), source: 'observer' }]),
      writeProbes([{ instanceId: ids.c!, probe: round % 3 === 0 ? unreachable() : standby('198.18.0.1'), source: 'observer' }]),
    ])
    await itsState()
  }
})
