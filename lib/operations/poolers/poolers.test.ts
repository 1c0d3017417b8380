import { describe, expect, test } from 'vitest'
import { type MemoryFleet, memoryFleet } from '@/lib/adapters/memory'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { operationsOn } from '..'

const newFleet = () => memoryFleet([{ environment: 'prod', name: 'orders', hosts: ['n1', 'n2'], poolers: ['n1', 'front'] }])
const title = 'orders pooler on front'
const operations = operationsOn('pooler')

const planOf = (fleet: MemoryFleet, name: string, input: JsonObject = {}) => {
  const operation = operations.find((one) => one.name === name)!
  const parsed = operation.input.parse(input) as JsonObject
  return makeTargetPlan(operation, fleet.read, parsed, fleet.pooler(title).inventory.id, new AbortController().signal)
}
const warnings = (plan: Awaited<ReturnType<typeof planOf>>) =>
  plan.gates.filter(({ verdict }) => verdict === 'warn').map(({ because }) => because)

const client = (user: string) => ({
  database: 'orders',
  user,
  address: '10.0.0.9:5000',
  applicationName: 'till',
  state: 'active',
  waitSeconds: 0,
  connectedAt: null,
  remotePid: 4711,
})

describe.each(operations)('$name', (operation) => {
  test('refuses a pooler whose host does not answer, with the reason', async () => {
    const fleet = newFleet()
    fleet.host('front').power = 'off'
    const plan = await planOf(fleet, operation.name)
    expect(plan).toMatchObject({ eligible: false, title, effects: [] })
    expect(plan.reason).toBe('Its host does not answer: front does not answer over SSH. A pooler that cannot be seen is not touched.')
  })
})

test('a pause is refused while the pooler is paused as a whole, and warns of clients in session mode by number', async () => {
  const fleet = newFleet()
  Object.assign(fleet.pooler(title).databases.get('orders')!, { mode: 'session', idle: [client('app'), client('app')] })
  expect(warnings(await planOf(fleet, 'pause-pooler'))[0]).toContain('orders (2 clients): in session mode')
  fleet.pooler(title).isPausedWhole = true
  expect((await planOf(fleet, 'pause-pooler')).reason).toContain('resume it first')
})

test('a drain of a paused pooler is refused: its clients could not leave', async () => {
  const fleet = newFleet()
  fleet.pooler(title).databases.get('orders')!.isPaused = true
  expect((await planOf(fleet, 'drain-pooler')).reason).toContain('resume it first')
})

describe('follow-primary', () => {
  test('refuses two primaries, none, and a file in which nothing points to the primary', async () => {
    const fleet = newFleet()
    Object.assign(fleet.instance('orders on n2'), { hasStandbySignal: false, upstreamId: null })
    expect((await planOf(fleet, 'follow-primary')).reason).toContain('both answer as primary')
    for (const name of ['orders on n1', 'orders on n2']) fleet.instance(name).state = 'stopped'
    expect((await planOf(fleet, 'follow-primary')).reason).toBe('No member of orders answers as primary.')
    fleet.instance('orders on n2').state = 'running'
    expect((await planOf(fleet, 'follow-primary')).reason).toContain('No line of its file points to orders on n2')
  })

  test('says that not a byte of a hand-written file changes when it is adopted', async () => {
    const plan = await planOf(newFleet(), 'follow-primary')
    expect(plan.now).toContainEqual({ label: 'Template', value: 'made from its file' })
    expect(plan.now).toContainEqual({ label: 'Difference', value: 'none: not a byte changes' })
  })

  test('refuses a template by what is wrong in it, and keeps a password out of the plan', async () => {
    const fleet = newFleet()
    fleet.pooler(title).inventory.template = '[databases]\norders = host={{host}} port={{port}} password=hunter2\n{{oops}} = 1\n'
    const plan = await planOf(fleet, 'follow-primary')
    expect(plan.reason).toContain('{{oops}} is not known')
    expect(plan.reason).toContain('it holds a password')
    expect(JSON.stringify(plan)).not.toContain('hunter2')
  })

  test('shows the difference before the first write, with the passwords of the old file masked', async () => {
    const fleet = newFleet()
    const pooler = fleet.pooler(title)
    pooler.file!.text = pooler.file!.text.replace('dbname', 'password=hunter2 dbname')
    pooler.inventory.template =
      '[databases]\norders = host={{host}} port={{port}} dbname=orders\n\n[pgbouncer]\nlisten_port = 6432\npool_mode = transaction\n'
    const plan = await planOf(fleet, 'follow-primary')
    const difference = plan.now.find(({ label }) => label === 'Difference')!.value
    expect(difference).toMatch(
      /^- orders = host=10\.\S+ port=5432 password=… dbname=orders\n\+ orders = host=10\.\S+ port=5432 dbname=orders$/,
    )
    expect(JSON.stringify(plan)).not.toContain('hunter2')
  })
})

