import { describe, expect, test } from 'vitest'
import { applied } from '@/e2e/harness/twin/crash-laws'
import { jobOf, newFleet, planOf, roles, say } from '@/e2e/harness/twin/switchover'
import type { MemoryFleet } from '@/lib/adapters/memory'
import { judgeMove } from '@/lib/domain/proof/certificate'
import { linesOfSegment } from '@/lib/kernel/engine/segments'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { moves } from '../evidence'
import { rollingRestart } from './restart'

const all = ['n1', 'n2', 'n3']

/** max_connections was raised in the files of these. */
const fleetWith = (waiting: readonly string[] = all, more: Parameters<typeof newFleet>[0] = {}, value = '200'): MemoryFleet => {
  const fleet = newFleet(more)
  say(fleet, {})
  for (const host of more.hosts ?? all) fleet.instance(`demo on ${host}`).active.max_connections = '100'
  for (const host of waiting) fleet.instance(`demo on ${host}`).files.max_connections = value
  return fleet
}
const plan = (fleet: MemoryFleet, raw: JsonObject = {}) => planOf(fleet, raw, rollingRestart)
const job = (fleet: MemoryFleet, raw: JsonObject = {}, options = {}) => jobOf(fleet, { canary: false, ...raw }, options, rollingRestart)
const starts = (fleet: MemoryFleet) =>
  [...fleet.world.instances.values()].map((one) => `${one.inventory.address.host.hostname} ${applied(one, /^start/)}`)
const segmentsIn = (lines: readonly { kind: string }[]) =>
  (lines as { kind: string; segment?: string; outcome?: string }[]).flatMap((line) =>
    line.kind === 'segment-closed' ? [`${line.segment} ${line.outcome}`] : [],
  )

test('the plan of a rolling restart reads as this snapshot says, and changes nothing', async () => {
  const fleet = fleetWith(['n1', 'n2'])
  Object.assign(fleet.instance('demo on n1'), { clients: 7 })
  const planned = await plan(fleet, { leadBack: true })
  expect(planned.reason).toBeNull()
  expect(fleet.calls.made).toEqual([])
  await expect(`${JSON.stringify(planned, null, 2)}\n`).toMatchFileSnapshot('../__snapshots__/plans/rolling-restart.txt')
})

test('standbys first, each once; the switchover restarts the former primary, which is not restarted again; the move is proven', async () => {
  const fleet = fleetWith()
  const { journal, on } = await job(fleet, { canary: true })
  expect(await on()).toBe('done')
  expect(segmentsIn(journal.lines)).toEqual(['n3 done', 'n2 done', 'switchover done', 'n1 done'])
  expect(roles(fleet)).toEqual(['demo on n1 standby 2', 'demo on n2 primary 2', 'demo on n3 standby 2'])
  expect([...fleet.world.instances.values()].map(({ active }) => active.max_connections)).toEqual(['200', '200', '200'])
  expect(starts(fleet)).toEqual(['n1 1', 'n2 1', 'n3 1'])
  expect(linesOfSegment(journal.lines, 'n1').find((line) => line.kind === 'left-out')).toMatchObject({
    step: 'restart',
    because: 'It has started anew since the plan was made.',
  })
  const evidence = moves[rollingRestart.name]!.evidence(journal.lines, { jobId: 'job', runId: 'run', by: 'ada' })
  expect(judgeMove(evidence!)).toMatchObject({ kind: 'proven' })
  expect(fleet.world.violations).toEqual([])
})

test('asked to switch back, the former primary is primary again at the end', async () => {
  const fleet = fleetWith()
  const { journal, on } = await job(fleet, { leadBack: true })
  expect(await on()).toBe('done')
  expect(segmentsIn(journal.lines).at(-1)).toBe('switch-back done')
  expect(roles(fleet)).toEqual(['demo on n1 primary 3', 'demo on n2 standby 3', 'demo on n3 standby 3'])
})

test('members without need are left out with the reason: no switchover where nothing waits on the primary, and nothing at all where nothing waits', async () => {
  const fleet = fleetWith(['n2'])
  const planned = await plan(fleet)
  expect(planned.effects.filter(({ state }) => state === 'not-needed').map(({ name, because }) => [name, because])).toEqual([
    ['n3', 'No setting waits for a restart.'],
    ['switchover', 'demo on n1 has no need, so it stays the primary.'],
    ['n1', 'No setting waits for a restart.'],
    ['switch-back', 'demo on n1 has no need, so it stays the primary.'],
  ])
  const { on } = await job(fleet)
  expect(await on()).toBe('done')
  expect(starts(fleet)).toEqual(['n1 0', 'n2 1', 'n3 0'])
  expect((await plan(fleet)).reason).toBe('There is nothing to do: it is already in this state.')
  expect((await plan(fleet, { all: true })).reason).toBeNull()
})

