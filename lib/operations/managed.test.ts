import { describe, expect, test } from 'vitest'
import { blueprintId, shopBlueprint } from '@/e2e/harness/twin/launch'
import { managedFleet as fleetWith, patroniOn as patroni } from '@/e2e/harness/twin/patroni'
import { declareOn } from '@/e2e/harness/twin/stack'
import type { MemoryFleet } from '@/lib/adapters/memory'
import type { FoundManager } from '@/lib/domain/managers/manager'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { exampleInput } from '@/lib/kernel/operation/example-input'
import type { Operation } from '@/lib/kernel/operation/operation'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { operationByName, operations } from '@/lib/operations'

const inputFor = ({ name }: Operation): JsonObject => {
  if (name === 'create') return { herd: 'shop' }
  if (name === 'repoint') return { upstream: 'shop on n3' }
  if (name === 'run-sql') return { sql: "alter system set work_mem = '8MB'", write: true }
  return exampleInput(operationByName(name)!)
}
const targetOf = ({ name, on }: Operation, fleet: MemoryFleet): string => {
  const standby = fleet.instance('shop on n2').inventory
  if (on === 'instance') return ['demote', 'stop', 'restart'].includes(name) ? fleet.instance('shop on n1').inventory.id : standby.id
  if (on === 'dr-pair') return standby.herdId
  if (on === 'machine') return fleet.host('n2').machine!.inventory.id
  if (on === 'cloud-account') return fleet.host('n2').machine!.inventory.accountId
  if (on === 'server') return fleet.host('n9').server.id
  if (on === 'pooler') return fleet.pooler('shop pooler on front').inventory.id
  if (on === 'dns-zone') return fleet.zone('prod.test').inventory.id
  if (on === 'name') return [...fleet.world.names.values()][0]!.id
  if (on === 'blueprint') {
    const herd = ['launch-standby', 'replace-machine', 'stop-herd', 'resume-herd'].includes(name)
      ? { id: standby.herdId, name: 'shop' }
      : null
    fleet.world.launches.blueprints.set(blueprintId, shopBlueprint({ herd }))
    return blueprintId
  }
  if (on === 'stack') return declareOn(fleet, ['n1', 'n2', 'n3'])
  throw new Error(`no target for ${name}`)
}
const planOf = async (operation: Operation, fleet: MemoryFleet, input = inputFor(operation)) => {
  if (operation.name === 'start' || operation.name === 'rejoin') fleet.instance('shop on n2').state = 'stopped'
  const parsed = operation.input.parse(input) as JsonObject
  return makeTargetPlan(operation, fleet.read, parsed, targetOf(operation, fleet), new AbortController().signal)
}
const verdictOf = async (operation: Operation, fleet: MemoryFleet) => {
  const plan = await planOf(operation, fleet)
  const gate = plan.gates.find(({ name }) => name === 'manager')
  return { plan, said: gate === undefined ? 'harmless' : `${gate.verdict}${gate.because === null ? '' : `: ${gate.because}`}` }
}

const scenes: [string, (host: string) => FoundManager[]][] = [
  ['no manager', () => []],
  ['Patroni runs', (host) => [patroni(host)]],
  ['Patroni is paused', (host) => [patroni(host, { isPaused: true })]],
  ['Patroni is stopped', (host) => [patroni(host, { state: 'stopped', isPaused: null, members: [] })]],
  ['only its file was left', (host) => [patroni(host, { state: 'trace', configPath: null, cluster: null, member: null })]],
  [
    'Patroni whose file may not be read',
    () => [patroni('', { dataDirectory: null, isReadable: false, cluster: null, member: null, members: [] })],
  ],
  ['repmgrd runs', (host) => [patroni(host, { kind: 'repmgr', configPath: '/etc/repmgr.conf', cluster: null })]],
  ['pg_autoctl runs', (host) => [patroni(host, { kind: 'pg_auto_failover', configPath: null, cluster: null, member: null })]],
  ['Pacemaker with pgsqlms', () => [patroni('', { kind: 'pacemaker', dataDirectory: null, cluster: null, member: null })]],
  [
    'Pacemaker whose resources may not be read',
    () => [patroni('', { kind: 'pacemaker', dataDirectory: null, isReadable: false, cluster: null, member: null })],
  ],
]

