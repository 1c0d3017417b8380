import { expect, test } from 'vitest'
import { GiB, MiB } from '../values/bytes'
import { addSample, isWorthSaying, newPace, progressText, rateOf, said } from './copy-progress'

const paceOf = (...samples: [second: number, bytes: number][]) =>
  samples.reduce((pace, [second, bytes]) => addSample(pace, { bytes, atMs: second * 1000 }), newPace)

test('the bytes, the share, the rate and the time left are said, as far as they are known', () => {
  expect(progressText(newPace, 2 * GiB)).toBe('0 B of 2 GB (0 %)')
  expect(progressText(paceOf([0, 0]), null)).toBe('0 B')
  expect(progressText(paceOf([0, 0], [4, 400 * MiB]), 2 * GiB)).toBe('400 MB of 2 GB (19 %), 100 MB/s, about 17 s left')
  expect(progressText(paceOf([0, 0], [4, 400 * MiB]), null)).toBe('400 MB, 100 MB/s')
})

test('a source that grew past its estimate is never said to be complete, and has no time left', () => {
  expect(progressText(paceOf([0, 0], [1, 3 * GiB]), 2 * GiB)).toBe('3 GB of 2 GB (99 %), 3 GB/s')
})

test('the rate is that of the last half minute, and a copy that stands still says so', () => {
  const pace = paceOf([0, 0], [10, 10 * GiB], [50, 10 * GiB], [70, 10 * GiB])
  expect(rateOf(pace)).toBe(0)
  expect(progressText(pace, 20 * GiB)).toBe('10 GB of 20 GB (50 %), nothing arrived lately')
})

test('a new look is said once its rate is known, then after each hundredth, and a slow copy once a minute', () => {
  const first = paceOf([0, 0])
  expect(isWorthSaying(newPace, GiB)).toBe(false)
  expect(isWorthSaying(first, GiB)).toBe(true)
  const next = (second: number) => addSample(said(first), { bytes: MiB, atMs: second * 1000 })
  expect([isWorthSaying(next(1), GiB), isWorthSaying(next(2), GiB)]).toEqual([false, true])
  const after = (second: number, bytes: number) => isWorthSaying(addSample(said(next(2)), { bytes, atMs: (2 + second) * 1000 }), GiB)
  expect(after(4, GiB / 2)).toBe(false)
  expect(after(5, GiB / 2)).toBe(true)
  expect(after(30, 2 * MiB)).toBe(false)
  expect(after(60, 2 * MiB)).toBe(true)
})
