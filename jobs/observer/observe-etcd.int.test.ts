import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { etcdHerds } from '@/db/fleet/etcd-proxies'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { ids, openShop, query } from '@/e2e/harness/observed-shop'
import type { EtcdSeen } from '@/lib/domain/managers/etcd'
import type { ProxySeen } from '@/lib/domain/managers/haproxy'
import { systemActor } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import { observeEtcd } from './observe-etcd'

let database: TestDatabase
beforeAll(async () => {
  database = await startDatabase()
})
afterAll(() => database.stop())
beforeEach(async () => {
  await openShop()
  await query(`update instances set manager = 'patroni' where herd_id = $1`, [ids.herd])
  await query(`update servers set host_key = 'SHA256:' || id`, [])
})

const member = (name: string, isLeader: boolean) => ({
  ...{ id: name, name, urls: [], isLeader, isLearner: false, isUp: true, because: null },
  ...{ version: '3.4.23', databaseBytes: 40_960, usedBytes: 20_480, revision: 5 },
})
const etcd: EtcdSeen = {
  ...{ clusterId: '17', endpoints: [], hasQuorum: true, alarms: [] },
  members: [member('a', true), member('b', false)],
  certificates: [{ use: 'a', subject: 'a', until: '2027-03-01T00:00:00Z' }],
}
const haproxy: ProxySeen = {
  ...{ configPath: '/etc/haproxy/haproxy.cfg', socket: '/run/haproxy.sock', state: 'online', version: '2.6.12', uptimeSeconds: 60 },
  parts: [
    {
      ...{ name: 'primary', binds: ['10.0.0.9:15432'], status: 'UP', sessions: 3 },
      servers: [{ name: 'a', address: '10.0.0.1:5432', status: 'UP', sessions: 3, since: 60, check: 'L7OK 200' }],
    },
  ],
}
const now = new Date('2026-03-01T12:00:00Z')
const round = (seen: EtcdSeen | null, proxies: (hostname: string) => ProxySeen[]) =>
  observeEtcd(
    {
      etcd: {
        look: async () => {
          if (seen === null) throw new Fault('shell.unreachable', { because: 'it does not answer' })
          return seen
        },
        snapshotAt: async () => null,
      },
      proxies: { look: async ({ hostname }) => proxies(hostname) },
      now: () => now,
    },
    new AbortController().signal,
  )
const etcds = () => query('select title, state, because, leader, members_up, database_bytes, herds, observed_at from etcd_clusters', [])

test('the etcd of a herd is found once, is kept as it was last seen, and is unknown, not gone, when nobody can ask it', async () => {
  const none = () => []
  await round(etcd, none)
  await round({ ...etcd, alarms: [{ memberId: 'b', alarm: 'NOSPACE' }] }, none)
  const [one, ...more] = await etcds()
  expect(more).toEqual([])
  expect(one).toMatchObject({ state: 'degraded', because: 'alarm NOSPACE of b', leader: 'a', members_up: 2, observed_at: now })
  await round(null, none)
  expect(await etcds()).toMatchObject([{ state: 'unknown', because: expect.stringContaining('does not answer'), leader: 'a' }])
  const [row] = await query('select id from etcd_clusters', [])
  expect((await etcdHerds(systemActor, row.id)).map(({ id }) => id)).toEqual([ids.herd])
})

test('an HAProxy is found on a member’s server; one without a server that is up is degraded, and one that ended is stopped', async () => {
  const [host] = (await query('select hostname from servers s join instances i on i.server_id = s.id where i.id = $1', [ids.a])).map(
    (row) => row.hostname as string,
  )
  const on = (seen: ProxySeen[]) => (hostname: string) => (hostname === host ? seen : [])
  const states = async () => (await query('select state from proxies', [])).map(({ state }) => state)
  await round(etcd, on([haproxy]))
  expect(await query('select title, state, listens, servers_up, started_at from proxies', [])).toEqual([
    {
      title: `haproxy on ${host}`,
      state: 'online',
      listens: ['primary 10.0.0.9:15432'],
      servers_up: 1,
      started_at: new Date(now.getTime() - 60_000),
    },
  ])
  const down = { ...haproxy, parts: [{ ...haproxy.parts[0]!, servers: [{ ...haproxy.parts[0]!.servers[0]!, status: 'DOWN' }] }] }
  await round(etcd, on([down]))
  expect(await states()).toEqual(['degraded'])
  await round(etcd, on([]))
  expect(await states()).toEqual(['stopped'])
})
