import { expect, test } from 'vitest'
import { backOff, due, firstRoundMs, nextLook, nextRoundMs, placeNew } from './observe-round'

test('a round begins as long as the share needs, and is never longer than facts may be old', () => {
  expect([0, 1, 1500, 3000, 100_000].map(firstRoundMs)).toEqual([5000, 5000, 5000, 10_000, 25_000])
})

test('a round grows while the process is busy, shrinks while it is not, and stays between 5 and 25 s', () => {
  const after = (seconds: number, busy: number, from: number) =>
    Array.from({ length: seconds }).reduce<number>((ms) => nextRoundMs(ms, busy), from)
  expect(nextRoundMs(10_000, 0.9)).toBe(11_000)
  expect(nextRoundMs(10_000, 0.4)).toBe(10_000)
  expect(nextRoundMs(10_500, 0.1)).toBe(10_000)
  expect(after(60, 1, 5000)).toBe(25_000)
  expect(after(60, 0, 25_000)).toBe(5000)
})

test('what is asked seldom is asked at once of one that is new, of a fleet no faster than it is asked again, and who is known keeps its turn', () => {
  const ids = (count: number) =>
    Array.from({ length: count }, (_, n) =>
      Math.floor((n / count) * 0xffff_ffff)
        .toString(16)
        .padStart(32, '0'),
    )
  const dueAt = new Map<string, number>()
  const place = (known: string[], now: number, leastMs = 0) => placeNew(dueAt, new Set(known), { now, everyMs: 600_000, leastMs })
  const [first, ...others] = ids(10_000)
  place([first!], 0)
  expect([...dueAt]).toEqual([[first, 0]])
  place([first!, ...others], 1000)
  const turns = [...dueAt.values()]
  const inEachMinute = Array.from(
    { length: 10 },
    (_, minute) => turns.filter((at) => at > minute * 60_000 && at <= (minute + 1) * 60_000).length,
  )
  for (const count of inEachMinute) expect(count).toBeGreaterThan(950)
  expect(dueAt.get(first!)).toBe(0)
  place([first!, 'f'.repeat(32)], 700_000, 300_000)
  expect([...dueAt]).toEqual([
    [first, 0],
    ['f'.repeat(32), 1_000_000],
  ])
})

test('a primary is looked at every 4 s however long the round is; a herd without one waits for its turn', () => {
  expect(nextLook(20_000, 1000, 1)).toBe(5000)
  expect(nextLook(3000, 1000, 1)).toBe(3000)
  expect(nextLook(20_000, 1000, 0)).toBe(20_000)
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
