import { expect, test } from 'vitest'
import { type LogicalSlot, slotsAwaited, slotsLeft } from './failover-slots'

const slot = (name: string, more: Partial<LogicalSlot> = {}): LogicalSlot => ({
  name,
  isFailover: false,
  isSynced: false,
  isUsable: true,
  ...more,
})
const copy = (name: string, isUsable = true) => slot(name, { isFailover: true, isSynced: true, isUsable })

test('a logical slot stays behind unless the candidate has a copy of it from which a subscriber can go on', () => {
  const primary = [slot('old'), slot('shop', { isFailover: true }), slot('late', { isFailover: true }), slot('none', { isFailover: true })]
  expect(slotsLeft(primary, [slot('old'), copy('shop'), copy('late', false)])).toEqual(['old', 'late', 'none'])
  expect(slotsLeft(primary, [])).toEqual(['old', 'shop', 'late', 'none'])
})

test('a shutdown waits for a slot that nobody reads only where a failover slot is sent no further than it', () => {
  const slots = [
    { name: 'b', isActive: true },
    { name: 'c', isActive: false },
  ]
  const awaited = ['b', 'c', 'gone']
  expect(slotsAwaited({ awaited, slots, logical: [slot('shop', { isFailover: true })] })).toEqual(['c', 'gone'])
  expect(slotsAwaited({ awaited, slots, logical: [slot('old')] })).toEqual([])
})
