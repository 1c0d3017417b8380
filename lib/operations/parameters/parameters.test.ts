import { describe, expect, test } from 'vitest'
import { type MemoryFleet, MemoryJournal, memoryFleet } from '@/lib/adapters/memory'
import { type DriveOptions, drive } from '@/lib/kernel/engine/engine'
import { Fault } from '@/lib/kernel/ground/errors'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { setParameters } from '.'

const newFleet = () => memoryFleet([{ environment: 'prod', name: 'demo', hosts: ['n1', 'n2', 'n3'] }])
const planOf = (fleet: MemoryFleet, host: string, parameters: string, more: JsonObject = {}) =>
  makeTargetPlan(
    setParameters,
    fleet.read,
    setParameters.input.parse({ parameters, ...more }) as JsonObject,
    fleet.instance(`demo on ${host}`).inventory.id,
    new AbortController().signal,
  )
const jobOf = async (fleet: MemoryFleet, host: string, parameters: string, more: JsonObject = {}, options: Partial<DriveOptions> = {}) => {
  const plan = await planOf(fleet, host, parameters, more)
  if (plan.reason !== null) throw new Error(plan.reason)
  const journal = new MemoryJournal(fleet.clock)
  const input = setParameters.input.parse({ parameters, ...more }) as JsonObject
  const job = { id: 'job', targetId: fleet.instance(`demo on ${host}`).inventory.id, input, digest: plan.digest }
  const on = (signal = new AbortController().signal) =>
    drive(setParameters, job, journal.open(), fleet, {
      ...{ driver: 'test', signal, isCancelRequested: () => false, clock: fleet.clock },
      ...options,
    })
  return { plan, journal, on }
}
const gate = async (fleet: MemoryFleet, name: string, host: string, parameters: string, more: JsonObject = {}) =>
  (await planOf(fleet, host, parameters, more)).gates.find((one) => one.name === name)!
const now = async (fleet: MemoryFleet, host: string, parameters: string) => {
  const { now } = await planOf(fleet, host, parameters)
  return now.find(({ label }) => parameters.toLowerCase().startsWith(label.toLowerCase()))?.value
}

test('the plan shows each value as it is, with the file and line that sets it, and as it will be, and how it comes to count', async () => {
  const fleet = newFleet()
  expect(await now(fleet, 'n1', 'work_mem = 65536')).toBe('4MB (postgresql.conf:1) → 64MB (postgresql.auto.conf, by a reload)')
  expect(await now(fleet, 'n1', 'shared_buffers = 1GB')).toBe('128MB (postgresql.conf:2) → 1GB (postgresql.auto.conf, by a restart)')
  expect(await now(fleet, 'n1', 'Random_Page_Cost = 1.1')).toBe('4 (default) → 1.1 (postgresql.auto.conf, by a reload)')
  expect((await gate(fleet, 'overrides', 'n1', 'work_mem = 64MB')).because).toBe('work_mem overrides postgresql.conf:1.')
  fleet.instance('demo on n1').altered.work_mem = '8MB'
  fleet.instance('demo on n1').active.work_mem = '8MB'
  expect(await now(fleet, 'n1', 'work_mem = DEFAULT')).toBe('8MB (postgresql.auto.conf:1) → 4MB (postgresql.conf:1, by a reload)')
  expect(fleet.calls.made).toEqual([])
})

test('a value that a reload brings is written, loaded and proven, and nothing is restarted', async () => {
  const fleet = newFleet()
  const { journal, on } = await jobOf(fleet, 'n1', 'work_mem = 64MB\nautovacuum = off', { restart: true })
  expect(await on()).toBe('done')
  const n1 = fleet.instance('demo on n1')
  expect(n1.applied).toEqual(['set work_mem = 64MB', 'set autovacuum = off', 'reload'])
  expect(n1.active).toMatchObject({ work_mem: '64MB', autovacuum: 'off' })
  expect(journal.lines.find((line) => line.kind === 'finished' && line.step === 'load')).toMatchObject({
    output: { members: [{ title: 'demo on n1', inForce: ['work_mem = 64MB', 'autovacuum = off'], waiting: [] }] },
  })
  await expect(planOf(fleet, 'n1', 'work_mem = 65536kB')).resolves.toMatchObject({ reason: 'Every parameter has this value already.' })
})

