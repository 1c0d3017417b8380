import { describe, expect, test } from 'vitest'
import { isGivenUp } from '@/e2e/harness/twin/crash-laws'
import { dbOf, rdsFleet, singleRds } from '@/e2e/harness/twin/rds'
import { asRds, type MemoryFleet, MemoryJournal, memoryFleet } from '@/lib/adapters/memory'
import { isStreaming } from '@/lib/adapters/memory/world/wal'
import { brokenOf, countStates, crashMatrix, type Disturbance, type Stage } from '@/lib/kernel/engine/crash-matrix'
import { drive } from '@/lib/kernel/engine/engine'
import { Fault } from '@/lib/kernel/ground/errors'
import type { JobState } from '@/lib/kernel/ground/journal'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { defaultPolicy } from '@/lib/kernel/operation/plan'
import { composePlan, makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { operationByName } from '..'

type Name = 'rds-start' | 'rds-stop' | 'rds-reboot' | 'rds-promote' | 'resize' | 'restart' | 'stop' | 'promote' | 'rebuild' | 'reload'
const inputOf = (name: Name, raw: JsonObject) => operationByName(name)!.input.parse(raw) as JsonObject
const planOf = (fleet: MemoryFleet, name: Name, title: string, raw: JsonObject = {}) =>
  makeTargetPlan(operationByName(name)!, fleet.read, inputOf(name, raw), fleet.instance(title).inventory.id, new AbortController().signal)
const run = async (fleet: MemoryFleet, name: Name, title: string, raw: JsonObject = {}) => {
  const { digest, reason } = await planOf(fleet, name, title, raw)
  expect(reason).toBeNull()
  const journal = new MemoryJournal(fleet.clock)
  const job = { id: 'job', targetId: fleet.instance(title).inventory.id, input: inputOf(name, raw), digest }
  const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock: fleet.clock }
  const state = await drive(operationByName(name)!, job, journal.open(), fleet, options)
  return { state, because: journal.lines.flatMap((line) => ('because' in line && line.because !== null ? [line.because] : [])).join(' ') }
}

test('what needs a host is refused for a member on RDS with the reason and what RDS has in its place', async () => {
  const reasons = await Promise.all(
    (['restart', 'stop', 'promote', 'rebuild', 'reload'] as const).map(
      async (name) => (await planOf(rdsFleet(), name, 'shop on db2')).reason,
    ),
  )
  for (const reason of reasons) expect(reason).toContain('AWS runs the server, and gives nobody a login to its host.')
  expect(reasons[0]).toContain('Use Reboot through RDS')
  expect(reasons[1]).toContain('Use Stop through RDS')
  expect(reasons[2]).toContain('Use Promote through RDS')
  expect(reasons[3]).toContain('create-db-instance-read-replica')
})

test('the plans through RDS and of a resize of members on EC2 and RDS together read as these snapshots say, and change nothing', async () => {
  const fleet = memoryFleet([
    { environment: 'prod', name: 'shop', hosts: ['db1', 'db2'] },
    { environment: 'prod', name: 'demo', hosts: ['n1', 'n2', 'n3'] },
  ])
  asRds(fleet.world, ['db1', 'db2'])
  const made = { at: fleet.clock.now(), inMs: 0 }
  const snapshot = async (name: Name, titles: string[], file: string, raw: JsonObject = {}) => {
    const planned = await Promise.all(titles.map((title) => planOf(fleet, name, title, raw)))
    const prod = { id: planned[0]!.environmentId!, name: 'prod', colour: 'red', protection: 'confirm' as const, maintenanceWindows: [] }
    const plan = composePlan(
      operationByName(name)!,
      inputOf(name, raw),
      defaultPolicy,
      planned,
      [prod],
      { medianSeconds: 300, count: 12 },
      made,
    )
    await expect(`${JSON.stringify(plan, null, 2)}\n`).toMatchFileSnapshot(`../__snapshots__/plans/${file}.txt`)
  }
  await snapshot('rds-reboot', ['shop on db2'], 'rds-reboot')
  await snapshot('rds-promote', ['shop on db2'], 'rds-promote', { detach: true })
  await snapshot('rds-stop', ['shop on db2'], 'rds-stop')
  await snapshot('rds-start', ['shop on db2'], 'rds-start')
  await snapshot('resize', ['demo on n2', 'shop on db2', 'shop on db1'], 'resize-mixed', { type: 'm5.xlarge', fallbacks: 'm6i.xlarge' })
  expect(fleet.calls.made).toEqual([])
})

test('a DB instance is rebooted once, and stops and starts, each proved by what RDS and its server say', async () => {
  const fleet = rdsFleet()
  const before = fleet.instance('shop on db2').startedAt
  expect(await run(fleet, 'rds-reboot', 'shop on db2')).toMatchObject({ state: 'done' })
  expect(dbOf(fleet, 'db2').applied).toEqual(['reboot'])
  expect(fleet.instance('shop on db2').startedAt > before).toBe(true)
  const single = singleRds()
  expect(await run(single, 'rds-stop', 'shop on db1')).toMatchObject({ state: 'done' })
  expect([dbOf(single, 'db1').status, single.instance('shop on db1').state]).toEqual(['stopped', 'stopped'])
  expect(await run(single, 'rds-start', 'shop on db1')).toMatchObject({ state: 'done' })
  expect([dbOf(single, 'db1').status, single.instance('shop on db1').state]).toEqual(['available', 'running'])
})

