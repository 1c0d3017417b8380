import { describe, expect, test } from 'vitest'
import { type MemoryFleet, memoryFleet } from '@/lib/adapters/memory'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { operationByName, operationsOn } from '@/lib/operations'

const newFleet = () => memoryFleet([{ environment: 'prod', name: 'demo', hosts: ['n1', 'n2', 'n3'] }])

const planOf = (fleet: MemoryFleet, name: string, title: string, input: JsonObject = {}) => {
  const operation = operationByName(name)!
  const target = operation.on === 'server' ? fleet.host(title).server.id : fleet.instance(title).inventory.id
  return makeTargetPlan(operation, fleet.read, operation.input.parse(input) as JsonObject, target, new AbortController().signal)
}

const warnings = (plan: Awaited<ReturnType<typeof planOf>>) =>
  plan.gates.filter((gate) => gate.verdict === 'warn').map((gate) => gate.because)

/** What an operation cannot do without. */
const inputs: Record<string, JsonObject> = {
  'run-sql': { sql: 'select 1' },
  'cancel-statements': { sessions: '4711@2026-03-01T12:00:00.123456Z' },
  'terminate-sessions': { sessions: '4711@2026-03-01T12:00:00.123456Z' },
  vacuum: { tables: 'public.orders' },
  analyze: { tables: 'public.orders' },
  reindex: { indexes: 'public.orders_total_idx' },
  'drop-invalid-index': { indexes: 'public.orders_total_idx' },
  repoint: { upstream: 'demo on n1' },
  'drop-slot': { slot: 'n2' },
  resize: { type: 'm5.large' },
  'set-parameters': { parameters: 'work_mem = 64MB' },
}

/** What RDS has stopped answers nobody: RDS itself says so. */
const asksAnother = new Set(['rds-start'])

describe('unknown is untouchable', () => {
  test.each(
    operationsOn('instance')
      .map((one) => one.name)
      .filter((name) => !asksAnother.has(name)),
  )('%s refuses an instance whose host does not answer, with the reason', async (name) => {
    const fleet = newFleet()
    fleet.host('n2').power = 'off'
    const plan = await planOf(fleet, name, 'demo on n2', inputs[name])
    expect(plan).toMatchObject({ eligible: false, title: 'demo on n2', effects: [] })
    expect(plan.reason).toBe('Its host does not answer: n2 does not answer over SSH. An instance that cannot be seen is not touched.')
  })

  test('a server that refuses the console’s login is not touched either', async () => {
    const fleet = newFleet()
    fleet.instance('demo on n2').refusesLogin = true
    for (const name of ['stop', 'restart', 'reload', 'checkpoint'])
      expect((await planOf(fleet, name, 'demo on n2')).reason).toContain('refuses the console')
    expect((await planOf(fleet, 'start', 'demo on n2')).reason).toBe('It runs already, but refuses the console.')
  })

  test('a missing target is excluded, not an error', async () => {
    const fleet = newFleet()
    const plan = await makeTargetPlan(
      operationByName('stop')!,
      fleet.read,
      { mode: 'fast', timeoutSeconds: 60 },
      'nowhere',
      new AbortController().signal,
    )
    expect(plan).toMatchObject({ eligible: false, reason: 'It is not registered any more, or you may not see it.' })
  })
})

describe('start', () => {
  const stopped = (title: string, change: Partial<ReturnType<MemoryFleet['instance']>> = {}) => {
    const fleet = newFleet()
    Object.assign(fleet.instance(title), { state: 'stopped' }, change)
    return fleet
  }

  test('brings back a stopped primary', async () => {
    expect((await planOf(stopped('demo on n1'), 'start', 'demo on n1')).reason).toBeNull()
  })

  test('refuses a running server', async () => {
    expect((await planOf(newFleet(), 'start', 'demo on n1')).reason).toBe('It runs already.')
  })

  test('refuses a former primary whose herd has another primary, unless it carries standby.signal', async () => {
    const fleet = stopped('demo on n1')
    Object.assign(fleet.instance('demo on n2'), { hasStandbySignal: false, upstreamId: null, timeline: 2 })
    expect((await planOf(fleet, 'start', 'demo on n1')).reason).toContain('demo on n2 is the primary of demo')
    fleet.instance('demo on n1').hasStandbySignal = true
    expect((await planOf(fleet, 'start', 'demo on n1')).reason).toBeNull()
  })

  test('refuses a former primary that a later timeline has replaced, although its successor is down too', async () => {
    const fleet = stopped('demo on n1')
    Object.assign(fleet.instance('demo on n2'), { hasStandbySignal: false, timeline: 2, state: 'stopped' })
    expect((await planOf(fleet, 'start', 'demo on n1')).reason).toContain('demo on n2 is on timeline 2, this one on 1')
  })

  test('refuses a former primary while a standby still streams from a server that the console cannot see', async () => {
    const fleet = stopped('demo on n1')
    Object.assign(fleet.instance('demo on n2'), { hasStandbySignal: false, upstreamId: null, slots: ['n3'] })
    fleet.instance('demo on n3').upstreamId = fleet.instance('demo on n2').inventory.id
    fleet.host('n2').power = 'frozen'
    expect((await planOf(fleet, 'start', 'demo on n1')).reason).toContain('demo on n3 streams from')
  })

  test('refuses one that a failover has replaced, whatever the rest of the herd looks like', async () => {
    const fleet = stopped('demo on n1')
    fleet.instance('demo on n1').replaced = { byId: 'x', timeline: 2, because: 'demo on n2 was promoted in its place.' }
    expect((await planOf(fleet, 'start', 'demo on n1')).reason).toContain('must not start as a primary: demo on n2 was promoted')
    fleet.instance('demo on n1').hasStandbySignal = true
    expect((await planOf(fleet, 'start', 'demo on n1')).reason).toBeNull()
  })

  test('warns of members that cannot be seen, where a primary might run', async () => {
    const fleet = stopped('demo on n1')
    fleet.host('n2').power = 'off'
    expect(warnings(await planOf(fleet, 'start', 'demo on n1'))).toEqual([
      'demo on n2 cannot be seen. If a primary runs there, this start makes a second one.',
    ])
  })

  test('says that a crashed server recovers', async () => {
    const plan = await planOf(stopped('demo on n2', { state: 'crashed' }), 'start', 'demo on n2')
    expect(plan.gates[1]).toMatchObject({ verdict: 'pass', because: 'It was not shut down cleanly and recovers when it starts.' })
  })
})