test('a value that needs a restart waits for one, which is said before and after; with a restart it is in force at the end', async () => {
  const fleet = newFleet()
  expect(await gate(fleet, 'restarts', 'n2', 'shared_buffers = 1GB')).toMatchObject({
    verdict: 'warn',
    because: 'shared_buffers waits for a restart, which is not part of this run.',
  })
  const { journal, on } = await jobOf(fleet, 'n2', 'shared_buffers = 1GB')
  expect(await on()).toBe('done')
  const n2 = fleet.instance('demo on n2')
  expect([n2.applied, n2.active.shared_buffers]).toEqual([['set shared_buffers = 1GB', 'reload'], '128MB'])
  expect(journal.lines.find((line) => line.kind === 'finished' && line.step === 'load')).toMatchObject({
    output: { members: [{ waiting: ['shared_buffers'] }] },
  })
  expect((await planOf(fleet, 'n2', 'shared_buffers = 1GB')).reason).toMatch(/waits for a restart with it/)
  const second = await jobOf(fleet, 'n2', 'shared_buffers = 1GB', { restart: true })
  expect(await second.on()).toBe('done')
  expect([n2.applied.slice(2), n2.active.shared_buffers]).toEqual([['stop fast', 'start'], '1GB'])
})

test('what ALTER SYSTEM has written is taken out again, and the file counts', async () => {
  const fleet = newFleet()
  await (await jobOf(fleet, 'n1', 'work_mem = 64MB\nrandom_page_cost = 2')).on()
  expect(await (await jobOf(fleet, 'n1', 'work_mem = DEFAULT\nrandom_page_cost = DEFAULT')).on()).toBe('done')
  const { altered, active } = fleet.instance('demo on n1')
  expect([altered, active.work_mem, active.random_page_cost]).toEqual([{}, '4MB', undefined])
})

describe('is refused before anything is written', () => {
  test.each([
    ['no_such = 1', /^There is no parameter no_such \(15\.18\)/],
    ['work_mem = 1kB', /^work_mem: it is at least 64kB\.$/],
    ['work_mem = 3min', /^work_mem: it is a number with or without a unit \(kB\)\.$/],
    ['synchronous_commit = soon', /^synchronous_commit: it is one of local, remote_write, remote_apply, on, off\.$/],
    ['block_size = 4096', /^block_size: it is fixed/],
  ])('%s', async (parameters, reason) => {
    expect((await planOf(newFleet(), 'n1', parameters)).reason).toMatch(reason)
  })

  test('while its files have errors, and where the present value holds a secret, which is not shown', async () => {
    const fleet = newFleet()
    fleet.instance('demo on n1').fileProblems = [{ file: 'postgresql.conf', line: 3, name: null, error: 'syntax error' }]
    expect((await planOf(fleet, 'n1', 'work_mem = 64MB')).reason).toContain('postgresql.conf:3')
    fleet.instance('demo on n2').active.archive_command = 'PGPASSWORD=hush cp %p /x'
    const plan = await planOf(fleet, 'n2', 'archive_command = /bin/true')
    expect(plan.reason).toContain('archive_command holds a secret')
    expect(JSON.stringify(plan)).not.toContain('hush')
  })

  test('a limit raised on a primary with a restart beside standbys that have less; without a restart it is said', async () => {
    const fleet = newFleet()
    const raised = 'max_connections = 200'
    expect((await planOf(fleet, 'n1', raised, { restart: true })).reason).toMatch(
      /^demo on n2 runs with max_connections = 100; demo on n3 .*restart the standbys with the higher value first/,
    )
    expect(await gate(fleet, 'limits', 'n1', raised)).toMatchObject({ verdict: 'warn' })
    expect((await planOf(fleet, 'n2', raised, { restart: true })).reason).toBeNull()
    expect((await planOf(fleet, 'n2', 'max_connections = 50', { restart: true })).reason).toMatch(
      /^demo on n1 runs with max_connections = 100: .*restart the primary with the lower value first/,
    )
    expect((await planOf(fleet, 'n1', 'max_connections = 50', { restart: true })).reason).toBeNull()
  })
})

