import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { fleetFacts } from '@/db/fleet/front-page'
import { makeInventoryAct } from '@/db/fleet/herd-members'
import { makeInventory } from '@/db/fleet/inventory'
import { poolerAlarms } from '@/db/fleet/poolers'
import { getPool } from '@/db/pg/client'
import { listRecords } from '@/db/records/records'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { type MemoryFleet, memoryFleet } from '@/lib/adapters/memory'
import { systemActor } from '@/lib/kernel/access/access'
import { emptyQuery } from '@/lib/kernel/resource/query'
import type { ActPorts, PoolerAddress } from '@/lib/ports'
import { resourceByName } from '@/lib/resources'
import { observePoolers } from './observe-poolers'

let database: TestDatabase
beforeAll(async () => {
  database = await startDatabase()
})
afterAll(() => database?.stop())

const template = '[databases]\norders = host={{host}} port={{port}} dbname=orders\n\n[pgbouncer]\nlisten_port = 6432\n'

let fleet: MemoryFleet
let ids: { pooler: string; herd: string; instances: string[]; crm: { herd: string; instances: string[] } }

/** A herd of two with a pooler in front, in the console's database and in memory; each side has its own ids, joined by host name. `sharing`: the pooler serves crm too. */
const open = async (sharing: string[]) => {
  fleet = memoryFleet([
    { environment: 'prod', name: 'orders', hosts: ['n1', 'n2'], poolers: ['front'] },
    { environment: 'prod', name: 'crm', hosts: ['c1', 'c2'], sharedPoolers: sharing },
  ])
  const one = async (sql: string, values: unknown[]) => (await getPool().query(sql, values)).rows[0].id as string
  await getPool().query('truncate environments, servers, herds, instances, poolers, leases cascade')
  const environment = await one(`insert into environments (name) values ('prod') returning id`, [])
  const server = (name: string) =>
    one(`insert into servers (environment_id, hostname, address) values ($1, $2, $3) returning id`, [
      environment,
      name,
      fleet.host(name).server.address.address,
    ])
  const herdOf = async (name: string, hosts: [string, string]) => {
    const herd = await one(
      `insert into herds (environment_id, name, base_name, data_directory) values ($1, $2, $2, '/data') returning id`,
      [environment, name],
    )
    const instance = async (host: string, role: string) =>
      one(`insert into instances (herd_id, server_id, role, state, observed_at) values ($1, $2, $3, 'online', now()) returning id`, [
        herd,
        await server(host),
        role,
      ])
    return { herd, instances: [await instance(hosts[0], 'primary'), await instance(hosts[1], 'standby')] }
  }
  const orders = await herdOf('orders', ['n1', 'n2'])
  const crm = await herdOf('crm', ['c1', 'c2'])
  const front = await server('front')
  const pooler = await one(`insert into poolers (herd_id, server_id) values ($1, $2) returning id`, [orders.herd, front])
  ids = { pooler, ...orders, crm }
}
beforeEach(() => open([]))

/** The twin under the ids of the database. */
const ports = (): ActPorts => {
  const pooler = fleet.pooler('orders pooler on front')
  const twin = (address: PoolerAddress): PoolerAddress => ({ ...address, poolerId: pooler.inventory.id })
  const under = <T extends object>(port: T): T =>
    Object.fromEntries(
      Object.entries(port).map(([name, call]) => [
        name,
        typeof call === 'function' ? (address: PoolerAddress, ...rest: unknown[]) => call(twin(address), ...rest) : call,
      ]),
    ) as T
  return {
    read: {
      ...fleet.read,
      inventory: makeInventory(),
      poolers: under(fleet.read.poolers),
      postgres: {
        ...fleet.read.postgres,
        probe: (address, options) =>
          fleet.read.postgres.probe(
            fleet.instance(`${address.host.hostname.startsWith('c') ? 'crm' : 'orders'} on ${address.host.hostname}`).inventory.address,
            options,
          ),
      },
    },
    act: { ...fleet.act, inventory: makeInventoryAct(), poolers: under(fleet.act.poolers) },
  }
}

const log = { info: () => {}, warn: () => {}, error: () => {} }
const observe = () => observePoolers(ports(), log, new AbortController().signal)
const row = async () => (await getPool().query('select * from poolers where id = $1', [ids.pooler])).rows[0]
const pooler = () => fleet.pooler('orders pooler on front')
const addressOf = (host: string) => fleet.host(host).server.address.address

/** By another hand than the console's, in both worlds. */
const movePrimary = async ([from, to] = ['orders on n1', 'orders on n2'], instances = ids.instances) => {
  Object.assign(fleet.instance(from!), { state: 'stopped' })
  Object.assign(fleet.instance(to!), { hasStandbySignal: false, upstreamId: null, timeline: 2 })
  await getPool().query(`update instances set role = 'unknown', state = 'stopped' where id = $1`, [instances[0]])
  await getPool().query(`update instances set role = 'primary', observed_at = now() where id = $1`, [instances[1]])
}
const manage = () => getPool().query('update poolers set template = $2, is_managed = true where id = $1', [ids.pooler, template])

