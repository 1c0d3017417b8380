import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
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

test('a member on RDS that is registered with its endpoint and password is observed as every other, with figures of CloudWatch, and said to be managed by RDS', async () => {
  aws.cloud.state.databases.add('us-east-1', { id: 'shop-db', class: 'db.m5.xlarge', storageGb: 50, address: endpoint.address })
  const environmentId = await add('environment', { name: 'prod', colour: 'red', protection: 'confirm' })
  await add('cloud-account', {
    ...{ name: 'shop', environmentId, regions: ['us-east-1'], endpoint: aws.endpoint, looksForRds: true },
    ...{ accessKeyId: aws.user.accessKeyId, accessSecret: aws.user.secretAccessKey },
  })
  const serverId = await add('server', {
    ...{ hostname: 'shop-db', environmentId, address: endpoint.address, profile: 'rds' },
    ...{ endpointUser: endpoint.user, endpointPassword: endpoint.password },
  })
  const herdId = await add('herd', { name: 'shop', environmentId, baseName: 'shop', port: '5432', dataDirectory: '/rdsdbdata/db' })
  const instanceId = await add('instance', { herdId, serverId })
  const accountOf = makeCloudAccountSource(vault)
  await observeMachines({ machines, rds, accountOf }, new AbortController().signal)

  const inventory = makeInventory()
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
  } finally {
    await observer.stop()
    await sink.close()
    await world.close()
  }
})
