import { describe, expect, test } from 'vitest'
import { type MemoryFleet, memoryFleet } from '@/lib/adapters/memory'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { operationByName, operations } from '@/lib/operations'

/** The console's own database is on the primary of `demo`. */
const ownFleet = () => {
  const fleet = memoryFleet([
    { environment: 'prod', name: 'demo', hosts: ['n1', 'n2', 'n3'] },
    { environment: 'prod', name: 'shop', hosts: ['n4', 'n5'] },
  ])
  fleet.world.consoleOn = fleet.instance('demo on n1').inventory.id
  return fleet
}

const gateOf = async (fleet: MemoryFleet, name: string, title: string, raw: JsonObject = {}) => {
  const operation = operationByName(name)!
  const input = operation.input.parse(raw) as JsonObject
  const { inventory } = fleet.instance(title)
  const targetId = operation.on === 'instance' ? inventory.id : inventory.herdId
  const plan = await makeTargetPlan(operation, fleet.read, input, targetId, new AbortController().signal)
  const gate = plan.gates.find((one) => one.name === 'own-database')!
  return { eligible: plan.eligible, reason: plan.reason, ...gate }
}

/** Those that neither stop nor replace a server, nor hold clients of a pooler up. A new operation is put on one side or the other on purpose. */
const harmless = [
  'start',
  'reload',
  'checkpoint',
  'vacuum',
  'back-up',
  'analyze',
  'reindex',
  'drop-invalid-index',
  'run-sql',
  'cancel-statements',
  'terminate-sessions',
  'add-reader',
  'repoint',
  'drop-slot',
  'create',
  'launch-herd',
  'launch-standby',
  'resume-herd',
  'adopt-patroni',
  'build-cluster',
  'rotate-certificates',
  'resume-pooler',
  'reload-pooler',
  'check-server',
  'leave-names',
  'refresh-dns',
  'check-zone',
  'patroni-reload',
  'patroni-pause',
  'patroni-resume',
  'patroni-configure',
  'follow-leader',
  'etcd-snapshot',
  'etcd-defragment',
  'etcd-disarm',
  'rds-start',
  'start-machine',
  'test-access',
]

test('every operation either leaves every server running and every pooler open, or looks whether it would cut the console off from its own database', () => {
  const looking = operations.filter(({ gates }) => gates.some(({ name }) => name === 'own-database')).map(({ name }) => name)
  expect([...looking, ...harmless].sort()).toEqual(operations.map(({ name }) => name).sort())
})

describe('the primary that the console itself writes to', () => {
  test.each(['stop', 'restart', 'demote', 'rebuild'])('is not stopped by %s, and the refusal names the way to do it', async (name) => {
    const { verdict, because, eligible } = await gateOf(ownFleet(), name, 'demo on n1')
    expect([verdict, eligible]).toEqual(['refuse', false])
    expect(because).toContain('demo on n1 holds this console’s own database')
    expect(because).toContain('Do it by hand, in a shell on its host, or from another console')
  })

  test.each(['switchover', 'failover'])('is not replaced by %s, which says so first', async (name) => {
    const { verdict, reason } = await gateOf(ownFleet(), name, 'demo on n1')
    expect(verdict).toBe('refuse')
    expect(reason).toContain('demo on n1 holds this console’s own database')
  })

  test('is not replaced in an emergency either, whatever is typed: the console’s own connection shows it alive', async () => {
    const fleet = ownFleet()
    fleet.host('n1').power = 'off'
    const { verdict, eligible, because } = await gateOf(fleet, 'failover', 'demo on n2', { mode: 'emergency', override: 'demo' })
    expect([verdict, eligible]).toEqual(['refuse', false])
    expect(because).toContain('is a standby of this console’s own database')
    expect(await gateOf(fleet, 'promote', 'demo on n2')).toMatchObject({ verdict: 'refuse', eligible: false })
  })
})

describe('a standby of that cluster', () => {
  test.each(['stop', 'restart'])('may be taken down by %s, with what it means', async (name) => {
    const { verdict, because, eligible } = await gateOf(ownFleet(), name, 'demo on n2')
    expect([verdict, eligible]).toEqual(['warn', true])
    expect(because).toBe(
      'demo on n2 is a standby of this console’s own database. The console continues on the primary, with one standby less until this one streams again.',
    )
  })

  test('is not taken down where commits of the console would wait for it', async () => {
    const fleet = ownFleet()
    fleet.instance('demo on n1').active.synchronous_standby_names = 'n2'
    const { verdict, because } = await gateOf(fleet, 'restart', 'demo on n2')
    expect(verdict).toBe('refuse')
    expect(because).toContain('synchronous_standby_names n2')
    expect((await gateOf(fleet, 'restart', 'demo on n3')).verdict).toBe('warn')
  })

  test('that is down may be rebuilt', async () => {
    const fleet = ownFleet()
    fleet.instance('demo on n2').state = 'stopped'
    expect((await gateOf(fleet, 'rebuild', 'demo on n2')).verdict).toBe('pass')
  })
})

