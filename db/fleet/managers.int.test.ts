import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { ids, openShop, query } from '@/e2e/harness/observed-shop'
import type { FoundManager } from '@/lib/domain/managers/manager'
import type { ConfigObject } from '@/lib/domain/managers/patroni-config'
import type { FleetHerd } from '@/lib/domain/problems/fleet'
import { systemActor } from '@/lib/kernel/access/access'
import { until } from '@/lib/playground/machine/processes'
import { fleetFacts } from './front-page'
import { makeInventory } from './inventory'
import { keepManagers } from './managers'
import { managersFound, readManagers } from './managers-view'
import { readConfigs } from './patroni-configs'

let database: TestDatabase
let servers: Record<'a' | 'b' | 'c', string>
let directory: string
beforeAll(async () => {
  database = await startDatabase()
})
afterAll(() => database.stop())
beforeEach(async () => {
  await openShop()
  servers = { a: ids['server-a']!, b: ids['server-b']!, c: ids['server-c']! }
  const [row] = await query('select data_directory from instances where id = $1', [ids.a])
  directory = row.data_directory
})

const patroni = (more: Partial<FoundManager> = {}): FoundManager => ({
  ...{ kind: 'patroni', state: 'running', dataDirectory: directory, configPath: '/etc/patroni/15-shop.yml', isReadable: true },
  ...{
    cluster: '15-shop',
    member: 'a',
    dcs: 'etcd3',
    api: 'http://10.0.0.1:8008',
    version: '3.0.2',
    isPaused: false,
    members: [],
    history: [],
  },
  ...more,
})
const at = (second: number) => new Date(Date.UTC(2026, 2, 1, 12, 0, second)).toISOString()
const keep = (server: keyof typeof servers, second: number, managers: FoundManager[], { isWhole = true, isExact = true } = {}) =>
  keepManagers([{ serverId: servers[server], at: at(second), seen: { isWhole, managers }, isExact }])
const managerOf = async (id: string) => (await query('select manager from instances where id = $1', [id]))[0]!.manager
const herdManager = async () => (await query('select manager from herd_list where id = $1', [ids.herd]))[0]!.manager

test('nobody has looked: it is not known, and the herd says so until every member was looked at', async () => {
  expect([await managerOf(ids.a!), await herdManager()]).toEqual(['unknown', 'unknown'])
  await keepManagers([{ serverId: servers.a, at: at(1), seen: null, isExact: true }])
  expect(await managerOf(ids.a!)).toBe('unknown')
  await keep('a', 2, [])
  expect([await managerOf(ids.a!), await herdManager()]).toEqual(['none', 'unknown'])
  await keep('b', 2, [])
  await keep('c', 2, [])
  expect(await herdManager()).toBe('none')
})

test('one managed member makes it a managed herd, and operations are told what was seen and when', async () => {
  await keep('a', 1, [patroni()])
  expect([await managerOf(ids.a!), await managerOf(ids.b!), await herdManager()]).toEqual(['patroni', 'unknown', 'patroni'])
  expect((await makeInventory().instance(ids.a!)).manager).toEqual({ by: 'patroni', seenAt: at(1) })
  expect((await makeInventory().instance(ids.b!)).manager).toBeUndefined()
  await keep('b', 1, [patroni({ kind: 'repmgr' })])
  expect(await herdManager()).toBe('several')
})

test('the time of the look decides: an older one that arrives late changes nothing', async () => {
  await keep('a', 10, [patroni()])
  await keep('a', 5, [])
  expect(await managerOf(ids.a!)).toBe('patroni')
  await keep('a', 15, [], { isWhole: false })
  expect(await managerOf(ids.a!)).toBe('unknown')
  await keep('a', 20, [])
  expect([await managerOf(ids.a!), await herdManager()]).toEqual(['none', 'unknown'])
})

test('an agent that knows the directory by another path does not call the instance unmanaged', async () => {
  await keep('a', 1, [patroni()])
  await keep('a', 30, [patroni({ dataDirectory: '/srv/real/path' })], { isExact: false })
  expect(await managerOf(ids.a!)).toBe('patroni')
  await keep('a', 40, [], { isExact: false })
  expect(await managerOf(ids.a!)).toBe('none')
})

