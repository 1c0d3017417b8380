import { expect, test } from 'vitest'
import { type MemoryFleet, memoryFleet } from '@/lib/adapters/memory'
import { fenceReturned } from './fence-returned'

/** n1 was replaced by n2, which is the primary on timeline 2. */
const replacedFleet = () => {
  const fleet = memoryFleet([{ environment: 'prod', name: 'demo', hosts: ['n1', 'n2', 'n3'] }])
  const [n1, n2] = [fleet.instance('demo on n1'), fleet.instance('demo on n2')]
  Object.assign(n2, { hasStandbySignal: false, timeline: 2, upstreamId: null })
  n1.replaced = { byId: n2.inventory.id, timeline: 2, because: 'demo on n2 was promoted in its place.' }
  return { fleet, n1, n2 }
}
const fence = (fleet: MemoryFleet) => fenceReturned(fleet, fleet.instance('demo on n1').inventory.herdId, new AbortController().signal)

test('a replaced primary that is down gets standby.signal before anything may start it, once', async () => {
  const { fleet, n1 } = replacedFleet()
  n1.state = 'crashed'
  expect(await fence(fleet)).toMatchObject([{ title: 'demo on n1', action: 'signal' }])
  expect(n1.hasStandbySignal).toBe(true)
  expect(await fence(fleet)).toEqual([])
})

test('one that came up writable is stopped and fenced while its successor writes, and left to a person where none is seen', async () => {
  const { fleet, n1, n2 } = replacedFleet()
  fleet.host('n2').power = 'off'
  expect(await fence(fleet)).toEqual([])
  expect(n1.applied).toEqual([])
  fleet.host('n2').power = 'on'
  expect(n2.state).toBe('running')
  expect(await fence(fleet)).toMatchObject([{ title: 'demo on n1', action: 'stopped' }])
  expect([n1.state, n1.hasStandbySignal]).toEqual(['stopped', true])
})

test('a member that was not replaced, cannot be reached or is the primary again is left alone', async () => {
  const { fleet, n1 } = replacedFleet()
  fleet.host('n1').power = 'off'
  expect(await fence(fleet)).toEqual([])
  fleet.host('n1').power = 'on'
  n1.timeline = 3
  expect(await fence(fleet)).toEqual([])
  n1.timeline = 1
  n1.replaced = null
  expect(await fence(fleet)).toEqual([])
  expect(n1.applied).toEqual([])
})

test('a rewound copy that was started as a primary on its successor’s own timeline is stopped and fenced', async () => {
  const { fleet, n1, n2 } = replacedFleet()
  n1.timeline = 2
  expect(await fence(fleet)).toMatchObject([{ title: 'demo on n1', action: 'stopped' }])
  expect([n1.state, n1.hasStandbySignal]).toEqual(['stopped', true])
  expect(n2.state).toBe('running')
})