test('RDS refuses to stop what replicates, a promotion beside a living primary, and a member of a cluster: the plan says so first', async () => {
  expect((await planOf(rdsFleet(), 'rds-stop', 'shop on db2')).reason).toContain('read replica of db1')
  expect((await planOf(rdsFleet(), 'rds-stop', 'shop on db1')).reason).toContain('db2 replicates from it')
  expect((await planOf(rdsFleet(), 'rds-promote', 'shop on db2')).reason).toContain('choose “Detach it”')
  const clustered = rdsFleet()
  dbOf(clustered, 'db2').clusterId = 'aurora-1'
  expect((await planOf(clustered, 'rds-reboot', 'shop on db2')).reason).toContain('member of the cluster aurora-1')
  const fleet = rdsFleet()
  expect(await run(fleet, 'rds-promote', 'shop on db2', { detach: true })).toMatchObject({ state: 'done' })
  expect([dbOf(fleet, 'db2').source, fleet.instance('shop on db2').hasStandbySignal]).toEqual([null, false])
})

test('a class is in force before the job ends, and not while it only waits as pending on an instance that is available', async () => {
  const fleet = rdsFleet()
  const seen: string[] = []
  const look = fleet.read.cloud.dbInstance
  fleet.read.cloud.dbInstance = async (...asked) => {
    const now = await look(...asked)
    seen.push(`${now.status} ${now.class} ${now.pendingClass}`)
    return now
  }
  expect(await run(fleet, 'resize', 'shop on db2', { type: 'm5.xlarge' })).toMatchObject({ state: 'done' })
  expect(dbOf(fleet, 'db2')).toMatchObject({
    class: 'db.m5.xlarge',
    status: 'available',
    pendingClass: null,
    applied: ['set db.m5.xlarge'],
  })
  expect(seen).toContain('available db.m5.large db.m5.xlarge')
  expect(isStreaming(fleet.world, fleet.instance('shop on db2'))).toBe(true)
})

test('without capacity the next class is taken, and with none of them it stays what it is and runs', async () => {
  const fleet = rdsFleet()
  fleet.world.exhausted.add('db.m5.xlarge')
  const wanted = { type: 'm5.xlarge', fallbacks: 'm6i.xlarge' }
  expect(await run(fleet, 'resize', 'shop on db2', wanted)).toMatchObject({ state: 'done' })
  expect(dbOf(fleet, 'db2').class).toBe('db.m6i.xlarge')
  const dry = rdsFleet()
  for (const name of ['db.m5.xlarge', 'db.m6i.xlarge']) dry.world.exhausted.add(name)
  const { state, because } = await run(dry, 'resize', 'shop on db2', wanted)
  expect([state, because]).toEqual(['failed', expect.stringContaining('It stays what it is')])
  expect(dbOf(dry, 'db2')).toMatchObject({ class: 'db.m5.large', status: 'available', applied: [] })
})

test('a primary is resized where it is, with a warning, and a class that RDS does not have is refused with its version', async () => {
  const { gates } = await planOf(rdsFleet(), 'resize', 'shop on db1', { type: 'db.r6g.large' })
  expect(gates.find(({ name }) => name === 'standby')).toMatchObject({
    verdict: 'warn',
    because: expect.stringContaining('takes no writes'),
  })
  expect((await planOf(rdsFleet(), 'resize', 'shop on db2', { type: 'm9.none' })).reason).toContain(
    'RDS has no class db.m9.none for PostgreSQL 15.8',
  )
  expect((await planOf(rdsFleet(), 'resize', 'shop on db2', { type: 'm5.large' })).reason).toContain('It is db.m5.large already')
  const fleet = rdsFleet()
  expect(await run(fleet, 'resize', 'shop on db1', { type: 'db.r6g.large' })).toMatchObject({ state: 'done' })
  expect(dbOf(fleet, 'db1').class).toBe('db.r6g.large')
})

test('an RDS that answers nobody for a while is waited for, and an instance that somebody else changes meanwhile, too', async () => {
  const fleet = rdsFleet()
  let deaf = 0
  fleet.calls.interfere = ({ act }) => {
    if (!act.startsWith('rds ') || deaf >= 5) return undefined
    deaf += 1
    const code = deaf % 2 === 0 ? 'cloud.unreachable' : 'cloud.wrong-state'
    return { how: 'fail', fault: new Fault(code, { because: 'Rate exceeded.', isOver: true }) }
  }
  expect(await run(fleet, 'resize', 'shop on db2', { type: 'm5.xlarge' })).toMatchObject({ state: 'done' })
  expect([deaf, dbOf(fleet, 'db2').class]).toEqual([5, 'db.m5.xlarge'])
})

