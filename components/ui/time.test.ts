import { expect, test } from 'vitest'
import { formatAge, formatLasting, formatMoment, formatShortMoment, formatUtc } from './time'

test('a moment is shown in the person’s zone on both sides of a change of the clocks', () => {
  expect(formatMoment('2026-10-25T00:30:00Z', 'Europe/Berlin')).toBe('2026-10-25 02:30:00')
  expect(formatMoment('2026-10-25T01:30:00Z', 'Europe/Berlin')).toBe('2026-10-25 02:30:00')
  expect(formatMoment('2026-10-25T02:30:00Z', 'Europe/Berlin')).toBe('2026-10-25 03:30:00')
})

test('zones off the hour and an unknown zone are shown right', () => {
  expect(formatMoment('2026-01-01T00:00:01Z', 'Asia/Kathmandu')).toBe('2026-01-01 05:45:01')
  expect(formatMoment('2026-01-01T00:00:01Z', 'No/Where')).toBe('2026-01-01 00:00:01')
  expect(formatUtc('2026-01-01T00:00:01.900Z')).toBe('2026-01-01 00:00:01 UTC')
})

test('a table shows the time of day for today in the person’s zone, the date for other days', () => {
  const now = Date.parse('2026-01-01T23:30:00Z')
  expect(formatShortMoment('2026-01-01T23:10:09Z', 'UTC', now)).toBe('23:10:09')
  expect(formatShortMoment('2026-01-01T23:10:09Z', 'Europe/Berlin', now)).toBe('00:10:09')
  expect(formatShortMoment('2026-01-01T22:10:09Z', 'Europe/Berlin', now)).toBe('2026-01-01 23:10')
})

test('an age has one unit and says the future as the future', () => {
  const now = Date.parse('2026-01-01T00:00:00Z')
  expect(formatAge('2025-12-31T23:59:56Z', now)).toBe('4 s ago')
  expect(formatAge('2025-12-31T22:00:00Z', now)).toBe('2 h ago')
  expect(formatAge('2026-01-01T02:00:00Z', now)).toBe('in 2 h')
})

test('trouble is given its length and its beginning, in the person’s zone', () => {
  expect(formatLasting('2026-10-24T06:32:14Z', Date.parse('2026-10-24T06:36:26Z'), 'Europe/Berlin')).toBe('for 4 min (since 08:32:14)')
})
