import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { later, primary, standby, unreachable } from '@/e2e/harness/observed'
import { ids, openShop, query, see } from '@/e2e/harness/observed-shop'
import type { Actor } from '@/lib/kernel/access/access'
import { projectRoot } from '@/lib/playground/setup.mjs'
import { timelineQuery } from '@/lib/shapes/timeline'
import { writeHosts } from '../fleet/observations'
import { readTimeline, timelineSql } from './read'
import type { Subject } from './sources'

let database: TestDatabase
beforeAll(async () => {
  database = await startDatabase()
})
afterAll(() => database.stop())
beforeEach(async () => {
  await openShop()
  await query('truncate fleet_events, changes, incidents, runs, certificates, failovers cascade')
})

const who = (environmentId: string | null): Actor => ({
  kind: 'person',
  personId: null,
  name: 'ada',
  grants: [{ role: 'viewer', environmentId }],
})
const ada = who(null)
const asked = (given: object = {}) => timelineQuery.parse(given)
const read = (of: Subject['of'], name: string, given: object = {}, actor = ada) => readTimeline(actor, { of, id: ids[name]! }, asked(given))
const told = async (of: Subject['of'], name: string, given: object = {}) =>
  (await read(of, name, given)).lines.map(({ title, what }) => `${title}: ${what}`)

const changed = (at: string, field: string, by = 'ada', environment = ids.environment, object = ids.herd) =>
  query(
    `insert into changes (at, actor_name, resource, object_id, title, act, environment_id, fields) values ($1, $2, 'herd', $3, 'shop', 'change', $4, jsonb_build_object($5::text, '[1, 2]'::jsonb))`,
    [at, by, object, environment, field],
  )

test('an outage stands with its length once the instance is seen online, and the first look is none', async () => {
  await see('a', primary())
  expect(await told('instance', 'a')).toEqual([])
  await see('a', unreachable())
  expect((await read('herd', 'herd')).lines[0]).toMatchObject({
    kind: 'outage',
    what: 'Is unreachable, was online',
    isOpen: true,
    seconds: null,
    because: 'The host does not answer.',
  })
  await query(`update fleet_events set at = at - interval '90 s'`)
  await see('a', primary())
  const { lines } = await read('instance', 'a')
  expect(lines.map(({ what }) => what)).toEqual(['Is online, was unreachable', 'Is unreachable, was online'])
  expect(lines[1]).toMatchObject({ isOpen: false, href: `/instances/${ids.a}` })
  expect(lines[1]!.seconds).toBeGreaterThanOrEqual(90)
})

test('a state lasts until the next one, so no two spans of one instance overlap, and ends with its record', async () => {
  await see('a', primary())
  await see('a', unreachable())
  await see('a', primary({ state: 'stopped', because: 'It was stopped.' }))
  await see('a', unreachable())
  const { lines } = await read('herd', 'herd')
  expect(lines.map(({ what, isOpen }) => [what, isOpen])).toEqual([
    ['Is unreachable, was stopped', true],
    ['Is stopped, was unreachable', false],
    ['Is unreachable, was online', false],
  ])
  const ends = await query('select ended_at, lead(at) over (order by at) as next from fleet_events')
  for (const { ended_at, next } of ends) expect(ended_at).toEqual(next)
  await query('delete from instances where id = $1', [ids.a])
  expect((await read('herd', 'herd')).lines[0]).toMatchObject({ isOpen: false, seconds: expect.any(Number) })
})

test('the outage of a member that was moved to another server meanwhile ends as any other', async () => {
  await see('a', primary())
  await see('a', unreachable())
  await query('delete from instances where id = $1', [ids.b])
  await query('update instances set server_id = $2 where id = $1', [ids.a, ids['server-b']])
  await query('delete from instances where id = $1', [ids.a])
  expect((await read('herd', 'herd')).lines).toMatchObject([{ isOpen: false }])
})

test('states that an earlier version left open end where the next began, or with their record', async () => {
  const leaveOpen = (title: string, instance: string | null | undefined, hour: number) =>
    query(
      `insert into fleet_events (at, kind, instance_id, server_id, environment_id, title, was, became)
       values (timestamptz '2026-03-01Z' + $1 * interval '1 hour', 'state', $2, $3, $4, $5, 'online', 'unreachable')`,
      [hour, instance, ids['server-a'], ids.environment, title],
    )
  await leaveOpen('first', ids.a, 12)
  await leaveOpen('second', ids.a, 13)
  await leaveOpen('host', null, 14)
  await leaveOpen('gone', ids.environment, 12)
  const migration = readFileSync(join(projectRoot, 'db/migrations/0016_timeline_mended.sql'), 'utf8')
  for (const statement of migration.split('--> statement-breakpoint').slice(-2)) await query(statement)
  const ends = await query(
    `select title, ended_at is not null as ended, ended_at = timestamptz '2026-03-01 13:00Z' as "isNext" from fleet_events order by title`,
  )
  expect(ends).toEqual([
    { title: 'first', ended: true, isNext: true },
    { title: 'gone', ended: true, isNext: false },
    { title: 'host', ended: false, isNext: null },
    { title: 'second', ended: false, isNext: null },
  ])
})

