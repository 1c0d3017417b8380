import { expect, test } from 'vitest'
import { newFleet, run } from '@/e2e/harness/twin/switchover'
import { type MemoryFleet, MemoryJournal } from '@/lib/adapters/memory'
import { startTimeline } from '@/lib/adapters/memory/wal'
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
