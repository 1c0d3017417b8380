import { expect, test } from 'vitest'
import { nextRuns } from './cron'
import { parseSchedules } from './schedules'

test('each line is a schedule, a time alone is every day, and blank lines are none', () => {
  const schedules = parseSchedules(' 10:23 \n\n0/30 11 * * Mon-Fri\n@weekly\n')
  if (typeof schedules === 'string') throw new Error(schedules)
  expect(nextRuns(schedules, 'UTC', new Date('2026-11-27T11:00:00Z'), 3).map((run) => run.toISOString().slice(0, 16))).toEqual([
    '2026-11-27T11:30',
    '2026-11-28T10:23',
    '2026-11-29T00:00',
  ])
})

test('what is wrong with a line is said with the line', () => {
  expect(parseSchedules(' \n')).toMatch(/at least one/)
  expect(parseSchedules('25:10')).toMatch(/hour: “25” is out of range/)
  expect(parseSchedules('10:23\n0 0 * Foo *')).toMatch(/“0 0 \* Foo \*”, month/)
  expect(parseSchedules(Array(21).fill('10:23').join('\n'))).toBe('Write at most 20 schedules.')
})
