import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { offeredRegistration, registerDbInstance } from '@/db/discovery/db-instances'
import { waitingMachines } from '@/db/discovery/machines'
import { makeEndpointPasswords } from '@/db/fleet/endpoints'
import { makeInventory } from '@/db/fleet/inventory'
import { makeCloudAccountSource } from '@/db/fleet/machines'
import { getPool } from '@/db/pg/client'
import { addRecord } from '@/db/records/records'
import { publishSealingKey } from '@/db/records/sealing-key'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { startEndpoint, type TestEndpoint } from '@/e2e/harness/daemons/endpoint'
import { makeMachines } from '@/lib/adapters/aws'
import { makeEndpoints } from '@/lib/adapters/aws/endpoints'
import { makeRds } from '@/lib/adapters/aws/rds'
import { makePortsOverSsh } from '@/lib/adapters/over-ssh'
import { openSsh } from '@/lib/adapters/ssh'
import { makeVault } from '@/lib/adapters/vault'
import { systemActor } from '@/lib/kernel/access/access'
import { type RunningCloud, startCloud } from '@/lib/playground/cloud'
import { resourceByName } from '@/lib/resources'
import { startObserver } from './observe'
import { observeMachines } from './observe-machines'
import { makeFactSink } from './observe-sink'

const admin = { ...systemActor, kind: 'person' as const, name: 'ada' }
const vault = makeVault(randomBytes(32).toString('base64'))
const folder = mkdtempSync(join(tmpdir(), 'observe-endpoint-'))
const log = { info: () => {}, warn: () => {}, error: (facts: object, text: string) => console.error(text, facts) }
const [machines, rds] = [makeMachines(), makeRds()]
const ssh = openSsh({ keyFor: async () => '', recognise: async () => {} })
let database: TestDatabase
let aws: RunningCloud
let endpoint: TestEndpoint
beforeAll(async () => {
  ;[database, aws, endpoint] = await Promise.all([startDatabase(), startCloud({ settleMs: 0, consistencyMs: 0 }), startEndpoint()])
  await publishSealingKey(vault.publicKey)
})
afterAll(async () => {
  machines.close()
  rds.close()
  await Promise.all([ssh.close(), database?.stop(), aws?.stop(), endpoint?.stop()])
  rmSync(folder, { recursive: true, force: true })
})

const add = async (resource: string, values: object) => (await addRecord(admin, resourceByName(resource)!, values)).id
const row = async (table: string, id: string) => (await getPool().query(`select * from ${table} where id = $1`, [id])).rows[0]

test('a DB instance that was found is registered in one go, observed as every other, priced by the list of its region, and its server is unreachable once its endpoint is', async () => {
  aws.cloud.state.databases.add('us-east-1', { id: 'shop-db', class: 'db.m5.xlarge', storageGb: 50, address: endpoint.address })
  const environmentId = await add('environment', { name: 'prod', colour: 'red', protection: 'confirm' })
  await add('cloud-account', {
    ...{ name: 'shop', environmentId, regions: ['us-east-1'], endpoint: aws.endpoint, looksForRds: true },
    ...{ accessKeyId: aws.user.accessKeyId, accessSecret: aws.user.secretAccessKey },
  })
  const accountOf = makeCloudAccountSource(vault)
  const sweep = () => observeMachines({ machines, rds, accountOf }, new AbortController().signal)
  await sweep()
  const [found] = (await waitingMachines(admin)).machines
  expect(await offeredRegistration(admin, found!.id)).toEqual({ herd: 'shop-db', address: endpoint.address })
  const login = { endpointUser: endpoint.user, usesIamToken: false, endpointPassword: endpoint.password }
  const nothing = registerDbInstance(admin, found!.id, { herd: 'shop', ...login, endpointUser: '' })
  await expect(nothing).rejects.toMatchObject({ code: 'input.invalid' })
  const viewer = { ...admin, grants: [{ role: 'viewer' as const, environmentId }] }
  await expect(registerDbInstance(viewer, found!.id, { herd: 'shop', ...login })).rejects.toMatchObject({ code: 'access.denied' })
  const { serverId, instanceId } = await registerDbInstance(admin, found!.id, { herd: 'shop', ...login })
  await sweep()
  expect([await waitingMachines(admin), await offeredRegistration(admin, found!.id)]).toEqual([{ machines: [], total: 0 }, null])

  const inventory = makeInventory()
  const machine = (await inventory.serverMachine(serverId))!
  const costs = async (...types: string[]) =>
    (await inventory.typePrices(machine, types)).map(({ type, monthlyUsd, source }) => [type, monthlyUsd, source])
  expect(await costs('db.m5.large')).toEqual([['db.m5.large', expect.any(Number), expect.stringMatching(/^list of /)]])
  await getPool().query(
    `insert into price_lists (account_id, region, kind, source, as_of, content, read_at, tried_at)
     values ($1, $2, 'rds', 'AWS Pricing', '2026-11-20', $3, now(), now())`,
    [machine.accountId, machine.region, JSON.stringify([{ class: 'db.m5.large', usd: 1 }])],
  )
  expect(await costs('db.m5.large', 'db.m5.xlarge')).toEqual([
    ['db.m5.large', 730, 'AWS Pricing of 2026-11-20'],
    ['db.m5.xlarge', null, 'AWS Pricing of 2026-11-20'],
  ])
  expect((await inventory.typePrices({ ...machine, region: 'eu-west-1' }, ['db.m5.large']))[0]!.monthlyUsd).toBeNull()
  const none = {} as never
  const world = makePortsOverSsh(ssh, {
    read: { inventory, names: none, cloud: none },
    act: { inventory: none, names: none, cloud: none },
    stacks: none,
    canaryFolder: folder,
    endpoints: makeEndpoints(rds, {
      ca: endpoint.ca,
      passwordOf: makeEndpointPasswords(vault),
      machineOf: inventory.serverMachine,
      accountOf: async (id) => (await accountOf(id)).settings,
    }),
  })
  const { postgres, serverSettings, statements, health } = world.ports.read
  const sink = makeFactSink(log)
  const observer = await startObserver({
    ...{ inventory, probe: postgres.probe, databaseBytes: postgres.databaseBytes, counters: postgres.counters },
    ...{ serverSettings, statements, health, hostFacts: world.hosts.facts, sink, log, holder: 'test:1', pace: 0.2 },
  })
  try {
    await expect
      .poll(() => row('instances', instanceId), { timeout: 30_000 })
      .toMatchObject({ state: 'online', role: 'primary', manager: 'rds', because: null })
    await expect
      .poll(() => row('servers', serverId), { timeout: 30_000 })
      .toMatchObject({ state: 'reachable', os: 'Amazon RDS, db.m5.xlarge', cpus: 4, host_key: null })
    expect(Number((await row('servers', serverId)).disk_free_bytes)).toBeGreaterThan(0)

    await endpoint.stop()
    await expect
      .poll(() => row('servers', serverId), { timeout: 30_000 })
      .toMatchObject({ state: 'unreachable', because: expect.stringMatching(/does not answer.*RDS says that it is available/) })
    await expect.poll(() => row('instances', instanceId), { timeout: 30_000 }).toMatchObject({ state: 'unreachable' })
  } finally {
    await observer.stop()
    await sink.close()
    await world.close()
  }
})
