import { afterAll, beforeAll, expect, test } from 'vitest'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import type { NewCluster } from '@/lib/ports'
import { getPool } from '../pg/client'
import { makeInventoryAct } from './herd-members'
import { makeInventory } from './inventory'

let database: TestDatabase
const act = makeInventoryAct()
const read = makeInventory()
const options = { timeoutMs: 5_000 }
const ids: Record<string, string> = {}
const query = async (text: string, values: unknown[] = []) => (await getPool().query(text, values)).rows

beforeAll(async () => {
  database = await startDatabase()
  const [environment] = await query(`insert into environments (name) values ('prod') returning id`)
  const [stage] = await query(`insert into environments (name) values ('stage') returning id`)
  const [server] = await query(`insert into servers (environment_id, hostname, address) values ($1, 'p1', '10.0.0.1') returning id`, [
    environment.id,
  ])
  await query(`insert into servers (environment_id, hostname, address) values ($1, 'Far', '10.0.9.9')`, [stage.id])
  await query(`insert into herds (environment_id, name, base_name, port, data_directory) values ($1, 'Old', 'main', 5432, '/data/old')`, [
    environment.id,
  ])
  const [run] = await query(
    `insert into runs (operation, resource, title, actor_name, policy, digest) values ('adopt-patroni', 'server', '', 'ada', '{}', '') returning id`,
  )
  const [job] = await query(
    `insert into jobs (run_id, operation, resource, target_id, title, digest) values ($1, 'adopt-patroni', 'server', $2, '', '') returning id`,
    [run.id, server.id],
  )
  Object.assign(ids, { environment: environment.id, stage: stage.id, server: server.id, job: job.id })
}, 120_000)
afterAll(() => database.stop())

const identifier = '7300000000000000001'
const common = { port: 5432, dataDirectory: '/var/lib/postgresql/15/main', socketDirectory: null }
const fresh = (name: string, address: string) => ({ hostname: name, address, port: 2222, user: 'dba', profile: 'generic' })
const cluster = (): NewCluster => ({
  environmentId: ids.environment!,
  jobId: ids.job!,
  herd: { name: 'shop', clusterName: 'main', port: 5432, dataDirectory: common.dataDirectory, systemIdentifier: identifier },
  members: [
    { server: { id: ids.server! }, ...common },
    { server: fresh('p2', '10.0.0.2'), ...common },
    { server: fresh('p3', '10.0.0.3'), ...common, port: 5433 },
  ],
})
const counts = async () =>
  (
    await query(
      'select (select count(*)::int from servers) as servers, (select count(*)::int from herds) as herds, (select count(*)::int from instances) as members',
    )
  )[0]

test('servers, herd and members are registered in one go, under the name of who asked, and what packages name alike gets the herd’s own name', async () => {
  await act.registerCluster(cluster(), options)
  expect(await query('select title, port, port_override, data_directory_override from instances order by title')).toEqual([
    { title: 'shop on p1', port: 5432, port_override: null, data_directory_override: null },
    { title: 'shop on p2', port: 5432, port_override: null, data_directory_override: null },
    { title: 'shop on p3', port: 5433, port_override: 5433, data_directory_override: null },
  ])
  expect(await query(`select base_name, system_identifier from herds where name = 'shop'`)).toEqual([
    { base_name: 'shop', system_identifier: identifier },
  ])
  // Nothing is pinned: the key waits for a person.
  expect(await query(`select address, ssh_port, ssh_user, profile, host_key from servers where hostname = 'p2'`)).toEqual([
    { address: '10.0.0.2', ssh_port: 2222, ssh_user: 'dba', profile: 'generic', host_key: null },
  ])
  expect(await query('select resource, title, actor_name, act from changes order by resource, title')).toEqual([
    ...[
      ['herd', 'shop'],
      ['instance', 'shop on p1'],
      ['instance', 'shop on p2'],
      ['instance', 'shop on p3'],
      ['server', 'p2'],
      ['server', 'p3'],
    ].map(([resource, title]) => ({ resource, title, actor_name: 'ada', act: 'add' })),
  ])
})

test('a later member joins the herd, and one that is there already is left as it is', async () => {
  const { herd } = await read.clusterStanding(ids.environment!, identifier, [])
  expect(herd).toMatchObject({ name: 'shop', port: 5432 })
  const more = { ...cluster(), herd: { id: herd!.id }, members: [cluster().members[0]!, { server: fresh('p4', '10.0.0.4'), ...common }] }
  await act.registerCluster(more, options)
  expect(await counts()).toEqual({ servers: 5, herds: 2, members: 4 })
})

test('where a name or an address is taken meanwhile, or a server left the environment, nothing of it is registered', async () => {
  const before = await counts()
  const other = { name: 'other', clusterName: 'other', port: 5432, dataDirectory: '/data/other', systemIdentifier: null }
  for (const members of [
    [
      { server: fresh('p9', '10.0.0.9'), ...common },
      { server: fresh('p10', '10.0.0.2'), ...common },
    ],
    [
      { server: fresh('p9', '10.0.0.9'), ...common },
      { server: fresh('P2', '10.0.0.10'), ...common },
    ],
  ])
    await expect(act.registerCluster({ ...cluster(), herd: other, members }, options)).rejects.toMatchObject({
      code: 'record.duplicate',
      facts: { isOver: true },
    })
  await expect(act.registerCluster(cluster(), options)).rejects.toMatchObject({ code: 'record.duplicate' })
  const [far] = await query(`select id from servers where hostname = 'Far'`)
  await expect(
    act.registerCluster({ ...cluster(), herd: other, members: [{ server: { id: far.id }, ...common }] }, options),
  ).rejects.toMatchObject({ code: 'record.missing' })
  expect(await counts()).toEqual(before)
})

test('who has an address or goes by it is found in every environment, whatever the case, with the ports of its members', async () => {
  const { herd, servers } = await read.clusterStanding(ids.stage!, identifier, ['10.0.0.3', 'far', '10.0.0.77'])
  expect(herd).toBeNull()
  expect(servers.map(({ hostname, environmentId, members }) => [hostname, environmentId, members.map(({ port }) => port)])).toEqual([
    ['Far', ids.stage, []],
    ['p3', ids.environment, [5433]],
  ])
})