test('a look that found nothing new is written only when the last one has grown old', async () => {
  const seenAt = async () => (await readManagers(systemActor, ids.a!))[0]!.seenAt
  await keep('a', 1, [patroni()])
  await keep('a', 11, [patroni()])
  expect(await seenAt()).toBe(at(1))
  await keep('a', 31, [patroni()])
  expect(await seenAt()).toBe(at(31))
})

test('who manages a herd is shown to those alone who may see its instances', async () => {
  await keep('a', 1, [patroni()])
  const shown = await readManagers(systemActor, ids.herd!)
  expect(shown.map(({ manager, managers }) => [manager, managers.map(({ cluster }) => cluster)])).toContainEqual(['patroni', ['15-shop']])
  expect(await readManagers({ ...systemActor, grants: [] }, ids.herd!)).toEqual([])
})

test('the front page knows of a pause, and of two managers', async () => {
  // What it shows may be a second old.
  const shows = (what: string, is: (herd: FleetHerd) => boolean | undefined) =>
    until(what, async () => (await fleetFacts(systemActor)).herds.some((herd) => herd.id === ids.herd && is(herd)), { timeoutMs: 10_000 })
  await keep('a', 1, [patroni({ isPaused: true })])
  await shows('the pause', ({ isPaused, isContested }) => isPaused && !isContested)
  await keep('a', 40, [patroni({ isPaused: null })])
  await keep('b', 40, [patroni({ kind: 'pg_auto_failover' })])
  await shows('two managers', ({ isPaused, isContested }) => !isPaused && isContested)
})

test('menus are told what was found at the herds that somebody may see, and of none other', async () => {
  await keep('a', 1, [patroni()])
  const actorIn = (environmentId: string | null) => ({ ...systemActor, grants: [{ role: 'viewer' as const, environmentId }] })
  expect(await managersFound(systemActor)).toContain('patroni')
  expect(await managersFound(systemActor, ids.herd!)).toEqual(new Set(['patroni']))
  expect((await managersFound(actorIn(crypto.randomUUID()))).size).toBe(0)
})

test('a configuration is a version from the look that saw it first; the same one again is none, nor is one that arrives late, and only a run that was under way is named', async () => {
  const see = (second: number, config: ConfigObject, server: keyof typeof servers = 'a', of = directory) =>
    keepManagers([
      {
        serverId: servers[server],
        at: at(second),
        seen: { isWhole: true, managers: [patroni()], configs: [{ dataDirectory: of, config }] },
        isExact: true,
      },
    ])
  const [run] = await query(
    `insert into runs (operation, resource, title, actor_name, policy, digest) values ('patroni-configure', 'dr-pair', 'Edit', 'ada', '{}', '') returning id`,
  )
  const job = async (from: number, to: number) => {
    await query(
      `insert into jobs (run_id, operation, resource, target_id, herd_id, title, digest, started_at, finished_at)
        values ($1, 'patroni-configure', 'dr-pair', $2, $2, '', '', $3, $4)`,
      [run!.id, ids.herd, at(from), at(to)],
    )
  }
  await see(1, { ttl: 30, loop_wait: 10 })
  await see(2, { loop_wait: 10, ttl: 30 })
  await see(30, { ttl: 30, loop_wait: 10 })
  await job(31, 33)
  await see(34, { ttl: 45, loop_wait: 10 })
  // A look that began before the change and came late, and a directory that is none of its members'.
  await see(20, { ttl: 30, loop_wait: 10 })
  await see(36, { ttl: 99 }, 'b', '/srv/other')
  await see(58, { ttl: 30, loop_wait: 10 }, 'b')
  const versions = await readConfigs(systemActor, ids.herd!)
  expect(versions.map(({ config, firstSeenAt, lastSeenAt, runs }) => [config.ttl, firstSeenAt, lastSeenAt, runs])).toEqual([
    [30, at(58), at(58), []],
    [45, at(34), at(34), [{ id: run!.id, operation: 'patroni-configure', by: 'ada' }]],
    [30, at(1), at(30), []],
  ])
  expect(await readConfigs({ ...systemActor, grants: [] }, ids.herd!)).toEqual([])
})