test('what a pooler shows is kept, with where it leads, where it should, and how busy it is', async () => {
  await observe()
  expect(await row()).toMatchObject({
    state: 'online',
    version: '1.18.0',
    pool_mode: 'transaction',
    paused: 'no',
    follows: 'right',
    target: `${addressOf('n1')}:5432`,
    wanted: `${addressOf('n1')}:5432`,
    stale_since: null,
    databases: 1,
    seen: [{ name: 'orders', pace: { transactionsPerSecond: 0, waitMicroseconds: 0 } }],
  })
})

test('a managed pooler is brought to a primary that moved behind the console’s back, under a token of its own', async () => {
  await manage()
  await movePrimary()
  await observe()
  expect(pooler().databases.get('orders')!.host).toBe(addressOf('n2'))
  expect(pooler().file!.text).toContain(`host=${addressOf('n2')} port=5432`)
  expect(await row()).toMatchObject({
    follows: 'right',
    target: `${addressOf('n2')}:5432`,
    stale_since: null,
    fence: String(pooler().fence),
  })
})

test('a pooler that was deleted and registered anew is led on: its tokens are higher than those its file has seen', async () => {
  const token = await makeInventoryAct().claimPooler(ids.pooler, { timeoutMs: 10_000 })
  expect(await makeInventoryAct().claimPooler(ids.pooler, { timeoutMs: 10_000 })).toBeGreaterThan(token)
  await getPool().query('update poolers set fence = 0')
  pooler().fences.set('', token)
  await manage()
  await movePrimary()
  await observe()
  expect(pooler().databases.get('orders')!.host).toBe(addressOf('n2'))
})

test('a file of somebody’s own is never written: the pooler is stale, and a problem of the front page after five seconds', async () => {
  await movePrimary()
  await observe()
  expect(pooler().applied).toEqual([])
  expect(await row()).toMatchObject({ follows: 'stale', because: 'it points to orders on n1, and its file is not managed by the console' })
  expect((await fleetFacts(systemActor)).poolers).toEqual([])
  await getPool().query(`update poolers set stale_since = now() - interval '6 s' where id = $1`, [ids.pooler])
  await expect
    .poll(async () => (await fleetFacts(systemActor)).poolers, { timeout: 20_000 })
    .toMatchObject([{ trouble: 'stale', wanted: `${addressOf('n2')}:5432`, total: 1 }])
})

const lockOrders = () =>
  getPool().query(
    `insert into leases (name, token, holder, reason, expires_at) values ($1, gen_random_uuid(), 'ada', 'moves a rack', now() + interval '1 min')`,
    [`herd:${ids.herd}`],
  )

test('nothing is moved while a person holds the herd’s lock', async () => {
  await manage()
  await movePrimary()
  await lockOrders()
  await observe()
  expect(pooler().applied).toEqual([])
  expect((await row()).follows).toBe('stale')
})

test('a failover that still holds the herd’s lock keeps no pooler from following', async () => {
  await manage()
  await movePrimary()
  const { rows } = await getPool().query(
    `with r as (
       insert into runs (operation, resource, title, actor_name, policy, digest, environment_ids)
       values ('failover', 'dr-pair', 'orders', 'ada', '{}', 'd', '{}') returning id
     )
     insert into jobs (run_id, operation, resource, target_id, title, digest, state)
     select id, 'failover', 'dr-pair', $1, 'orders', 'd', 'running' from r returning id`,
    [ids.herd],
  )
  await getPool().query(
    `insert into leases (name, token, holder, reason, job_id, expires_at)
     values ($1, gen_random_uuid(), 'a job', 'fails over', $2, now() + interval '1 min')`,
    [`herd:${ids.herd}`, rows[0].id],
  )
  await observe()
  expect(await row()).toMatchObject({ follows: 'right', target: `${addressOf('n2')}:5432` })
})

test('a fact that is no longer true moves nothing: the primary is asked again first', async () => {
  await manage()
  await getPool().query(`update instances set role = 'standby' where id = $1`, [ids.instances[0]])
  await getPool().query(`update instances set role = 'primary' where id = $1`, [ids.instances[1]])
  await observe()
  expect(pooler().applied).toEqual([])
  expect((await row()).because).toBe('orders on n2 is online, standby')
})

test('a pooler that stays paused is kept with since when, and is free again when it is resumed', async () => {
  pooler().databases.get('orders')!.isPaused = true
  await observe()
  const first = await row()
  await observe()
  expect(await row()).toMatchObject({ paused: 'all', paused_since: first.paused_since })
  pooler().databases.get('orders')!.isPaused = false
  await observe()
  expect(await row()).toMatchObject({ paused: 'no', paused_since: null })
})

test('a pooler that does not answer says why, and keeps nothing that was not seen', async () => {
  pooler().isRunning = false
  await observe()
  expect(await row()).toMatchObject({ state: 'stopped', paused: 'unknown', follows: 'unknown', target: null, clients: null })
})

