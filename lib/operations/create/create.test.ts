import { expect, test } from 'vitest'
import { type MemoryFleet, MemoryJournal, memoryFleet } from '@/lib/adapters/memory'
import { drive } from '@/lib/kernel/engine/engine'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { create } from '.'

const newFleet = () =>
  memoryFleet([
    { environment: 'prod', name: 'demo', hosts: ['n1', 'n2'] },
    { environment: 'prod', name: 'fresh', hosts: [], port: 5433 },
    { environment: 'prod', name: 'other', hosts: ['n4', 'n5'], port: 5440 },
  ])

const planOf = (fleet: MemoryFleet, raw: JsonObject, host = 'n4') => {
  const input = create.input.parse(raw) as JsonObject
  return makeTargetPlan(create, fleet.read, input, fleet.host(host).server.id, new AbortController().signal)
}

const run = async (fleet: MemoryFleet, raw: JsonObject, host = 'n4') => {
  const plan = await planOf(fleet, raw, host)
  expect(plan.reason).toBeNull()
  const targetId = fleet.host(host).server.id
  const job = { id: 'job', targetId, input: create.input.parse(raw) as JsonObject, digest: plan.digest }
  return drive(create, job, new MemoryJournal(fleet.clock).open(), fleet, {
    driver: 'test',
    signal: new AbortController().signal,
    isCancelRequested: () => false,
    clock: fleet.clock,
  })
}

const settings = (fleet: MemoryFleet) => {
  const rowsOf = (sql: string): (string | null)[][] => {
    if (sql.includes('pg_hba_file_rules'))
      return [
        ['host', 'app', 'app', '10.0.0.0', '255.0.0.0', 'md5'],
        ['host', 'replication', 'all', 'samenet', null, 'scram-sha-256'],
      ]
    if (sql.includes('boot_val'))
      return [
        ['max_connections', '10'],
        ['shared_preload_libraries', 'pg_stat_statements'],
        ['port', '5440'],
      ]
    return [...sql.matchAll(/'(\w+)'/g)].map(([, name]) => [name!, '10'])
  }
  fleet.world.sql = (_instance, sql) => ({
    columns: ['name', 'setting'],
    rows: rowsOf(sql),
    rowCount: 5,
    isCut: false,
    command: 'SELECT',
    tookMs: 1,
  })
}

test('the plans of a new primary and of a new standby are as these snapshots say, and looking changes nothing', async () => {
  const fleet = newFleet()
  settings(fleet)
  const told = async (raw: JsonObject) => `${JSON.stringify(await planOf(fleet, raw), null, 2)}\n`
  await expect(await told({ herd: 'fresh' })).toMatchFileSnapshot('../__snapshots__/plans/create-primary.txt')
  await expect(await told({ herd: 'demo' })).toMatchFileSnapshot('../__snapshots__/plans/create-standby.txt')
  expect(fleet.calls.made).toEqual([])
})

test('a herd without members gets its primary, and the next server a standby of it', async () => {
  const fleet = newFleet()
  settings(fleet)
  expect(await run(fleet, { herd: 'fresh' })).toBe('done')
  expect(fleet.instance('fresh on n4')).toMatchObject({ state: 'running', hasStandbySignal: false, isRegistered: true, made: null })
  expect(await run(fleet, { herd: 'fresh' }, 'n5')).toBe('done')
  const [primary, standby] = [fleet.instance('fresh on n4'), fleet.instance('fresh on n5')]
  expect(standby).toMatchObject({ state: 'running', hasStandbySignal: true, isRegistered: true, made: null, copy: null })
  expect([standby.upstreamId, standby.systemIdentifier]).toEqual([primary.inventory.id, primary.systemIdentifier])
  expect(primary.slots).toEqual(['n5'])
  expect(fleet.world.violations).toEqual([])
})

test('a host whose passfile lacks the password gets it from the upstream’s host', async () => {
  const fleet = newFleet()
  fleet.host('n4').passwords.clear()
  expect(await run(fleet, { herd: 'demo' })).toBe('done')
  expect([...fleet.host('n4').passwords]).toEqual(['replicator'])
})

test('what stands in the way is refused with its cure, before anything is touched', async () => {
  const fleet = newFleet()
  const reason = async (raw: JsonObject, host?: string) => (await planOf(fleet, raw, host)).reason
  expect(await reason({ herd: 'nobody' })).toContain('There is no herd “nobody” in prod')
  expect(await reason({ herd: 'demo' }, 'n1')).toContain('demo on n1 is a member of it already')
  expect(await reason({ herd: 'fresh', port: 5440 })).toContain('Port 5440 is taken by the cluster other on n4')
  expect(await reason({ herd: 'fresh', major: '17' })).toContain('Run there: apt-get install postgresql-17')
  expect(await reason({ herd: 'demo', upstream: 'other on n4' }, 'n5')).toContain('is no member of demo')
  fleet.host('n5').majors = []
  expect(await reason({ herd: 'fresh' }, 'n5')).toContain('Run there: apt-get install postgresql')
  fleet.instance('demo on n1').state = 'stopped'
  expect(await reason({ herd: 'demo' })).toContain('no primary that answers')
  fleet.world.herds.get(fleet.instance('demo on n1').inventory.herdId)!.systemIdentifier = '7'
  for (const title of ['demo on n1', 'demo on n2']) fleet.instance(title).isRegistered = false
  expect(await reason({ herd: 'demo' })).toContain('its system identifier is 7')
  fleet.host('n4').power = 'off'
  expect(await reason({ herd: 'fresh' })).toContain('n4 does not answer')
  expect(fleet.calls.made).toEqual([])
})

test('a job that was planned for a primary does not make a second one when the herd has got one meanwhile', async () => {
  const fleet = newFleet()
  const planned = await planOf(fleet, { herd: 'fresh' }, 'n5')
  expect(await run(fleet, { herd: 'fresh' }, 'n4')).toBe('done')
  const job = {
    id: 'late',
    targetId: fleet.host('n5').server.id,
    input: create.input.parse({ herd: 'fresh' }) as JsonObject,
    digest: planned.digest,
  }
  const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock: fleet.clock }
  expect(await drive(create, job, new MemoryJournal(fleet.clock).open(), fleet, options)).toBe('refused')
  expect(fleet.calls.made.filter(({ target }) => target === 'fresh on n5')).toEqual([])
})
