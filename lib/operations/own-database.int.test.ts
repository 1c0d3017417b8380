import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readOwnCluster } from '@/db/fleet/own-cluster'
import { migrate } from '@/db/migrate'
import { closeDb, getPool, setDatabase } from '@/db/pg/client'
import { dropCluster, makeCluster, type TestCluster } from '@/e2e/harness/daemons/cluster'
import { startSshd, type TestSshd } from '@/e2e/harness/daemons/sshd'
import { memoryFleet } from '@/lib/adapters/memory'
import { makePostgres, type Postgres } from '@/lib/adapters/postgres'
import { openSsh, type Ssh } from '@/lib/adapters/ssh'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import type { InventoryInstance, ReadPorts } from '@/lib/ports'
import { operationByName } from '.'

let sshd: TestSshd
let ssh: Ssh
let postgres: Postgres
/** The console's own database is on `alpha`, which `beta` follows; `gamma` is a cluster of its own. */
let clusters: Record<'alpha' | 'beta' | 'gamma', TestCluster>

beforeAll(async () => {
  sshd = await startSshd()
  ssh = openSsh({ keyFor: async () => sshd.privateKey })
  postgres = makePostgres(ssh)
  const alpha = await makeCluster(sshd, 'alpha')
  alpha.configure(`listen_addresses = '127.0.0.1'`)
  writeFileSync(join(alpha.data, 'pg_hba.conf'), 'local all all peer\nlocal replication all peer\nhost all all 127.0.0.1/32 trust\n')
  await alpha.ctl('restart')
  clusters = { alpha, beta: await makeCluster(sshd, 'beta', alpha), gamma: await makeCluster(sshd, 'gamma') }
  const url = `postgres://${sshd.user}@127.0.0.1:${alpha.port}/postgres`
  await migrate(url)
  setDatabase(url)
})
afterAll(async () => {
  await closeDb()
  postgres?.close()
  await ssh?.close()
  for (const cluster of Object.values(clusters ?? {}).reverse()) await dropCluster(cluster)
  await sshd?.stop()
})

/** Nothing is recorded of the servers, so that only what is seen counts. */
const instanceOf = (name: keyof typeof clusters): InventoryInstance => ({
  id: name,
  title: name,
  environmentId: 'test',
  environmentName: 'test',
  herdId: name === 'gamma' ? 'other' : 'own',
  herdName: name === 'gamma' ? 'other' : 'own',
  serverId: name,
  systemIdentifier: null,
  address: clusters[name].instance(),
})

const gateOf = async (operationName: string, target: keyof typeof clusters) => {
  const twin = memoryFleet([]).read
  const members: InventoryInstance[] = (target === 'gamma' ? (['gamma'] as const) : (['alpha', 'beta'] as const)).map(instanceOf)
  const read: ReadPorts = {
    ...twin,
    postgres: postgres.read,
    inventory: {
      ...twin.inventory,
      instance: async () => instanceOf(target),
      herdInstances: async () => members,
      herdStanding: async (herdId) => ({
        herdId,
        name: herdId,
        environmentId: 'test',
        environmentName: 'test',
        preferredSite: '',
        allowsDrills: true,
        systemIdentifier: null,
        members: [],
      }),
      ownCluster: readOwnCluster,
    },
  }
  const operation = operationByName(operationName)!
  const input = operation.input.parse({}) as JsonObject
  const plan = await makeTargetPlan(operation, read, input, target, new AbortController().signal)
  return { eligible: plan.eligible, ...plan.gates.find(({ name }) => name === 'own-database')! }
}

test('the server that the console writes to is refused, whatever name it is registered under; its standby and another cluster are not', async () => {
  for (const name of ['restart', 'stop'])
    expect(await gateOf(name, 'alpha')).toMatchObject({
      verdict: 'refuse',
      eligible: false,
      because: expect.stringContaining('alpha holds this console’s own database'),
    })
  expect(await gateOf('restart', 'beta')).toMatchObject({ verdict: 'warn', eligible: true })
  expect(await gateOf('restart', 'gamma')).toMatchObject({ verdict: 'pass', eligible: true })
})

test('the herds that its cluster was last seen in are known, so that a pooler in front of them is', async () => {
  const { systemIdentifier, herds } = await readOwnCluster()
  expect(herds).toEqual([])
  const insert = async (sql: string, values: unknown[]) =>
    (await getPool().query<{ id: string }>(`${sql} returning id`, values)).rows[0]!.id
  const environment = await insert(`insert into environments (name) values ('prod')`, [])
  const server = await insert('insert into servers (environment_id, hostname, address) values ($1, $2, $2)', [environment, 'h1'])
  const herd = (name: string) =>
    insert(`insert into herds (environment_id, name, base_name, data_directory) values ($1, $2, $2, $3)`, [environment, name, `/${name}`])
  const [ours, other] = [await herd('ours'), await herd('other')]
  await insert('insert into instances (herd_id, server_id, system_identifier) values ($1, $2, $3)', [ours, server, systemIdentifier])
  await insert('insert into instances (herd_id, server_id, system_identifier) values ($1, $2, $3)', [other, server, '42'])
  expect((await readOwnCluster()).herds).toEqual([ours])
})

test('a standby that its commits wait for is refused as long as they do', async () => {
  const { alpha } = clusters
  const apply = async (names: string) => {
    alpha.configure(`synchronous_standby_names = '${names}'`)
    await alpha.ctl('reload')
    await expect.poll(async () => (await readOwnCluster()).synchronousNames).toBe(names)
  }
  await apply('beta')
  expect(await gateOf('stop', 'beta')).toMatchObject({
    verdict: 'refuse',
    because: expect.stringContaining('Commits of this console’s own database wait for 1 standby'),
  })
  await apply('')
  expect(await gateOf('stop', 'beta')).toMatchObject({ verdict: 'warn' })
})

test('after a failover of its own cluster the console’s new primary is the one that is refused', async () => {
  const { beta } = clusters
  await beta.ctl('promote')
  beta.configure(`listen_addresses = '127.0.0.1'`)
  writeFileSync(join(beta.data, 'pg_hba.conf'), 'local all all peer\nhost all all 127.0.0.1/32 trust\n')
  await beta.ctl('restart')
  await closeDb()
  setDatabase(`postgres://${sshd.user}@127.0.0.1:${beta.port}/postgres`)
  expect(await gateOf('stop', 'beta')).toMatchObject({ verdict: 'refuse', eligible: false })
  expect(await gateOf('stop', 'alpha')).toMatchObject({ verdict: 'warn', because: expect.stringContaining('alpha is a copy') })
})

test('a role that may not ask for the system identifier makes it unknown, not safe', async () => {
  const { beta } = clusters
  const read = await readOwnCluster()
  expect(read.systemIdentifier).toMatch(/^\d{15,20}$/)
  await closeDb()
  setDatabase(`postgres://${sshd.user}@127.0.0.1:${beta.port}/postgres`)
  await getPool().query('create role console login; revoke execute on function pg_control_system() from public')
  await closeDb()
  setDatabase(`postgres://console@127.0.0.1:${beta.port}/postgres`)
  expect((await readOwnCluster()).systemIdentifier).toBeNull()
  expect(await gateOf('restart', 'gamma')).toMatchObject({ verdict: 'unknown' })
  expect(await gateOf('restart', 'beta')).toMatchObject({ verdict: 'refuse', because: expect.stringContaining('has the address of') })
})
