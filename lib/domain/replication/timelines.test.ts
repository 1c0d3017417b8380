import { expect, test } from 'vitest'
import { partingOf, type TimelineHistory } from './timelines'

const history = (timeline: number, ...forks: [number, string][]): TimelineHistory => ({
  timeline,
  forks: forks.map(([before, forkLsn]) => ({ timeline: before, forkLsn })),
})

test('the timelines of a promoted server and its former upstream diverge at the promotion, in whichever order they are given', () => {
  const [left, promoted] = [history(1), history(2, [1, '0/3000148'])]
  expect(partingOf(left, promoted)).toEqual({ parts: 'at', lsn: '0/3000148' })
  expect(partingOf(promoted, left)).toEqual({ parts: 'at', lsn: '0/3000148' })
})

test('two that were promoted independently diverge at the earlier promotion, even where both are on a timeline of the same number', () => {
  expect(partingOf(history(2, [1, '0/5000000']), history(2, [1, '0/4000000']))).toEqual({ parts: 'at', lsn: '0/4000000' })
  expect(partingOf(history(3, [1, '1/0'], [2, '1/50']), history(4, [1, '1/0'], [2, '1/A0'], [3, '1/B0']))).toEqual({
    parts: 'at',
    lsn: '1/50',
  })
})

test('on one and the same timeline nothing tells two servers apart', () => {
  expect(partingOf(history(1), history(1))).toEqual({ parts: 'never' })
  expect(partingOf(history(2, [1, '0/3000148']), history(2, [1, '00/03000148']))).toEqual({ parts: 'never' })
})

test('histories that do not even begin on one timeline have nothing in common', () => {
  expect(partingOf(history(3), history(2, [1, '0/1']))).toEqual({ parts: 'stranger' })
})