test('a change of role, a new timeline and a restart are told of, of the member, its herd and its server', async () => {
  await see('b', standby('198.18.0.1', { timeline: 1, postmasterStartedAt: '2026-03-01T12:00:00.000Z' }))
  await see('b', primary({ timeline: 2, postmasterStartedAt: '2026-03-01T13:00:00.000Z' }))
  for (const [of, name] of [
    ['instance', 'b'],
    ['herd', 'herd'],
    ['server', 'server-b'],
  ] as const)
    expect((await told(of, name)).sort()).toEqual([
      'shop on Host-b.example: Is on timeline 2, was on 1',
      'shop on Host-b.example: Is the primary now, was a standby',
      'shop on Host-b.example: Was restarted',
    ])
  expect(await told('instance', 'a')).toEqual([])
  // To the second only, as an agent may know it.
  await see('b', primary({ timeline: 2, postmasterStartedAt: '2026-03-01T13:00:00.900Z' }))
  expect(await told('instance', 'b', { kind: 'restart' })).toHaveLength(1)
})

test('a server that does not answer is on its own timeline, with the length', async () => {
  const look = (fault: Parameters<typeof writeHosts>[0][number]['fault']) =>
    writeHosts([{ serverId: ids['server-a']!, at: later(), fault, because: fault && 'It does not answer.' }])
  await look(null)
  await look({ code: 'shell.unreachable' } as never)
  await look(null)
  const { lines } = await read('server', 'server-a')
  expect(lines.map(({ what }) => what)).toEqual(['Is reachable, was unreachable', 'Is unreachable, was reachable'])
  expect(lines[1]).toMatchObject({ isOpen: false, seconds: expect.any(Number) })
})

test('runs, edits, alarms, certificates, failovers and acknowledgements stand in one order, each with who and its proof', async () => {
  const run = '10000000-0000-4000-8000-000000000001'
  await query(
    `insert into runs (id, operation, resource, title, policy, digest, actor_name) values ($1, 'restart', 'instance', 'Restart', '{}', 'd', 'grace')`,
    [run],
  )
  await query(
    `insert into jobs (run_id, operation, resource, target_id, title, environment_id, herd_id, state, digest, created_at, finished_at)
     values ($1, 'restart', 'instance', $2, 'shop on a', $3, $4, 'done', 'd', '2026-03-01T12:01Z', '2026-03-01T12:02Z')`,
    [run, ids.a, ids.environment, ids.herd],
  )
  await changed('2026-03-01T12:02Z', 'virtualHost')
  await query(
    `insert into incidents (kind, item_key, environment_ids, family, severity, headline, label, detail, href, began_at, ended_at)
     values ('down', $1, array[$2::uuid], 'problem', 0, 'Primary down', 'shop on a', '', '/', '2026-03-01T12:03Z', '2026-03-01T12:04Z')`,
    [ids.a, ids.environment],
  )
  await query(
    `insert into certificates (id, run_id, herd_id, environment_id, title, operation, verdict, because, key_id, issued_at, document)
     values ($1, $1, $2, $3, 'shop', 'switchover', 'proven', 'All there.', 'k', '2026-03-01T12:05Z', '{}')`,
    [run, ids.herd, ids.environment],
  )
  await query(
    `insert into failovers (id, run_id, herd_id, environment_id, title, state, mode, old_primary, new_primary, actor_name, started_at, lines)
     values ($1, $1, $2, $3, 'shop', 'done', 'emergency', 'a', 'b', 'grace', '2026-03-01T12:06Z', '[]')`,
    [run, ids.herd, ids.environment],
  )
  await query(
    `insert into audit (seq, at, actor_name, actor_kind, act, title, environment_id, detail, previous_hash, hash)
     values (1, '2026-03-01T12:07Z', 'ada', 'person', 'fleet.acknowledge', 'shop on a', $1, jsonb_build_object('key', $2::text, 'hours', 8, 'note', 'On it.'), 'p', 'h')`,
    [ids.environment, ids.a],
  )
  const { lines } = await read('herd', 'herd')
  expect(lines.map(({ kind, what, person, href }) => [kind, what, person, href])).toEqual([
    ['acknowledgement', 'Acknowledged for 8 h', 'ada', null],
    ['failover', 'Emergency failover from a to b', 'grace', `/failovers/${run}`],
    ['certificate', 'Certificate: no commit was lost', null, `/certificates/${run}`],
    ['alarm', 'Ended: Primary down', null, '/'],
    ['alarm', 'Primary down', null, '/'],
    ['change', 'Changed virtualHost', 'ada', `/herds/${ids.herd}/history`],
    ['run', 'Restart', 'grace', `/runs/${run}`],
  ])
  expect(await told('herd', 'herd', { person: 'GRACE' })).toHaveLength(2)
  expect(await told('herd', 'herd', { kind: 'run,change', from: '2026-03-01T12:02', to: '2026-03-01T12:03Z' })).toEqual([
    'shop: Changed virtualHost',
  ])
})

