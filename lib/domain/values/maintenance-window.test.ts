import { expect, test } from 'vitest'
import { type MaintenanceWindow, parseWindow, windowState } from './maintenance-window'

const windows = (...lines: string[]) => lines.map((line) => parseWindow(line) as MaintenanceWindow)
const at = (moment: string, ...lines: string[]) => {
  const { isOpen, changesAt } = windowState(windows(...lines), new Date(moment))
  return [isOpen, changesAt?.toISOString().slice(0, 16) ?? null]
}

test('a window over midnight is open until the next morning, and only from its own day', () => {
  const line = 'Sat 22:00-04:00 Europe/Berlin'
  expect(at('2026-11-21T20:59:00Z', line)).toEqual([false, '2026-11-21T21:00'])
  expect(at('2026-11-21T21:00:00Z', line)).toEqual([true, '2026-11-22T03:00'])
  expect(at('2026-11-22T02:59:59Z', line)).toEqual([true, '2026-11-22T03:00'])
  expect(at('2026-11-22T03:00:00Z', line)).toEqual([false, '2026-11-28T21:00'])
})

test('days are those of the zone, not of UTC', () => {
  expect(at('2026-11-21T16:00:00Z', 'Sun 00:00-06:00 Asia/Tokyo')).toEqual([true, '2026-11-21T21:00'])
  expect(at('2026-11-22T16:00:00Z', 'Sun 00:00-06:00 Asia/Tokyo')[0]).toBe(false)
})

test('a range of days may pass the end of the week; no days are every day; no zone is UTC', () => {
  expect(at('2026-11-22T02:30:00Z', 'Fri-Mon 02:00-03:00')[0]).toBe(true)
  expect(at('2026-11-24T02:30:00Z', 'Fri-Mon 02:00-03:00')).toEqual([false, '2026-11-27T02:00'])
  expect(at('2026-11-24T02:30:00Z', '02:00-03:00')[0]).toBe(true)
})

test('windows that touch count as one; a whole day ends with the day', () => {
  expect(at('2026-11-21T01:00:00Z', '00:00-02:00', '02:00-04:00')).toEqual([true, '2026-11-21T04:00'])
  expect(at('2026-11-21T23:59:00Z', 'Sat 00:00-24:00')).toEqual([true, '2026-11-22T00:00'])
})

test('on the night of summer time a window opens at the jump when its hour is left out, and is an hour shorter', () => {
  expect(at('2026-03-29T00:30:00Z', 'Sun 02:30-05:00 Europe/Berlin')).toEqual([false, '2026-03-29T01:00'])
  expect(at('2026-03-29T01:00:00Z', 'Sun 02:30-05:00 Europe/Berlin')).toEqual([true, '2026-03-29T03:00'])
})

test('on the night of winter time an hour that comes twice opens with its first and lasts through its second', () => {
  expect(at('2026-10-25T00:29:00Z', 'Sun 02:30-04:00 Europe/Berlin')).toEqual([false, '2026-10-25T00:30'])
  expect(at('2026-10-25T01:30:00Z', 'Sun 02:30-04:00 Europe/Berlin')).toEqual([true, '2026-10-25T03:00'])
})

test('no windows are never open', () => {
  expect(windowState([], new Date())).toEqual({ isOpen: false, changesAt: null })
})

test('what is wrong with a line is said with the line', () => {
  for (const [line, because] of [
    ['tomorrow', /not a window/],
    ['Sat 25:00-04:00', /00:00 to 24:00/],
    ['Sat 22:00-24:30', /00:00 to 24:00/],
    ['Sat 22:00-22:00', /same minute/],
    ['Sat 22:00-04:00 Europe/Atlantis', /no time zone Europe\/Atlantis/],
  ] as const) {
    const said = parseWindow(line)
    expect(said, line).toMatch(because)
    expect(said).toContain(line)
  }
})
