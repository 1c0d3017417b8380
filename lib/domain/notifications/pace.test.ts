import { expect, test } from 'vitest'
import { backOff, digestAbove, giveUpAfterMs, isGivenUp, turnOf } from './pace'

test('each attempt comes later than the one before, up to an hour, half of it by chance', () => {
  expect([1, 2, 3, 4, 11, 12, 1000].map((attempts) => backOff(attempts, 1))).toEqual([
    5_000, 10_000, 20_000, 40_000, 3_600_000, 3_600_000, 3_600_000,
  ])
  expect(backOff(3, 0)).toBe(10_000)
})

test('a message is tried for a day and no longer', () => {
  let at = 0
  let attempts = 1
  while (!isGivenUp(0, at + backOff(attempts, 1))) {
    at += backOff(attempts, 1)
    attempts += 1
  }
  expect(at).toBeLessThanOrEqual(giveUpAfterMs)
  expect(at).toBeGreaterThan(giveUpAfterMs - 3_600_000)
  expect(attempts).toBeLessThan(50)
})

test('so many messages in a minute go one by one, more as a digest, and digests at most once a minute', () => {
  const turn = (due: number, sentInLastMinute = 0, lastDigestAt: number | null = null) =>
    turnOf({ due, sentInLastMinute, lastDigestAt, now: 1_000_000 })
  expect(turn(digestAbove)).toEqual({ kind: 'each' })
  expect(turn(digestAbove + 1)).toEqual({ kind: 'digest' })
  expect(turn(1, digestAbove)).toEqual({ kind: 'digest' })
  expect(turn(1, 1, 1_000_000 - 20_000)).toEqual({ kind: 'wait', until: 1_040_000 })
  expect(turn(1, 1, 1_000_000 - 60_000)).toEqual({ kind: 'each' })
})