test('a host that is off, and who took it on, is on the timelines of what runs there', async () => {
  await query(
    `insert into incidents (kind, item_key, environment_ids, family, severity, headline, label, detail, href, began_at)
     values ('server-unreachable', $1, array[$2::uuid], 'problem', 0, 'Server does not answer', 'host-a', '', '/', '2026-03-01T12:03Z')`,
    [ids['server-a'], ids.environment],
  )
  await query(
    `insert into audit (seq, at, actor_name, actor_kind, act, title, environment_id, detail, previous_hash, hash)
     values (2, '2026-03-01T12:07Z', 'ada', 'person', 'fleet.acknowledge', 'host-a', $1, jsonb_build_object('key', $2::text, 'hours', 8, 'note', 'On it.'), 'p', 'h')`,
    [ids.environment, ids['server-a']],
  )
  const both = ['host-a: Acknowledged for 8 h', 'host-a: Server does not answer']
  expect(await told('herd', 'herd')).toEqual(both)
  expect(await told('instance', 'a')).toEqual(both)
  expect(await told('instance', 'b')).toEqual([])
})

test('a setting is told of as SHOW writes it', async () => {
  await query(
    `insert into setting_changes (instance_id, at, name, is_pending, unit, type, old_value, new_value) values ($1, '2026-03-01T12:00Z', 'shared_buffers', true, '8kB', 'integer', '16384', '32768')`,
    [ids.a],
  )
  expect((await read('herd', 'herd')).lines).toMatchObject([{ what: 'shared_buffers: 256MB, was 128MB', because: 'Waits for a restart' }])
})

test('pages hold every line once, also of those of the same moment', async () => {
  for (let n = 0; n < 7; n += 1) await changed('2026-03-01T12:00:00.123456Z', `f${n}`)
  const seen: string[] = []
  for (let before: string | null = ''; before !== null; ) {
    const page: Awaited<ReturnType<typeof read>> = await read('herd', 'herd', { per: 3, before })
    seen.push(...page.lines.map(({ what }) => what))
    before = page.next
  }
  expect(seen.sort()).toEqual([0, 1, 2, 3, 4, 5, 6].map((n) => `Changed f${n}`))
})

test('a viewer of one environment is told nothing of another, not even by the texts of what spans both', async () => {
  const other = '00000000-0000-4000-8000-000000000009'
  await expect(read('herd', 'herd', {}, who(other))).rejects.toMatchObject({ code: 'record.missing' })
  await changed('2026-03-01T12:00Z', 'here')
  await changed('2026-03-01T12:00Z', 'there', 'eve', other)
  await query(
    `insert into incidents (kind, item_key, environment_ids, family, severity, headline, label, detail, href)
     values ('split', $1, array[$2::uuid, $3::uuid], 'problem', 0, 'Split brain with the secret herd', 'shop', '', '/')`,
    [ids.herd, ids.environment, other],
  )
  const texts = (await read('herd', 'herd', {}, who(ids.environment!))).lines.map(({ what }) => what)
  expect(texts).toEqual(['Changed here'])
  expect((await read('herd', 'herd')).lines).toHaveLength(3)
})

test('the newest page of 100,000 events and edits is read by indexes', async () => {
  await query(
    `insert into fleet_events (at, kind, instance_id, herd_id, server_id, environment_id, title, was, became)
     select now() - n * interval '1 min', 'role', md5((n % 500)::text)::uuid, md5((n % 200)::text)::uuid, $1, $2, 'x', 'standby', 'primary' from generate_series(1, 100000) n`,
    [ids['server-a'], ids.environment],
  )
  await query(
    `insert into changes (at, actor_name, resource, object_id, title, act, environment_id)
     select now() - n * interval '1 min', 'ada', 'herd', md5((n % 200)::text)::uuid, 'x', 'change', $1 from generate_series(1, 100000) n`,
    [ids.environment],
  )
  await query('analyze fleet_events, changes')
  const statement = timelineSql(ada, { of: 'herd', id: (await query(`select md5('7')::uuid as id`))[0].id }, asked())!
  const [{ 'QUERY PLAN': plan }] = await query(`explain (analyze, format json) ${statement.text}`, statement.values)
  const text = JSON.stringify(plan)
  for (const table of ['fleet_events', 'changes']) expect(text).not.toMatch(new RegExp(`"Seq Scan"[^{}]*"Relation Name":"${table}"`))
  expect(plan[0]['Execution Time']).toBeLessThan(100)
})
