import { afterAll, beforeAll, expect, test } from 'vitest'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { actorIn } from '@/e2e/harness/two-territories'
import { makeFactSink, withFacts } from '@/jobs/observer/observe-sink'
import { memoryFleet } from '@/lib/adapters/memory'
import { systemActor } from '@/lib/kernel/access/access'
import { getPool } from '../pg/client'
import { readCheck, writeChecks } from './checks'

let database: TestDatabase
const fleet = memoryFleet([{ environment: 'prod', name: 'shop', hosts: ['p1'] }])
const log = { info: () => {}, warn: () => {}, error: () => {} }
let host: Awaited<ReturnType<typeof fleet.read.inventory.server>>['address']

beforeAll(async () => {
  database = await startDatabase()
  const [server] = (
    await getPool().query(`with e as (insert into environments (name) values ('prod') returning id)
      insert into servers (environment_id, hostname, address) select id, 'p1', '127.0.0.1' from e returning id, environment_id as "environmentId"`)
  ).rows
  host = {
    serverId: server.id,
    environmentId: server.environmentId,
    hostname: 'p1',
    address: 'p1',
    port: 22,
    user: 'postgres',
    hostKey: null,
  }
})
afterAll(() => database?.stop())

test('what a check found stays with its server, and only who sees the server reads it', async () => {
  expect(await readCheck(systemActor, host.serverId)).toBeNull()
  const sink = makeFactSink(log)
  const steps = await withFacts(fleet, sink).read.hosts.check(host, { timeoutMs: 1000, profile: 'debian' })
  await sink.close()
  expect(steps.length).toBeGreaterThan(0)
  expect(await readCheck(systemActor, host.serverId)).toEqual({ at: fleet.read.now().toISOString(), steps })
  expect(await readCheck(actorIn('viewer', host.environmentId), host.serverId)).toMatchObject({ steps })
  expect(await readCheck(actorIn('admin', crypto.randomUUID()), host.serverId)).toBeNull()
})

test('a check that arrives late does not replace a newer one', async () => {
  const before = await readCheck(systemActor, host.serverId)
  await writeChecks(new Map([[host.serverId, { at: '2001-01-01T00:00:00.000Z', steps: [] }]]))
  expect(await readCheck(systemActor, host.serverId)).toEqual(before)
})
