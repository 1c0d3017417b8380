import { describe, expect, test } from 'vitest'
import { MemoryJournal, memoryFleet } from '@/lib/adapters/memory'
import { drive } from '@/lib/kernel/engine/engine'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { restart } from './restart'

/** A restart that another worker intended and left; `goOn` is what the next one makes of it. */
const leftRestart = async () => {
  const fleet = memoryFleet([{ environment: 'prod', name: 'demo', hosts: ['n1', 'n2'] }])
  const instance = fleet.instance('demo on n1')
  const input = { mode: 'fast' as const, timeoutSeconds: 60 }
  const signal = new AbortController().signal
  const { digest } = await makeTargetPlan(restart, fleet.read, input, instance.inventory.id, signal)
  const facts = await restart.gather(fleet.read, input, { targetId: instance.inventory.id, signal })
  const journal = new MemoryJournal(fleet.clock)
  journal.write([
    { kind: 'opened', target: instance.inventory.id, input, digest, driver: 'dead' },
    { kind: 'gathered', facts },
    { kind: 'intended', step: 'restart', before: { startedAt: instance.startedAt, pid: instance.pid, role: 'primary' } },
  ])
  const goOn = () =>
    drive(restart, { id: 'job', targetId: instance.inventory.id, input, digest }, journal.open(), fleet, {
      driver: 'next',
      signal,
      isCancelRequested: () => false,
      clock: fleet.clock,
    })
  return { fleet, instance, journal, goOn }
}

describe('a restart whose worker died', () => {
  test('between stop and start is only started', async () => {
    const { instance, goOn } = await leftRestart()
    instance.state = 'stopped'
    expect(await goOn()).toBe('done')
    expect([instance.state, instance.applied]).toEqual(['running', ['start']])
  })

  test('before the stop is stopped and started', async () => {
    const { instance, goOn } = await leftRestart()
    expect(await goOn()).toBe('done')
    expect(instance.applied).toEqual(['stop fast', 'start'])
  })

  test('after the start is done, and nothing is run', async () => {
    const { fleet, instance, goOn } = await leftRestart()
    Object.assign(instance, { pid: 4711, startedAt: fleet.clock.stamp() })
    expect(await goOn()).toBe('done')
    expect(instance.applied).toEqual([])
  })

  test('while the server was on its way up is waited for, and not stopped again', async () => {
    const { fleet, instance, goOn } = await leftRestart()
    Object.assign(instance, { state: 'starting', pid: 4711, startedAt: fleet.clock.stamp() })
    void fleet.clock.sleep(60_000).then(() => {
      instance.state = 'running'
    })
    expect(await goOn()).toBe('done')
    expect(instance.applied).toEqual([])
  })

  test('during a long shutdown is waited for, and the server is started after it', async () => {
    const { fleet, instance, goOn } = await leftRestart()
    instance.state = 'stopping'
    void fleet.clock.sleep(600_000).then(() => {
      instance.state = 'stopped'
    })
    expect(await goOn()).toBe('done')
    expect(instance.applied).toEqual(['start'])
  })

  test('on a host that has gone since needs attention, and can be resumed once the host is back', async () => {
    const { fleet, instance, journal, goOn } = await leftRestart()
    instance.state = 'stopped'
    fleet.host('n1').power = 'off'
    expect(await goOn()).toBe('attention')
    fleet.host('n1').power = 'on'
    journal.write([{ kind: 'decided', decision: 'resume', by: 'ada' }])
    expect(await goOn()).toBe('done')
    expect(instance.state).toBe('running')
  })
})

test('a server that does not come back needs attention, and the job says that it is stopped', async () => {
  const { instance, journal, goOn } = await leftRestart()
  instance.startProblem = 'could not map anonymous shared memory'
  expect(await goOn()).toBe('attention')
  const attention = journal.lines.find((line) => line.kind === 'attention')
  expect(attention).toMatchObject({
    because: expect.stringContaining('could not map anonymous shared memory'),
    question: expect.stringContaining('demo on n1 is stopped'),
  })
  instance.startProblem = null
  journal.write([{ kind: 'decided', decision: 'resume', by: 'ada' }])
  expect(await goOn()).toBe('done')
  expect(instance.state).toBe('running')
})

test('a restart that looks at its herd while the console’s own database, where the keys are, is away waits for it, and is not refused', async () => {
  const fleet = memoryFleet([{ environment: 'prod', name: 'demo', hosts: ['n1', 'n2'] }])
  const instance = fleet.instance('demo on n1')
  const input = { mode: 'fast' as const, timeoutSeconds: 60 }
  const signal = new AbortController().signal
  const { digest } = await makeTargetPlan(restart, fleet.read, input, instance.inventory.id, signal)
  const probe = fleet.read.postgres.probe.bind(fleet.read.postgres)
  let blind = 5
  fleet.read.postgres.probe = async (...args) => {
    const seen = await probe(...args)
    if (blind === 0) return seen
    blind -= 1
    const { because, observedAt } = { ...seen, because: 'The metadata database does not answer.' }
    return { ...seen, state: 'unknown', role: 'unknown', because, observedAt, hostFault: { code: 'database.down', offeredKey: null } }
  }
  const { eligible, reason } = await makeTargetPlan(restart, fleet.read, input, instance.inventory.id, signal)
  expect([eligible, reason]).toEqual([false, 'The metadata database does not answer.'])
  const journal = new MemoryJournal(fleet.clock)
  const job = { id: 'job', targetId: instance.inventory.id, input, digest }
  const options = { driver: 'one', signal, isCancelRequested: () => false, clock: fleet.clock }
  expect(await drive(restart, job, journal.open(), fleet, options)).toBe('done')
  expect([blind, instance.applied]).toEqual([0, ['stop fast', 'start']])
})
