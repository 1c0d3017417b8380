import { expect, test } from 'vitest'
import { backOff, due, roundMs } from './observe-round'

test('a round takes 5 s for up to 200 instances, and longer in proportion', () => {
  expect([0, 1, 200, 400, 2000].map(roundMs)).toEqual([5000, 5000, 5000, 10_000, 50_000])
})

test('a server that fails is asked later and later: within half a minute at first, within a minute for as long as it is away', () => {
  expect([1, 2, 3, 4, 5, 9, 10, 500].map((failures) => backOff(failures, 0))).toEqual([
    2000, 5000, 10_000, 20_000, 30_000, 30_000, 60_000, 60_000,
  ])
})

test('servers that failed together are soon asked at different times', () => {
  expect([0, 0.5, 1].map((chance) => backOff(5, chance))).toEqual([30_000, 26_250, 22_500])
})

test('the longest overdue come first, busy ones and those not yet due not at all', () => {
  const plan = (name: string, dueAt: number, isBusy = false) => ({ name, dueAt, isBusy })
  const plans = [plan('a', 30), plan('b', 10), plan('c', 20, true), plan('d', 20), plan('e', 99)]
  expect(due(plans, 50, 2).map(({ name }) => name)).toEqual(['b', 'd'])
  expect(due(plans, 50, 9).map(({ name }) => name)).toEqual(['b', 'd', 'a'])
  expect(due(plans, 50, -3)).toEqual([])
})