test('a second primary with the same identifier is told from the one that the console writes to', async () => {
  const fleet = ownFleet()
  Object.assign(fleet.instance('demo on n2'), {
    hasStandbySignal: false,
    upstreamId: null,
    timeline: 2,
    startedAt: '2026-03-02T10:00:00.000Z',
  })
  const { verdict, because } = await gateOf(fleet, 'demote', 'demo on n2')
  expect(verdict).toBe('warn')
  expect(because).toContain('demo on n2 is a copy of the cluster that holds this console’s own database')
  expect((await gateOf(fleet, 'demote', 'demo on n1')).verdict).toBe('refuse')
})

test('another herd is none of its business', async () => {
  for (const name of ['stop', 'restart', 'switchover', 'failover'])
    expect(await gateOf(ownFleet(), name, 'shop on n4')).toMatchObject({ verdict: 'pass', eligible: true })
})

describe('where no system identifier is disclosed', () => {
  const undisclosed = (doors: { host: string; port: number }[]) => {
    const fleet = ownFleet()
    fleet.read.inventory.ownCluster = async () => ({
      systemIdentifier: null,
      startedAt: null,
      doors,
      from: null,
      herds: [],
      synchronousNames: '',
      standbys: null,
    })
    return fleet
  }

  test('the same address is refused, and never called safe', async () => {
    const fleet = undisclosed([])
    const { host, port } = fleet.instance('shop on n4').inventory.address
    fleet.read.inventory.ownCluster = undisclosed([{ host: host.address, port }]).read.inventory.ownCluster
    const { verdict, because } = await gateOf(fleet, 'restart', 'shop on n4')
    expect(verdict).toBe('refuse')
    expect(because).toContain('has the address of this console’s own database')
  })

  test('another address is said to be unknown', async () => {
    expect(await gateOf(undisclosed([{ host: 'db.example', port: 5432 }]), 'restart', 'shop on n4')).toMatchObject({
      verdict: 'unknown',
      eligible: true,
    })
  })
})

describe('a pooler', () => {
  const pooled = (through: (front: { host: string; port: number }) => { host: string; port: number } | null) => {
    const fleet = memoryFleet([{ environment: 'prod', name: 'demo', hosts: ['n1', 'n2'], poolers: ['front', 'back'] }])
    const { address } = fleet.pooler('demo pooler on front').inventory
    fleet.world.consoleOn = fleet.instance('demo on n1').inventory.id
    fleet.world.consoleThrough = through({ host: address.host.address, port: address.port })
    return fleet
  }
  const gateOfPooler = async (fleet: MemoryFleet, name: string, on = 'front') => {
    const pooler = fleet.pooler(`demo pooler on ${on}`)
    pooler.file!.text = pooler.file!.text.replace(/host=\S+/, 'host=10.9.9.9')
    pooler.inventory.template = '[databases]\norders = host={{host}} port={{port}}\n\n[pgbouncer]\nlisten_port = 6432\n'
    const operation = operationByName(name)!
    const input = operation.input.parse({}) as JsonObject
    const plan = await makeTargetPlan(operation, fleet.read, input, pooler.inventory.id, new AbortController().signal)
    return { eligible: plan.eligible, ...plan.gates.find((gate) => gate.name === 'own-database')! }
  }

  test.each(['pause-pooler', 'drain-pooler', 'follow-primary'])(
    'through which the console reaches its own database is refused by %s, with the way to do it',
    async (name) => {
      const { verdict, because, eligible } = await gateOfPooler(
        pooled((front) => front),
        name,
      )
      expect([verdict, eligible]).toEqual(['refuse', false])
      expect(because).toBe(
        'This console reaches its own database through demo pooler on front: while its clients are held up, the job can be neither recorded nor continued nor undone. Do it by hand, on PgBouncer’s admin console, or let DATABASE_URL name the server itself.',
      )
      const alias = await gateOfPooler(
        pooled(({ port }) => ({ host: 'pool.example', port })),
        name,
      )
      expect(alias).toMatchObject({ verdict: 'refuse', because: expect.stringContaining('has the port of DATABASE_URL') })
    },
  )

  test('of that cluster is not refused where the console reaches the server itself, and what cannot be told is said', async () => {
    expect(
      await gateOfPooler(
        pooled(() => null),
        'pause-pooler',
      ),
    ).toMatchObject({ verdict: 'pass', eligible: true })
    expect(
      await gateOfPooler(
        pooled(() => ({ host: 'pool.example', port: 7000 })),
        'drain-pooler',
      ),
    ).toMatchObject({
      verdict: 'unknown',
      eligible: true,
    })
  })

  test('may have its file written where not a byte of it changes', async () => {
    const fleet = pooled((front) => front)
    const targetId = fleet.pooler('demo pooler on front').inventory.id
    const plan = await makeTargetPlan(operationByName('follow-primary')!, fleet.read, {}, targetId, new AbortController().signal)
    expect(plan).toMatchObject({ eligible: true })
  })
})
