import { expect, test } from 'vitest'
import { backOff, due, roundMs } from './observe-round'

test('a round takes 5 s for up to 200 instances, and longer in proportion', () => {
  expect([0, 1, 200, 400, 2000].map(roundMs)).toEqual([5000, 5000, 5000, 10_000, 50_000])
})

test('a server that fails is asked later and later, but never later than half a minute', () => {
  expect([1, 2, 3, 4, 5, 50].map(backOff)).toEqual([2000, 5000, 10_000, 20_000, 30_000, 30_000])
})

test('the longest overdue come first, busy ones and those not yet due not at all', () => {
  const plan = (name: string, dueAt: number, isBusy = false) => ({ name, dueAt, isBusy })
  const plans = [plan('a', 30), plan('b', 10), plan('c', 20, true), plan('d', 20), plan('e', 99)]
  expect(due(plans, 50, 2).map(({ name }) => name)).toEqual(['b', 'd'])
  expect(due(plans, 50, 9).map(({ name }) => name)).toEqual(['b', 'd', 'a'])
  expect(due(plans, 50, -3)).toEqual([])
})