describe('follow-primary of a pooler that serves two herds', () => {
  const newShared = () =>
    memoryFleet([
      { environment: 'prod', name: 'orders', hosts: ['n1', 'n2'], poolers: ['n1', 'front'] },
      { environment: 'prod', name: 'crm', hosts: ['c1', 'c2'], sharedPoolers: ['front'] },
    ])
  const now = (plan: Awaited<ReturnType<typeof planOf>>, label: string) => plan.now.find((one) => one.label === label)?.value
  const addressOf = (fleet: MemoryFleet, instance: string) => fleet.instance(instance).inventory.address.host.address
  const promote = (fleet: MemoryFleet, herd: string, [from, to]: [string, string]) => {
    fleet.instance(`${herd} on ${from}`).state = 'stopped'
    Object.assign(fleet.instance(`${herd} on ${to}`), { hasStandbySignal: false, upstreamId: null, timeline: 2 })
  }

  test('adopts the lines of each, names both, and not a byte changes', async () => {
    const plan = await planOf(newShared(), 'follow-primary')
    expect([now(plan, 'In front of'), now(plan, 'Primary of crm')]).toEqual(['orders, crm', expect.stringContaining('crm on c1')])
    expect(now(plan, 'Difference')).toBe('none: not a byte changes')
    expect(plan.locks).toHaveLength(2)
  })

  test('makes the lines of a herd that its template does not name follow too, and says so', async () => {
    const fleet = newShared()
    const { inventory, file } = fleet.pooler(title)
    inventory.template = file!.text.replace(/^orders = .*/m, 'orders = host={{host}} port={{port}} dbname=orders')
    const plan = await planOf(fleet, 'follow-primary')
    expect(now(plan, 'Template')).toBe('registered; the lines of crm follow from now on')
    expect(now(plan, 'Difference')).toBe('none: not a byte changes')
  })

  test('points the lines of a herd with a known primary at it, and leaves those of the other one as they are, with a warning', async () => {
    const fleet = newShared()
    const { inventory, file } = fleet.pooler(title)
    inventory.template = file!.text
      .replace(/^orders = .*/m, 'orders = host={{host}} port={{port}} dbname=orders')
      .replace(/^crm = .*/m, 'crm = host={{host:crm}} port={{port:crm}} dbname=crm')
    promote(fleet, 'crm', ['c1', 'c2'])
    for (const name of ['orders on n1', 'orders on n2']) fleet.instance(name).state = 'stopped'
    const plan = await planOf(fleet, 'follow-primary')
    expect(plan.reason).toBeNull()
    expect(warnings(plan)).toContain('No member of orders answers as primary. Its lines stay as they are.')
    expect(now(plan, 'Difference')).toBe(
      `- crm = host=${addressOf(fleet, 'crm on c1')} port=5432 dbname=crm\n+ crm = host=${addressOf(fleet, 'crm on c2')} port=5432 dbname=crm`,
    )
  })

  test('refuses a template that names a herd of nowhere', async () => {
    const fleet = newShared()
    fleet.pooler(title).inventory.template = '[databases]\norders = host={{host:oders}} port={{port:oders}}\n'
    expect((await planOf(fleet, 'follow-primary')).reason).toContain('{{host:oders}} names no herd of its environment')
  })
})