test('somebody who changes it between plan and run makes another plan; one who does so later is not overwritten', async () => {
  const fleet = newFleet()
  const { plan } = await jobOf(fleet, 'n1', 'work_mem = 64MB')
  fleet.instance('demo on n1').altered.work_mem = '5MB'
  expect((await planOf(fleet, 'n1', 'work_mem = 64MB')).digest).not.toBe(plan.digest)

  const other = newFleet()
  const { journal, on } = await jobOf(other, 'n1', 'work_mem = 64MB')
  const { parameters } = other.read.serverSettings
  let looks = 0
  other.read.serverSettings.parameters = (...args) => {
    looks += 1
    // The first look gathers the facts, the second is that of the step.
    if (looks === 2) other.instance('demo on n1').altered.work_mem = '5MB'
    return parameters(...args)
  }
  expect(await on()).toBe('failed')
  expect(journal.lines.find((line) => line.kind === 'failed')).toMatchObject({
    because: 'somebody else has changed work_mem on demo on n1 since the plan was made',
  })
  expect(other.instance('demo on n1').applied).toEqual([])
})

test('a failure after it was written puts the former values back and loads them, but for what somebody else has changed since', async () => {
  const fleet = newFleet()
  const n1 = fleet.instance('demo on n1')
  n1.altered = { work_mem: '5MB' }
  n1.active.work_mem = '5MB'
  let isFirst = true
  fleet.calls.interfere = ({ act }) => {
    if (act !== 'reload' || !isFirst) return undefined
    isFirst = false
    n1.altered.random_page_cost = '3'
    return { how: 'fail', fault: new Fault('shell.failed', { because: 'It does not reload.', isOver: true }) }
  }
  const { journal, on } = await jobOf(fleet, 'n1', 'work_mem = 64MB\nautovacuum = off\nrandom_page_cost = 2')
  expect(await on()).toBe('undone')
  expect(n1.altered).toEqual({ work_mem: '5MB', random_page_cost: '3' })
  expect([n1.active.work_mem, n1.active.autovacuum]).toEqual(['5MB', undefined])
  expect(journal.lines).toContainEqual(
    expect.objectContaining({ text: 'random_page_cost of demo on n1 is left as it is: somebody else has changed it.' }),
  )
})

test('half of it written by a worker that died: the next one writes the rest', async () => {
  const fleet = newFleet()
  const n1 = fleet.instance('demo on n1')
  const lost = new AbortController()
  fleet.calls.afterwards = ({ act }) => {
    if (act !== 'alter system') return
    delete n1.altered.autovacuum
    lost.abort(new Error('the worker dies'))
  }
  const { on } = await jobOf(fleet, 'n1', 'work_mem = 64MB\nautovacuum = off')
  await expect(on(lost.signal)).rejects.toThrow()
  expect(n1.altered).toEqual({ work_mem: '64MB' })
  fleet.calls.afterwards = () => {}
  expect(await on()).toBe('done')
  expect(n1.altered).toEqual({ work_mem: '64MB', autovacuum: 'off' })
  expect(n1.applied.filter((one) => one === 'set work_mem = 64MB')).toHaveLength(1)
})

test('a value that the server cannot take, as its files say, is undone', async () => {
  const fleet = newFleet()
  const n1 = fleet.instance('demo on n1')
  fleet.calls.afterwards = ({ act }) => {
    if (act === 'alter system' && n1.altered.work_mem !== undefined)
      n1.fileProblems = [{ file: 'postgresql.auto.conf', line: 1, name: 'work_mem', error: 'invalid value' }]
    if (act === 'alter system' && n1.altered.work_mem === undefined) n1.fileProblems = []
  }
  const { journal, on } = await jobOf(fleet, 'n1', 'work_mem = 64MB')
  expect(await on()).toBe('undone')
  expect(journal.lines.find((line) => line.kind === 'failed')).toMatchObject({ because: expect.stringContaining('invalid value') })
  expect([n1.altered, n1.active.work_mem]).toEqual([{}, '4MB'])
})

test('an answer that was lost after the deed is looked up, and nothing is written twice', async () => {
  const fleet = newFleet()
  fleet.calls.interfere = ({ act }) => (act === 'alter system' ? { how: 'lose-answer' } : undefined)
  const { on } = await jobOf(fleet, 'n1', 'work_mem = 64MB')
  expect(await on()).toBe('done')
  expect(fleet.instance('demo on n1').applied).toEqual(['set work_mem = 64MB', 'reload'])
})