describe.each(operations)('$name', (operation) => {
  test('treats a server that another manager looks after as this table says, and plans no step where it is refused', async () => {
    const lines: string[] = []
    for (const [scene, manage] of scenes) {
      const { plan, said } = await verdictOf(operation, fleetWith(manage))
      lines.push(`${scene}\n  ${said}`)
      if (!said.startsWith('refuse')) continue
      expect(plan).toMatchObject({ eligible: false, reason: said.slice('refuse: '.length), effects: [] })
    }
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(`__snapshots__/managed/${operation.name}.txt`)
  })
})

/** Those that no manager minds. A new operation is put here, or says what a manager would make of it. */
const harmless = [
  'checkpoint',
  'leave-names',
  'vacuum',
  'back-up',
  'analyze',
  'reindex',
  'drop-invalid-index',
  'test-access',
  'cancel-statements',
  'terminate-sessions',
  'pause-pooler',
  'resume-pooler',
  'reload-pooler',
  'drain-pooler',
  'follow-primary',
  'patroni-switchover',
  'patroni-zero-gap',
  'patroni-restart',
  'patroni-reload',
  'patroni-reinit',
  'patroni-pause',
  'patroni-resume',
  'patroni-configure',
  'drill',
  'etcd-snapshot',
  'etcd-defragment',
  'etcd-disarm',
  'follow-leader',
  'adopt-patroni',
  'build-cluster',
  'rotate-certificates',
  'launch-herd',
  'tear-down',
  'check-server',
  'refresh-dns',
  'check-zone',
  'rds-promote',
  'rds-reboot',
  'rds-start',
  'rds-stop',
]

test('every operation is either harmless to a manager, or refused while Patroni runs', async () => {
  for (const operation of operations) {
    const { said } = await verdictOf(
      operation,
      fleetWith((host) => [patroni(host)]),
    )
    expect(said.slice(0, 8), operation.name).toBe(harmless.includes(operation.name) ? 'harmless' : 'refuse: ')
  }
})

test('a refusal names the exact command, with configuration, cluster and members', async () => {
  const fleet = fleetWith((host) => [patroni(host)])
  const { reason } = await planOf(operationByName('switchover')!, fleet)
  expect(reason).toContain('`patronictl -c /etc/patroni/15-shop.yml switchover 15-shop --leader n1`')
  const restart = await planOf(operationByName('restart')!, fleet)
  expect(restart.reason).toContain('`patronictl -c /etc/patroni/15-shop.yml restart 15-shop n1`')
})

describe('unknown is never “not managed”', () => {
  const restart = operationByName('restart')!
  test('where processes of other users are hidden', async () => {
    const fleet = fleetWith(() => [])
    fleet.host('n1').areHidden = true
    expect((await verdictOf(restart, fleet)).said).toContain(
      'unknown: Whether Patroni or the like manages shop on n1 is not known: processes of other users',
    )
  })

  test('where the host of a member does not answer in a failover', async () => {
    const fleet = fleetWith(() => [])
    fleet.host('n1').power = 'off'
    const failover = operationByName('failover')!
    const { said } = await verdictOf(failover, fleet)
    expect(said).toContain('unknown: Whether Patroni or the like manages shop on n1 is not known')
  })

  test('and one that was managed when it was last seen is refused while its host cannot be asked', async () => {
    const fleet = fleetWith(() => [])
    fleet.host('n1').power = 'off'
    fleet.instance('shop on n1').inventory.manager = { by: 'patroni', seenAt: '2026-03-01T12:00:00.000Z' }
    const { said } = await verdictOf(operationByName('failover')!, fleet)
    expect(said).toContain('refuse: shop on n1 was managed by Patroni when it was last seen')
  })
})

test('Patroni of another data directory on the same host is none of its business', async () => {
  const fleet = fleetWith((host) => [patroni(host, { dataDirectory: '/var/lib/postgresql/15/other' })])
  expect((await verdictOf(operationByName('restart')!, fleet)).said).toBe('pass')
})

test('a statement that reads is run on a managed server', async () => {
  const fleet = fleetWith((host) => [patroni(host)])
  const plan = await planOf(operationByName('run-sql')!, fleet, { sql: 'select 1' })
  expect(plan.gates.find(({ name }) => name === 'manager')).toMatchObject({ verdict: 'pass' })
  const promoting = await planOf(operationByName('run-sql')!, fleet, { sql: 'select pg_promote()' })
  expect(promoting.reason).toContain('would be a second primary')
})
