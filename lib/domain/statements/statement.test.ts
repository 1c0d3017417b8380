import { expect, test } from 'vitest'
import { type Snapshot, type StatementCounters, spentBetween } from './statement'

const counters = (calls: number, totalMs: number): StatementCounters => ({
  ...{ calls, totalMs, rows: calls, blocksHit: 0, blocksRead: 0, ioMs: 0, tempBlocks: 0, walBytes: 0 },
})
const at = (of: Record<number, StatementCounters>, resetAt = 'r'): Snapshot => ({
  resetAt,
  counters: new Map(Object.entries(of).map(([key, value]) => [Number(key), value])),
})

test('between two moments a statement spent the difference, and one that was not called nothing', () => {
  const spent = spentBetween(at({ 1: counters(10, 100), 2: counters(5, 5) }), at({ 1: counters(14, 300), 2: counters(5, 5) }))
  expect(spent).toMatchObject([{ key: 1, calls: 4, totalMs: 200, meanMs: 50, isAtMost: false }])
})

test('what was not among those kept before may have been spent before: it is said to be at most', () => {
  expect(spentBetween(at({}), at({ 1: counters(10, 100) }))).toMatchObject([{ calls: 10, isAtMost: true }])
  expect(spentBetween(at({ 1: counters(20, 9) }), at({ 1: counters(3, 1) }))).toMatchObject([{ calls: 3, isAtMost: true }])
})

test('counters that began anew in between are all of it', () => {
  expect(spentBetween(at({ 1: counters(10, 100) }, 'old'), at({ 1: counters(12, 120) }, 'new'))).toMatchObject([
    { calls: 12, totalMs: 120, isAtMost: false },
  ])
  expect(spentBetween(null, at({ 1: counters(12, 120) }))).toMatchObject([{ calls: 12, isAtMost: false }])
})