const stageOf = async (name: Name, make: () => MemoryFleet, title: string, raw: JsonObject): Promise<Stage> => {
  const fleet = make()
  const operation = operationByName(name)!
  const { digest, reason } = await planOf(fleet, name, title, raw)
  if (reason !== null) throw new Error(reason)
  const host = title.split(' ').at(-1)!
  const planned = new Map<number, Disturbance>()
  fleet.calls.interfere = ({ nth }) => planned.get(nth)
  const journal = new MemoryJournal(fleet.clock)
  return {
    ...{ operation, ports: fleet, clock: fleet.clock, journal },
    job: { id: 'job', targetId: fleet.instance(title).inventory.id, input: inputOf(name, raw), digest },
    disturb: (nth, how) => void planned.set(fleet.calls.made.length + nth, how),
    snapshot: () => JSON.stringify([dbOf(fleet, host).applied, fleet.instance(title).applied]),
    broken: (state) => (isGivenUp(journal.lines) ? fleet.world.violations : brokenIn(fleet, name, host, state)),
  }
}

/** Whatever happens it runs at the end, unless it was to be stopped; and done means done. */
const brokenIn = (fleet: MemoryFleet, name: Name, host: string, state: JobState): string[] => {
  const db = dbOf(fleet, host)
  const isSettling = db.steps.length > 0 && db.steps.at(-1)!.status === 'available'
  const isDown = db.status !== 'available' && !isSettling
  const isAsked = state === 'attention'
  return [
    ...fleet.world.violations,
    ...(name !== 'rds-stop' && isDown ? [`${state}, and it is ${db.status}`] : []),
    ...(name === 'rds-stop' && state === 'done' && db.status !== 'stopped' ? [`done, and it is ${db.status}`] : []),
    ...(name === 'rds-stop' && ['undone', 'cancelled'].includes(state) && isDown ? [`${state}, and it is ${db.status}`] : []),
    ...(name === 'resize' && state === 'done' && !['db.m5.xlarge', 'db.m6i.xlarge'].includes(db.class)
      ? [`done, and it is ${db.class}`]
      : []),
    ...(name === 'resize' && state === 'done' && (db.pendingClass !== null || db.status !== 'available') ? ['done, and not in force'] : []),
    ...(name === 'resize' && !isAsked && ['undone', 'cancelled'].includes(state) && db.class !== 'db.m5.large' && db.pendingClass === null
      ? [`${state}, and it is ${db.class}`]
      : []),
    ...(name === 'rds-reboot' && state === 'done' && !db.applied.includes('reboot') ? ['done, and not rebooted'] : []),
    ...(name === 'rds-promote' && state === 'done' && db.source !== null ? ['done, and a replica'] : []),
  ]
}

const scenes: [Name, () => MemoryFleet, string, JsonObject, number][] = [
  ['resize', rdsFleet, 'shop on db2', { type: 'm5.xlarge', fallbacks: 'm6i.xlarge' }, 29],
  ['rds-reboot', rdsFleet, 'shop on db2', {}, 5],
  ['rds-stop', singleRds, 'shop on db1', {}, 5],
  ['rds-promote', rdsFleet, 'shop on db2', { detach: true }, 5],
]

describe('wherever drivers die, sleep or hand over, and however acts go wrong', () => {
  test.each(scenes)('%s through RDS ends as it says', { timeout: 120_000 }, async (name, make, title, raw, stride) => {
    const results = await crashMatrix(() => stageOf(name, make, title, raw), { stride })
    expect(brokenOf(results)).toEqual([])
    expect(Object.keys(countStates(results))).toContain('done')
  })
})

test('the plan of a resize on RDS tells the price of a month before and after by the list that was read of its region, and says whose list does not know', async () => {
  const fleet = rdsFleet()
  const { region } = dbOf(fleet, 'db2').inventory
  const priced = async (type: string) =>
    (await planOf(fleet, 'resize', 'shop on db2', { type })).now.find(({ label }) => label === 'Price per month')?.value
  fleet.world.priceLists.set(region, {
    source: 'AWS Pricing',
    asOf: '2026-11-20T07:00:00Z',
    hourlyUsd: { [dbOf(fleet, 'db2').class]: 0.5, 'db.m5.xlarge': 1 },
  })
  expect(await priced('m5.xlarge')).toBe('$365.00 → $730.00, costs $365.00 more (on demand, AWS Pricing of 2026-11-20)')
  expect(await priced('m6i.xlarge')).toBe(`no price known for db.m6i.xlarge in ${region}, from AWS Pricing of 2026-11-20`)
  fleet.world.priceLists.clear()
  for (const host of ['db1', 'db2']) Object.assign(dbOf(fleet, host).inventory, { region: 'eu-west-3' })
  expect(await priced('m5.xlarge')).toMatch(/^no price known for .* in eu-west-3, from the console’s own list of .*us-east-1 alone$/)
})
