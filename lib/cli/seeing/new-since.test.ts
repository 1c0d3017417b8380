import { expect, test } from 'vitest'
import { newSince } from './new-since'

const line = (text: string, at = '2026-03-01 12:00:00 UTC') => ({ at, pid: 7, level: 'LOG', text })
const lines = (texts: string) => [...texts].map((text) => line(text))
const fresh = (before: string, now: string) =>
  newSince(lines(before), lines(now))
    .map(({ text }) => text)
    .join('')

test('of two looks at a log each line is told once, equal ones as often as they were written', () => {
  expect(fresh('abc', 'abcde')).toBe('de')
  expect(fresh('abc', 'bcde')).toBe('de')
  expect(fresh('abc', 'abc')).toBe('')
  expect(fresh('a', 'aa')).toBe('a')
  expect(fresh('baa', 'aaaa')).toBe('aa')
  expect(fresh('', 'ab')).toBe('ab')
})

test('after a rotation all of the new file is told', () => {
  expect(fresh('abc', 'xy')).toBe('xy')
  expect(newSince([line('a', '12:00')], [line('a', '13:00')])).toHaveLength(1)
})
