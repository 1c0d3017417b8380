import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { makeInventory } from '@/db/fleet/inventory'
import { getPool } from '@/db/pg/client'
import { dropCluster, makeCluster, type TestCluster } from '@/e2e/harness/daemons/cluster'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { startSshd, type TestSshd } from '@/e2e/harness/daemons/sshd'
import { primary } from '@/e2e/harness/observed'
import { makeHealth } from '@/lib/adapters/health'
import { makeHosts } from '@/lib/adapters/hosts'
import { makePostgres, type Postgres } from '@/lib/adapters/postgres'
import { openSsh, type Ssh } from '@/lib/adapters/ssh'
import { Fault } from '@/lib/kernel/ground/errors'
import type { InventoryRead } from '@/lib/ports'
import { type ObserverOptions, startObserver } from './observe'
import { makeFactSink } from './observe-sink'

let database: TestDatabase
beforeAll(async () => {
  database = await startDatabase()
})
afterAll(() => database.stop())

const query = async (text: string, values: unknown[] = []) => (await getPool().query(text, values)).rows
const log = { info: () => {}, warn: () => {}, error: (facts: object, text: string) => console.error(text, facts) }
const until = async (isSo: () => Promise<boolean>): Promise<void> => {
  const limit = Date.now() + 60_000
  while (!(await isSo())) {
    if (Date.now() > limit) throw new Error('it did not come true')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

const running: (() => Promise<void>)[] = []
const observe = async (
  options: Pick<
    ObserverOptions,
    'inventory' | 'probe' | 'databaseBytes' | 'counters' | 'serverSettings' | 'statements' | 'health' | 'hostFacts'
  >,
) => {
  const sink = makeFactSink(log)
  const observer = await startObserver({ ...options, sink, log, holder: 'test:1', pace: 0.2 })
  const stop = async () => {
    await observer.stop()
    await sink.close()
  }
  running.push(stop)
  return { id: observer.id, stop }
}
afterEach(async () => {
  await Promise.all(running.splice(0).map((stop) => stop()))
})
beforeEach(async () => {
  await query('truncate instances, herds, servers, environments, leases cascade')
})

const addEnvironment = async () => (await query(`insert into environments (name) values ('prod') returning id`))[0].id as string

describe('on real hosts', () => {
  let hosts: TestSshd[]
  let clusters: TestCluster[]
  let ssh: Ssh
  let postgres: Postgres
  let ids: { servers: string[]; instances: string[] }

  beforeAll(async () => {
    const first = await startSshd()
    // One environment has one key: the second host lets it in as well.
    hosts = [first, await startSshd({ lines: [`AuthorizedKeysFile ${first.folder}/authorized_keys`] })]
    const primary = await makeCluster(hosts[0]!, 'alpha')
    clusters = [primary, await makeCluster(hosts[1]!, 'beta', primary)]
  })
  afterAll(async () => {
    for (const cluster of clusters.reverse()) await dropCluster(cluster)
    for (const host of hosts) await host.stop()
  })
  afterEach(async () => {
    postgres.close()
    await ssh.close()
  })
  beforeEach(async () => {
    const environmentId = await addEnvironment()
    const [herd] = await query(
      `insert into herds (environment_id, name, base_name, data_directory) values ($1, 'shop', 'shop', '/data') returning id`,
      [environmentId],
    )
    ids = { servers: [], instances: [] }
    for (const [n, host] of hosts.entries()) {
      const [server] = await query(
        `insert into servers (environment_id, hostname, address, ssh_port, ssh_user, host_key, profile) values ($1, $2, '127.0.0.1', $3, $4, $5, 'generic') returning id`,
        [environmentId, `host-${n}`, host.port, host.user, host.hostKey],
      )
      const [instance] = await query(
        `insert into instances (herd_id, server_id, environment_id, port_override, data_directory_override) values ($1, $2, $3, $4, $5) returning id`,
        [herd.id, server.id, environmentId, clusters[n]!.port, clusters[n]!.data],
      )
      ids.servers.push(server.id)
      ids.instances.push(instance.id)
    }
    ssh = openSsh({ keyFor: async () => hosts[0]!.privateKey, backOffMs: 50, backOffMaxMs: 200, connectTimeoutMs: 2000 })
    postgres = makePostgres(ssh)
    const registered = makeInventory()
    // The test's sockets are in a folder of its own; everything else is as registered.
    const inventory: InventoryRead = {
      ...registered,
      instance: async (id) => {
        const found = await registered.instance(id)
        const cluster = clusters[ids.instances.indexOf(id)]!
        const { socketDirectory, binDirectory } = cluster.instance()
        return { ...found, address: { ...found.address, socketDirectory, binDirectory } }
      },
    }
    await observe({
      inventory,
      probe: postgres.read.probe,
      databaseBytes: postgres.read.databaseBytes,
      counters: postgres.read.counters,
      serverSettings: postgres.serverSettings.read,
      statements: postgres.statements,
      health: makeHealth(ssh),
      hostFacts: makeHosts(ssh).facts,
    })
  })
  const instance = async (n: number) => (await query('select * from instances where id = $1', [ids.instances[n]]))[0]
  const server = async (n: number) => (await query('select * from servers where id = $1', [ids.servers[n]]))[0]

  test('every instance is seen, with its role, lag and time; hosts show their own facts', async () => {
    await until(async () => (await instance(0)).state === 'online' && (await instance(1)).lag_bytes === '0')
    expect(await instance(0)).toMatchObject({ role: 'primary', observed_source: 'observer', because: null })
    expect(await instance(1)).toMatchObject({ role: 'standby', lag_seconds: 0 })
    expect(await server(0)).toMatchObject({ state: 'reachable', because: null })
    expect(Number((await server(0)).memory_bytes)).toBeGreaterThan(0)
  })

  test('the databases of every member are sized after it was seen, and the herd shows those of its primary', async () => {
    await until(async () => (await instance(0)).size_bytes !== null && (await instance(1)).size_bytes !== null)
    expect(Number((await instance(0)).size_bytes)).toBeGreaterThan(10_000_000)
    const [herd] = await query('select f.size_bytes from herd_facts f')
    expect(herd.size_bytes).toBe((await instance(0)).size_bytes)
  })

  test('every member and every host is sampled from the first look on, and rates follow with the second', async () => {
    const sampled = async (id: string, place: number) =>
      (await query('select figures[$2] as figure from samples_fresh where subject = $1 and figures[$2] is not null', [id, place])).length >
      0
    for (const id of ids.instances) await until(() => sampled(id, 2))
    await until(() => sampled(ids.servers[0]!, 4))
    await until(() => sampled(ids.instances[0]!, 5))
  })

  test('a host that dies goes unreachable with what was known of it, holds nobody up, and comes back by itself', async () => {
    await until(async () => (await instance(0)).state === 'online' && (await instance(1)).state === 'online')
    const before = await instance(1)
    await hosts[1]!.kill()
    await until(async () => (await instance(1)).state === 'unreachable')
    const seen = (await instance(0)).observed_at
    await until(async () => (await instance(0)).observed_at > seen)
    const lost = await instance(1)
    expect(lost).toMatchObject({ role: 'standby', version: before.version, replayed_lsn: lost.replayed_lsn })
    expect(lost.because).toBeTruthy()
    expect(await server(1)).toMatchObject({ state: 'unreachable' })
    await hosts[1]!.restart()
    await until(async () => (await instance(1)).state === 'online')
    expect(await server(1)).toMatchObject({ state: 'reachable', because: null })
  })

  test('a changed host key refuses the server and shows the key; once a person accepts it, all is seen again', async () => {
    await until(async () => (await instance(1)).state === 'online')
    const offered = await hosts[1]!.restart({ newHostKey: true })
    await until(async () => (await server(1)).host_key_offered === offered)
    expect(await server(1)).toMatchObject({ state: 'refused' })
    await until(async () => (await instance(1)).state === 'unknown')
    expect((await instance(1)).because).toContain(offered)
    await query('update servers set host_key = $2 where id = $1', [ids.servers[1], offered])
    await query(`select pg_notify('records', 'server')`)
    await until(async () => (await instance(1)).state === 'online')
    expect(await server(1)).toMatchObject({ state: 'reachable', host_key_offered: null })
  })

  test('an instance that stops is seen stopped', async () => {
    await until(async () => (await instance(1)).state === 'online')
    await clusters[1]!.ctl('stop', '-m', 'fast')
    await until(async () => (await instance(1)).state === 'stopped')
    await clusters[1]!.ctl('start')
    await until(async () => (await instance(1)).state === 'online')
  })
})

describe('sharing the fleet', () => {
  /** `count` herds of one instance each, every one on a server of its own. */
  const addHerds = async (count: number) => {
    const environmentId = await addEnvironment()
    await query(
      `with s as (insert into servers (environment_id, hostname, address, host_key) select $1, 'host-' || n, '192.0.2.' || n, 'SHA256:' || n from generate_series(1, $2::int) n
         returning id, hostname),
       h as (insert into herds (environment_id, name, base_name, port, data_directory) select $1, 'herd-' || n, 'herd-' || n, 5432, '/data'
         from generate_series(1, $2::int) n returning id, name)
       insert into instances (herd_id, server_id, environment_id)
         select h.id, s.id, $1 from h join s on split_part(s.hostname, '-', 2) = split_part(h.name, '-', 2)`,
      [environmentId, count],
    )
  }
  const facts = {
    ...{ os: null, cpus: null, loadPerCpu: null, cpuBusy: null, cpuTotal: null, memoryBytes: null, memoryAvailableBytes: null },
    ...{ diskFreeBytes: null, diskBytes: null, clockOffsetSeconds: null, poolers: [], managers: null },
  }
  const probeNow = () => primary({ systemIdentifier: '1', observedAt: new Date().toISOString() })
  const counting = () => {
    const looked = new Map<string, number>()
    return {
      looked,
      inventory: makeInventory(),
      hostFacts: async () => facts,
      databaseBytes: async () => 1,
      counters: () => Promise.reject(new Fault('sql.timeout')),
      serverSettings: { look: () => Promise.reject(new Fault('sql.timeout')), kinds: async () => [] },
      statements: { look: () => Promise.reject(new Fault('sql.timeout')) },
      health: { look: () => Promise.reject(new Fault('sql.timeout')) },
      probe: async ({ instanceId }: { instanceId: string }) => {
        looked.set(instanceId, (looked.get(instanceId) ?? 0) + 1)
        return probeNow()
      },
    }
  }
  const places = async () => (await query(`select name from leases where name like 'observer:%' and expires_at > now()`)).length

  test('two observers share the work, nobody looks twice, and the other takes over what one leaves', async () => {
    await addHerds(60)
    const [one, two] = [counting(), counting()]
    const first = await observe(one)
    await observe(two)
    await until(async () => (await places()) === 2 && one.looked.size > 0 && two.looked.size > 0)
    // Once both know of one another (each hears of the other within its next sign of life), a whole round has each instance looked at by exactly one.
    await until(async () => {
      one.looked.clear()
      two.looked.clear()
      await new Promise((resolve) => setTimeout(resolve, 1500))
      const both = [...one.looked.keys()].filter((id) => two.looked.has(id))
      return both.length === 0 && one.looked.size + two.looked.size === 60
    })
    expect(Math.min(one.looked.size, two.looked.size)).toBeGreaterThan(10)
    await first.stop()
    two.looked.clear()
    await until(async () => two.looked.size === 60)
  })

  test('hosts that hang do not hold up those that answer', async () => {
    await addHerds(80)
    const world = counting()
    const servers = await query('select id, hostname from servers order by hostname')
    const silent = new Set(servers.slice(0, 60).map(({ id }) => id))
    await observe({
      ...world,
      hostFacts: ({ serverId }, _, { timeoutMs, signal }) =>
        silent.has(serverId)
          ? new Promise((_resolve, reject) => {
              const end = () => {
                clearTimeout(timer)
                reject(new Fault('shell.unreachable', { because: 'Silence.' }))
              }
              const timer = setTimeout(end, timeoutMs)
              signal?.addEventListener('abort', end)
            })
          : Promise.resolve(facts),
    })
    const state = async (name: string) => Number((await query('select count(*) from instances where state = $1', [name]))[0].count)
    await until(async () => (await state('online')) === 20)
    const first = new Map(world.looked)
    await until(async () => [...first].every(([id, count]) => world.looked.get(id)! >= count + 2))
    await until(async () => (await state('unreachable')) === 60)
  })

  test('while the metadata database is away the newest looks are kept, and written when it is back', async () => {
    await addHerds(1)
    const [{ id }] = await query('select id from instances')
    const sink = makeFactSink({ ...log, warn: () => {} })
    await query('alter table instances rename to away')
    sink.add({ instanceId: id, probe: { ...probeNow(), clients: 1 }, source: 'observer' })
    sink.add({ instanceId: id, probe: { ...probeNow(), clients: 2 }, source: 'observer' })
    await sink.close()
    await query('alter table away rename to instances')
    sink.add({ instanceId: id, probe: { ...probeNow(), clients: 3 }, source: 'observer' })
    await until(async () => (await query('select clients from instances'))[0].clients === 3)
    await sink.close()
  })
})
