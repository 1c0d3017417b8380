import { expect, test } from 'vitest'
import { figureText } from '@/lib/domain/samples/figure-text'
import { axisOf } from './figures'

test('a figure is written with its unit, and no more digits than it is worth', () => {
  expect(figureText(16_777_216, 'bytes per second')).toBe('16 MB/s')
  expect(figureText(125, 'seconds')).toBe('2 min 5 s')
  expect(figureText(99.871, 'percent')).toBe('99.9 %')
  expect(figureText(0.012345, 'per second')).toBe('0.0123/s')
  expect(figureText(12_345.6, 'sessions')).toBe('12,346')
})

test('an axis begins at zero, ends at a round figure, and keeps both while points change a little', () => {
  expect(axisOf(3, 7, 'sessions')).toEqual([0, 10])
  expect(axisOf(3, 9.9, 'sessions')).toEqual([0, 10])
  expect(axisOf(0, 0, 'sessions')).toEqual([0, 5])
  expect(axisOf(1e6, 5e6, 'bytes')).toEqual([0, 8 * 1024 * 1024])
  expect(axisOf(-3000, 100, 'bytes per second')).toEqual([-4096, 1024])
  expect(axisOf(99.1, 99.9, 'percent')).toEqual([90, 100])
  expect(axisOf(40, 99.9, 'percent')).toEqual([0, 100])
})
