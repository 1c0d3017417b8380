import { expect, test } from 'vitest'
import { type Points, tableOf } from './lines'

const points = (...moments: number[]): Points => moments.map((at) => [at, at - 1, at, at + 1])

test('what was not seen for a while is a gap, and never joined or zero', () => {
  const { moments, lines } = tableOf([points(0, 10, 20, 60, 70)], 10)
  expect(moments).toEqual([0, 10, 20, 30, 60, 70])
  expect(lines[0]!.mean).toEqual([0, 10, 20, null, 60, 70])
  expect(lines[0]!.low).toEqual([-1, 9, 19, null, 59, 69])
})

test('a member that was not seen is a gap for as long as it lasted, however often another was', () => {
  expect(tableOf([points(0, 10, 60, 70), points(0, 10, 20, 30, 40, 50, 60, 70)], 10).lines[0]!.mean).toEqual([
    0,
    10,
    null,
    null,
    null,
    null,
    60,
    70,
  ])
})

test('a late sample, and samples rarer than the points of the chart, are no gaps', () => {
  expect(tableOf([points(0, 10, 30, 40)], 10).lines[0]!.mean).toEqual([0, 10, 30, 40])
  expect(tableOf([points(0, 60, 120, 240, 300)], 10).lines[0]!.mean).toEqual([0, 60, 120, 240, 300])
})

test('members that are sampled at different moments keep lines of their own', () => {
  const { moments, lines } = tableOf([points(0, 10, 20), points(10), points()], 10)
  expect(moments).toEqual([0, 10, 20])
  expect(lines.map(({ mean }) => mean)).toEqual([
    [0, 10, 20],
    [undefined, 10, undefined],
    [undefined, undefined, undefined],
  ])
})