describe('stop', () => {
  test('warns, with numbers, of clients, open transactions, standbys and the herd’s primary', async () => {
    const fleet = newFleet()
    Object.assign(fleet.instance('demo on n1'), { clients: 12, activeTransactions: 3 })
    const plan = await planOf(fleet, 'stop', 'demo on n1')
    expect(warnings(plan)).toEqual([
      'It is the primary of demo: nothing can be written while it is stopped.',
      '12 clients connected; they are cut.',
      '3 open transactions, the longest open for 1 s; they are rolled back.',
      'n2, n3: without an upstream while it is stopped.',
    ])
    expect(plan.affected.map((one) => [one.kind, one.count])).toEqual([
      ['clients', 12],
      ['transactions', 3],
      ['standbys', 2],
      ['redundancy', 2],
    ])
  })

  test('refuses what is down already', async () => {
    const fleet = newFleet()
    fleet.instance('demo on n2').state = 'stopped'
    expect((await planOf(fleet, 'stop', 'demo on n2')).reason).toBe('It is stopped already.')
  })

  test('a standby costs one standby of redundancy, and nobody else notices', async () => {
    const plan = await planOf(newFleet(), 'stop', 'demo on n2')
    expect(warnings(plan)).toEqual([])
    expect(plan.affected).toEqual([{ kind: 'redundancy', count: 1, sentence: '2 standbys of demo now, 1 while it is stopped.' }])
  })

  test('an immediate stop warns of the recovery at the next start', async () => {
    expect(warnings(await planOf(newFleet(), 'stop', 'demo on n2', { mode: 'immediate' }))[0]).toContain('next start recovers')
  })
})

describe('restart', () => {
  test('sends a stopped server to start', async () => {
    const fleet = newFleet()
    fleet.instance('demo on n2').state = 'stopped'
    expect((await planOf(fleet, 'restart', 'demo on n2')).reason).toBe('It is stopped; use start.')
  })

  test('names the settings that wait for it', async () => {
    const fleet = newFleet()
    fleet.instance('demo on n2').files.shared_buffers = '4GB'
    const plan = await planOf(fleet, 'restart', 'demo on n2')
    expect(plan.gates.find((gate) => gate.name === 'pending')?.because).toBe('1 setting will take effect: shared_buffers.')
  })

  test('refuses while the configuration files have errors: the server would not come back', async () => {
    const fleet = newFleet()
    fleet.instance('demo on n2').fileProblems = [
      { file: '/etc/postgresql/15/demo/postgresql.conf', line: 12, name: null, error: 'syntax error' },
    ]
    expect((await planOf(fleet, 'restart', 'demo on n2')).reason).toBe(
      '1 error in the configuration files: /etc/postgresql/15/demo/postgresql.conf:12: syntax error.',
    )
  })

  test('puts standbys before the primary', async () => {
    const fleet = newFleet()
    const orders = await Promise.all(['demo on n1', 'demo on n2'].map(async (title) => (await planOf(fleet, 'restart', title)).order))
    expect(orders).toEqual([1, 0])
  })
})

describe('reload', () => {
  test('refuses while the configuration files have errors', async () => {
    const fleet = newFleet()
    fleet.instance('demo on n1').fileProblems = [{ file: 'postgresql.conf', line: 3, name: 'work_mem', error: 'invalid value' }]
    expect((await planOf(fleet, 'reload', 'demo on n1')).reason).toContain('postgresql.conf:3 work_mem: invalid value')
  })
})

describe('run SQL', () => {
  test('a writing statement is refused on a standby', async () => {
    expect((await planOf(newFleet(), 'run-sql', 'demo on n2', { sql: 'delete from t', write: true })).reason).toBe(
      'It is a standby and takes no writes.',
    )
  })

  test('writing has its own permission, a phrase and the gravest danger; reading has none of them, as far as the input says', () => {
    const operation = operationByName('run-sql')!
    const input = (write: boolean) => operation.input.parse({ sql: 'select 1', write })
    expect([operation.permission(input(true)), operation.dangerWith(input(true)), operation.asksPhrase(input(true))]).toEqual([
      'run-sql.write',
      'destructive',
      true,
    ])
    expect([operation.permission(input(false)), operation.dangerWith(input(false)), operation.asksPhrase(input(false))]).toEqual([
      'run-sql',
      'routine',
      false,
    ])
  })

  test('an unknown key in the input is refused by its name', () => {
    const parsed = operationByName('run-sql')!.input.safeParse({ sql: 'select 1', wirte: true })
    expect(parsed.success).toBe(false)
    expect(JSON.stringify(parsed.error?.issues)).toContain('wirte')
  })
})

test('check server is planned for a host that does not answer: that is what it is for', async () => {
  const fleet = newFleet()
  fleet.host('n1').power = 'off'
  expect((await planOf(fleet, 'check-server', 'n1')).eligible).toBe(true)
})
