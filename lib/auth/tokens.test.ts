import { expect, test } from 'vitest'
import { endOfToken } from './tokens'

const inDays = (days: number) => new Date(Date.now() + days * 86_400_000)
const daysTo = (end: Date | null) => end && Math.round((end.getTime() - Date.now()) / 86_400_000)

test('a token ends within the longest life there is, and without an end only where there is none', () => {
  expect([daysTo(endOfToken(undefined, 366)), daysTo(endOfToken(undefined, 7)), daysTo(endOfToken(undefined, 0))]).toEqual([90, 7, 90])
  expect([daysTo(endOfToken(inDays(366), 366)), endOfToken(null, 0), daysTo(endOfToken(inDays(9_999), 0))]).toEqual([366, null, 9_999])
  for (const wanted of [null, inDays(8)]) expect(() => endOfToken(wanted, 7)).toThrow('not valid')
})