describe('a pooler that serves two herds', () => {
  beforeEach(() => open(['front']))
  const moveCrm = () => movePrimary(['crm on c1', 'crm on c2'], ids.crm.instances)
  const linked = `select h.name, l.follows, l.target, l.paused, l.is_named, l.because from pooler_herds l join herds h on h.id = l.herd_id
    order by l.is_named desc, 1`
  const links = async () => (await getPool().query(linked)).rows
  const shared = `[databases]\norders = host={{host}} port={{port}} dbname=orders\ncrm = host={{host:crm}} port={{port:crm}} dbname=crm\n\n[pgbouncer]\nlisten_port = 6432\npool_mode = transaction\n`
  const manageBoth = () => getPool().query('update poolers set template = $2, is_managed = true where id = $1', [ids.pooler, shared])

  test('is seen to serve the herd that a database leads to, and no more once none does; its registration stays with the first', async () => {
    await observe()
    await observe()
    const rights = { follows: 'right', paused: 'no', because: null }
    expect(await links()).toMatchObject([
      { ...rights, name: 'orders', target: `${addressOf('n1')}:5432`, is_named: true },
      { ...rights, name: 'crm', target: `${addressOf('c1')}:5432`, is_named: false },
    ])
    expect(await row()).toMatchObject({ herds: ['orders', 'crm'], herd_ids: [ids.herd, ids.crm.herd], follows: 'right' })
    expect((await row()).seen.map(({ name, herdId }: { name: string; herdId: string }) => [name, herdId])).toEqual([
      ['orders', ids.herd],
      ['crm', ids.crm.herd],
    ])
    expect((await makeInventory().herdPoolers(ids.crm.herd)).map(({ id }) => id)).toEqual([ids.pooler])
    const query = { ...emptyQuery(), columns: ['herds'], filters: { herdId: [ids.crm.herd] } }
    const { rows, facets } = await listRecords(systemActor, resourceByName('pooler')!, query, { facets: true })
    expect(rows).toHaveLength(1)
    expect(facets!.find(({ field }) => field === 'herdId')!.choices).toMatchObject([
      { label: 'crm', count: 1 },
      { label: 'orders', count: 1 },
    ])
    pooler().databases.delete('crm')
    await observe()
    expect(await row()).toMatchObject({ herds: ['orders'], herd_ids: [ids.herd] })
  })

  test('is led to the primary of the herd that moved, in the lines of that herd alone, also while the other one is worked on', async () => {
    await manageBoth()
    expect(await row()).toMatchObject({ herds: ['orders', 'crm'] })
    await lockOrders()
    await moveCrm()
    await movePrimary()
    await observe()
    expect(pooler().file!.text).toContain(`crm = host=${addressOf('c2')} port=5432`)
    expect(pooler().file!.text).toContain(`orders = host=${addressOf('n1')} port=5432`)
    expect(await links()).toMatchObject([
      { name: 'crm', follows: 'right', target: `${addressOf('c2')}:5432` },
      { name: 'orders', follows: 'stale', target: `${addressOf('n1')}:5432` },
    ])
    expect((await row()).follows).toBe('stale')
  })

  test('that leads one herd elsewhere, or holds it back, says so of that herd alone', async () => {
    await observe()
    await moveCrm()
    pooler().databases.get('orders')!.isPaused = true
    await observe()
    expect(await links()).toMatchObject([
      { name: 'orders', follows: 'right', paused: 'all' },
      { name: 'crm', follows: 'stale', paused: 'no', because: expect.stringContaining('it points to crm on c1') },
    ])
    expect(await row()).toMatchObject({ paused: 'some', because: expect.stringMatching(/^crm: it points to crm on c1/) })
    const alarms = (herd: string) => poolerAlarms('herd', herd)
    expect(await alarms(ids.herd)).toMatchObject([{ paused: 'all', follows: 'right' }])
    expect(await alarms(ids.crm.herd)).toMatchObject([{ paused: 'no', follows: 'stale', target: `${addressOf('c1')}:5432` }])
  })

  test('keeps its law when a herd is renamed, or goes to another environment: the template goes on naming it, or the two part', async () => {
    await manageBoth()
    await getPool().query(`update herds set name = 'sales' where id = $1`, [ids.crm.herd])
    expect(await row()).toMatchObject({ herds: ['orders', 'sales'], template: shared.replaceAll(':crm}}', ':sales}}') })
    expect((await row()).search_text).toContain('sales')
    const { rows } = await getPool().query(`insert into environments (name) values ('dev') returning id`)
    await getPool().query('delete from instances where herd_id = $1', [ids.crm.herd])
    await getPool().query('update herds set environment_id = $2 where id = $1', [ids.crm.herd, rows[0].id])
    expect(await row()).toMatchObject({ herds: ['orders'] })
    const link = () =>
      getPool().query('insert into pooler_herds (pooler_id, herd_id, is_named) values ($1, $2, false)', [ids.pooler, ids.crm.herd])
    await expect(link()).rejects.toThrow('a pooler serves herds of its own environment')
  })
})
