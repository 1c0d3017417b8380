import { expect, test } from 'vitest'
import { actorCases, actorStage } from '@/e2e/harness/twin/actor-cases'
import { newFleet, run } from '@/e2e/harness/twin/switchover'
import { type MemoryFleet, MemoryJournal } from '@/lib/adapters/memory'
import { startTimeline } from '@/lib/adapters/memory/world/wal'
import { launch } from '@/lib/kernel/engine/crash-matrix'
import { drive } from '@/lib/kernel/engine/engine'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { operationByName } from '.'

/** A job with an unbroken driver; `meanwhile` happens right after the act, or when the driver takes it up. */
const drivenWhile = async (
  fleet: MemoryFleet,
  { operation: name, title, input: raw = {} }: { operation: string; title: string; input?: JsonObject },
  { after, meanwhile }: { after?: string; meanwhile: () => void },
) => {
  const operation = operationByName(name)!
  const input = operation.input.parse(raw) as JsonObject
  const targetId = fleet.instance(title).inventory.id
  const { digest, reason } = await makeTargetPlan(operation, fleet.read, input, targetId, new AbortController().signal)
  expect(reason).toBeNull()
  fleet.calls.afterwards = ({ act }) => (act === after ? meanwhile() : undefined)
  if (after === undefined) meanwhile()
  const journal = new MemoryJournal(fleet.clock)
  const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock: fleet.clock }
  const state = await drive(operation, { id: 'job', targetId, input, digest }, journal.open(), fleet, options)
  return { state, because: journal.lines.flatMap((line) => ('because' in line && line.because !== null ? [line.because] : [])).join(' ') }
}
const stopped = (fleet: MemoryFleet, title: string) => void Object.assign(fleet.instance(title), { state: 'stopped' })

test('a driver that never paused promotes nobody beside a member that somebody else has just promoted', async () => {
  const fleet = newFleet()
  stopped(fleet, 'demo on n1')
  const meanwhile = () => startTimeline(fleet.instance('demo on n3'))
  const { state, because } = await drivenWhile(fleet, { operation: 'promote', title: 'demo on n2' }, { after: 'replace', meanwhile })
  expect(state).toBe('undone')
  expect(because).toContain('demo on n3 takes writes, so demo on n2 is not made a primary beside it')
  expect([fleet.instance('demo on n2').hasStandbySignal, fleet.world.violations]).toEqual([true, []])
})

test('nor does a restart start the primary again once somebody has promoted another member while it was down', async () => {
  const fleet = newFleet()
  const meanwhile = () => startTimeline(fleet.instance('demo on n2'))
  const { state, because } = await drivenWhile(fleet, { operation: 'restart', title: 'demo on n1' }, { after: 'stop fast', meanwhile })
  expect(state).toBe('attention')
  expect(because).toContain('demo on n2 takes writes, so demo on n1 is not made a primary beside it')
  expect([fleet.instance('demo on n1').state, fleet.world.violations]).toEqual(['stopped', []])
})

test('a start is refused when a member cannot be seen whom the plan had seen: nobody has answered for that one', async () => {
  const fleet = newFleet()
  stopped(fleet, 'demo on n1')
  const meanwhile = () => {
    startTimeline(fleet.instance('demo on n2'))
    fleet.host('n2').power = 'cut'
  }
  const { state, because } = await drivenWhile(fleet, { operation: 'start', title: 'demo on n1' }, { meanwhile })
  expect([state, because]).toEqual(['refused', expect.stringContaining('Something changed since this plan was made')])
  expect(fleet.instance('demo on n1').state).toBe('stopped')
})

test('a standby that somebody has promoted meanwhile is not made to follow: no standby.signal is written under a server that takes writes, forward or back', async () => {
  const fleet = newFleet()
  const meanwhile = () => {
    stopped(fleet, 'demo on n1')
    startTimeline(fleet.instance('demo on n3'))
  }
  const repointed = { operation: 'repoint', title: 'demo on n3', input: { upstream: 'demo on n2' } }
  const { state, because } = await drivenWhile(fleet, repointed, { after: 'create slot n3', meanwhile })
  expect(['undone', 'failed']).toContain(state)
  expect(because).toContain('demo on n3 takes writes: somebody has promoted it, so it is not made to follow')
  expect([fleet.instance('demo on n3').hasStandbySignal, fleet.world.violations]).toEqual([false, []])
})

