import { expect, test } from 'vitest'
import { type CalendarLine, lineAt, parseCalendar, pieceAt } from './calendar'

const isHeld = (text: string, zone: string, at: string) => lineAt(parseCalendar(text) as CalendarLine[], zone, new Date(at)) !== undefined

test('a date counts from midnight to midnight on the clock of its zone', () => {
  const at = (time: string) => isHeld('2026-12-24', 'Europe/Berlin', time)
  expect(['2026-12-23T22:59:59Z', '2026-12-23T23:00:00Z', '2026-12-24T22:59:59Z', '2026-12-24T23:00:00Z'].map(at)).toEqual([
    false,
    true,
    true,
    false,
  ])
})

test('ranges include both ends, and those of each year and week go over its end', () => {
  expect(
    ['2026-12-23', '2026-12-24', '2027-01-02', '2027-01-03'].map((day) => isHeld('2026-12-24..2027-01-02', 'UTC', `${day}T12:00:00Z`)),
  ).toEqual([false, true, true, false])
  expect(['2030-12-23', '2030-12-24', '2031-01-02', '2031-01-03'].map((day) => isHeld('12-24..01-02', 'UTC', `${day}T12:00:00Z`))).toEqual([
    false,
    true,
    true,
    false,
  ])
  expect(['2026-11-26', '2026-11-27', '2026-11-30', '2026-12-01'].map((day) => isHeld('Fri-Mon', 'UTC', `${day}T12:00:00Z`))).toEqual([
    false,
    true,
    true,
    false,
  ])
})

test('times that pass midnight belong to the day on which they begin', () => {
  const at = (time: string) => isHeld('Fri 22:00-06:00\n2026-12-01 08:00-09:30', 'UTC', time)
  expect(
    ['2026-11-27T21:59:00Z', '2026-11-27T22:00:00Z', '2026-11-28T05:59:00Z', '2026-11-28T06:00:00Z', '2026-11-27T03:00:00Z'].map(at),
  ).toEqual([false, true, true, false, false])
  expect(['2026-12-01T08:00:00Z', '2026-12-01T09:30:00Z'].map(at)).toEqual([true, false])
})

test('in the hour that comes twice both count', () => {
  const at = (time: string) => isHeld('2026-10-25 02:00-03:00', 'Europe/Berlin', time)
  expect(['2026-10-24T23:59:00Z', '2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z', '2026-10-25T02:00:00Z'].map(at)).toEqual([
    false,
    true,
    true,
    false,
  ])
})

test('what is wrong with a line is said with the line', () => {
  for (const [text, because] of [
    ['', /at least one/],
    ['Christmas', /“Christmas” is not understood/],
    ['2026-02-30', /no such day/],
    ['02-30', /no such day/],
    ['2026-12-26..2026-12-24', /ends before/],
    ['Fri 25:00-26:00', /00:00 to 24:00/],
    ['Fri 10:00-10:00', /same minute/],
  ] as const)
    expect(parseCalendar(text), text).toMatch(because)
  expect(parseCalendar('02-29')).toHaveLength(1)
})

test('the piece that counts began at its time of that day, or of the day before', () => {
  const lines = parseCalendar('Fri 22:00-06:00\n2026-12-24..2026-12-26') as CalendarLine[]
  const from = (at: string) => pieceAt(lines, 'Europe/Berlin', new Date(at))?.from.toISOString()
  expect(from('2026-11-28T04:00:00Z')).toBe('2026-11-27T21:00:00.000Z')
  expect(from('2026-12-25T12:00:00Z')).toBe('2026-12-24T23:00:00.000Z')
})
