import { expect, test } from 'vitest'
import { predictGap } from './switchover-gap'

test('the gap is the sum of its parts, and grows with the way there and with what has to be replayed', () => {
  const near = predictGap({ roundTripMs: 1, lagBytes: 0, poolers: 0 })
  expect(near.parts.reduce((sum, { ms }) => sum + ms, 0)).toBe(near.ms)
  expect(predictGap({ roundTripMs: 21, lagBytes: 0, poolers: 0 }).ms - near.ms).toBe(6 * 20)
  expect(predictGap({ roundTripMs: 21, lagBytes: 0, poolers: 2 }).ms - predictGap({ roundTripMs: 1, lagBytes: 0, poolers: 2 }).ms).toBe(
    8 * 20,
  )
  expect(predictGap({ roundTripMs: 1, lagBytes: 2 ** 25, poolers: 0 }).ms - near.ms).toBeGreaterThanOrEqual(1000)
})