test('a switchover is not done when its commits hang because of a setting that came after its plan: the question says which', async () => {
  const fleet = newFleet()
  const n2 = fleet.instance('demo on n2')
  fleet.calls.afterwards = ({ act }) => {
    if (act === 'follow') for (const held of [n2.altered, n2.active]) Object.assign(held, { synchronous_standby_names: 'FIRST 1 (gone)' })
  }
  const { state, journal } = await run(fleet)
  expect(state).toBe('attention')
  expect(journal.lines.findLast((line) => line.kind === 'attention')).toMatchObject({
    because: expect.stringContaining('Commits on demo on n2 hang: synchronous_standby_names is FIRST 1 (gone)'),
    question: expect.stringContaining('clear the setting'),
  })
})

/** A job of the matrix whose only driver died with the step intended and none of its acts sent; the state that the next one comes to, and the answers that the world gives then. */
const resumedAt = async (operation: string, what: string, step: string, meanwhile: (fleet: MemoryFleet) => void) => {
  const one = actorCases.find((each) => each.operation === operation && each.what === what)!
  for (let at = 1; ; at += 1) {
    const stage = await actorStage(one)
    const first = launch(stage, { passed: 0, acts: 0, broken: [] }, { at, how: 'kill' }, () => false)
    expect(await Promise.race([first.ended, first.stopped])).toBe('stopped')
    const last = stage.journal.lines.at(-1)
    if (last?.kind !== 'intended' || last.step !== step) continue
    meanwhile(stage.fleet)
    const state = await launch(stage, { passed: 0, acts: 0, broken: [] }, null, () => false).ended
    const because = stage.journal.lines.flatMap((line) => ('because' in line && line.because !== null ? [line.because] : [])).join(' ')
    return { fleet: stage.fleet, state, because, asked: stage.journal.lines.findLast((line) => line.kind === 'attention') }
  }
}
/** By hand: the one that took writes follows. */
const moveTo = (fleet: MemoryFleet, to: string, from: string) => {
  const [next, old] = [fleet.instance(to), fleet.instance(from)]
  startTimeline(next)
  Object.assign(old, { hasStandbySignal: true, upstreamId: next.inventory.id, slotName: null })
}

test('a resumed demotion does not stop the only member that still takes writes', async () => {
  const { fleet, because } = await resumedAt('demote', 'of one of two primaries', 'stop', (herd) => stopped(herd, 'demo on n2'))
  expect(because).toContain('demo on n2 takes no writes any more: it is stopped')
  expect(fleet.instance('demo on n1')).toMatchObject({ state: 'running', hasStandbySignal: false })
})

test('a resumed rebuild neither stops nor replaces a standby that somebody has promoted meanwhile: what it has written since is kept', async () => {
  const promoted = (herd: MemoryFleet) => moveTo(herd, 'demo on n2', 'demo on n1')
  const { fleet, because } = await resumedAt('rebuild', 'of a standby by a copy', 'stop-old', promoted)
  expect(because).toContain('demo on n2 takes writes: somebody has promoted it')
  expect(fleet.instance('demo on n2')).toMatchObject({ state: 'running', hasStandbySignal: false, timeline: 2 })
})

test('a resumed failover moves no name to a member that is no primary any more, and says what to do instead', async () => {
  const moved = (herd: MemoryFleet) => moveTo(herd, 'demo on n3', 'demo on n2')
  const { fleet, state, asked } = await resumedAt('failover', 'of a host that is off', 'names', moved)
  expect(state).toBe('attention')
  expect(asked).toMatchObject({
    because: expect.stringContaining('demo on n2 takes no writes any more: it is a standby'),
    question: expect.stringContaining('Abandon the job, then refresh demo.prod.test'),
  })
  expect(fleet.zone('prod.test').applied).toEqual([])
})

test('nor does a resumed repair of a name, and a resumed repointing writes no pooler’s file, for a primary of yesterday', async () => {
  const moved = (herd: MemoryFleet) => moveTo(herd, 'demo on n3', 'demo on n2')
  const name = await resumedAt('refresh-dns', 'of a name that points at the former primary', 'move-name', moved)
  expect(name.because).toContain('demo.prod.test should be')
  expect(name.fleet.zone('prod.test').applied).toEqual([])
  const aim = await resumedAt('follow-primary', 'of a pooler that points at the former primary', 'aim', moved)
  expect(aim.because).toContain('demo on n3 is the primary of demo by now')
  expect(aim.fleet.pooler('demo pooler on front').applied.filter((act) => act === 'write')).toEqual([])
})