describe('is refused before it begins', () => {
  test('with a member that is missing, by name', async () => {
    const fleet = fleetWith()
    fleet.instance('demo on n3').state = 'stopped'
    expect((await plan(fleet)).reason).toMatch(/^demo on n3 is stopped: .*While one member is missing no other one is taken down/)
  })

  test('where a limit falls, since a standby below its primary does not replay', async () => {
    expect((await plan(fleetWith(all, {}, '50'))).reason).toMatch(
      /^max_connections of demo on n3 falls from 100 to 50[;:] .*Use Restart on demo on n1/,
    )
  })

  test('of a herd without a standby', async () => {
    expect((await plan(fleetWith(['n1'], { hosts: ['n1'] }))).reason).toMatch(/^The herd has no standby/)
  })
})

describe('somebody acts between two members', () => {
  /** The job as far as its first member, and then what somebody does. */
  const afterFirst = async (fleet: MemoryFleet, act: () => void) => {
    let isFirst = true
    const given = await job(fleet, {}, { shouldHandOver: () => isFirst && segmentsIn(given.journal.lines).length === 1 })
    expect(await given.on()).toBe('running')
    isFirst = false
    act()
    return { state: await given.on(), closed: given.journal.lines.at(-1) as { kind: string; because?: string } }
  }
  const follow = (fleet: MemoryFleet, host: string, upstream: string) =>
    Object.assign(fleet.instance(`demo on ${host}`), { upstreamId: fleet.instance(`demo on ${upstream}`).inventory.id, timeline: 2 })

  test('another member is primary: the job stops after the first, restarts nobody else, and says who leads', async () => {
    const fleet = fleetWith()
    const { state, closed } = await afterFirst(fleet, () => {
      Object.assign(fleet.instance('demo on n2'), { hasStandbySignal: false, timeline: 2, upstreamId: null })
      Object.assign(fleet.instance('demo on n1'), { hasStandbySignal: true })
      for (const host of ['n1', 'n3']) follow(fleet, host, 'n2')
    })
    expect([state, closed.because]).toEqual([
      'failed',
      'Stopped after 1 of 4: demo on n2: demo on n2 is the primary now, and another member was when the plan was made.',
    ])
    expect(starts(fleet)).toEqual(['n1 0', 'n2 0', 'n3 1'])
  })

  test('a member stops streaming: it is waited for, and the job stops when it does not come back', async () => {
    const fleet = fleetWith()
    const { state, closed } = await afterFirst(fleet, () => void Object.assign(fleet.instance('demo on n3'), { state: 'stopped' }))
    expect(state).toBe('failed')
    expect(closed.because).toMatch(/^Stopped after 1 of 4: demo on n2: .*demo on n3 is stopped/)
    expect(starts(fleet)).toEqual(['n1 0', 'n2 0', 'n3 1'])
  })

  test('the next one goes down: it is not passed over as if it had no need', async () => {
    const fleet = fleetWith()
    const { state, closed } = await afterFirst(fleet, () => void Object.assign(fleet.instance('demo on n2'), { state: 'stopped' }))
    expect(state).toBe('failed')
    expect(closed.because).toMatch(/^Stopped after 1 of 4: demo on n2: /)
    expect(starts(fleet)).toEqual(['n1 0', 'n2 0', 'n3 1'])
  })

  test('restarts the next one: it is left out, and the job goes on', async () => {
    const fleet = fleetWith()
    const { state } = await afterFirst(fleet, () => {
      const n2 = fleet.instance('demo on n2')
      Object.assign(n2, { pid: n2.pid + 1, startedAt: fleet.clock.stamp() })
      Object.assign(n2.active, n2.files)
    })
    expect(state).toBe('done')
    expect(starts(fleet)).toEqual(['n1 1', 'n2 0', 'n3 1'])
  })

  test('cancels: the job stops after the member at hand, which is back first', async () => {
    const fleet = fleetWith()
    const isCancelRequested = () => starts(fleet).includes('n3 1')
    const { journal, on } = await job(fleet, {}, { isCancelRequested, cancelRequestedBy: () => 'ada' })
    expect(await on()).toBe('cancelled')
    expect(journal.lines.at(-1)).toMatchObject({ because: 'Stopped after 1 of 4: cancelled by ada' })
    expect(starts(fleet)).toEqual(['n1 0', 'n2 0', 'n3 1'])
  })
})

test('a worker that dies between the promotion and the former primary is followed by one that goes on there, on facts of its own', async () => {
  const fleet = fleetWith()
  const lost = new AbortController()
  fleet.calls.afterwards = ({ act }) => {
    if (act === 'restore') lost.abort(new Error('the worker dies'))
  }
  const { journal, on } = await job(fleet)
  await expect(on(lost.signal)).rejects.toThrow()
  fleet.calls.afterwards = () => {}
  expect(await on()).toBe('done')
  expect(segmentsIn(journal.lines)).toEqual(['n3 done', 'n2 done', 'switchover done', 'n1 done'])
  expect(starts(fleet)).toEqual(['n1 1', 'n2 1', 'n3 1'])
  expect(fleet.world.violations).toEqual([])
})
