import { expect, test } from 'vitest'
import { parseTime } from './appointed-time'
import { nextOpening } from './maintenance-window'

const at = (text: string) => {
  const parsed = parseTime(text)
  return typeof parsed === 'string' ? parsed : `${parsed.at.toISOString()} ${parsed.zone}`
}

test('a time is taken with the name of a zone or with an offset, and never without either', () => {
  expect(at('2026-11-21 02:00 Europe/Berlin')).toBe('2026-11-21T01:00:00.000Z Europe/Berlin')
  expect(at('2026-07-21T02:00 Europe/Berlin')).toBe('2026-07-21T00:00:00.000Z Europe/Berlin')
  expect(at('2026-11-21T02:00:30+05:30')).toBe('2026-11-20T20:30:30.000Z UTC')
  expect(at('2026-11-21T02:00:00.000Z')).toBe('2026-11-21T02:00:00.000Z UTC')
  expect(at('2026-11-21 02:00')).toContain('is not a time with its zone')
})

test('a time that the change to summer time leaves out is the moment of the change, and one that comes twice its first', () => {
  expect(at('2026-03-29 02:30 Europe/Berlin')).toBe('2026-03-29T01:00:00.000Z Europe/Berlin')
  expect(at('2026-10-25 02:30 Europe/Berlin')).toBe('2026-10-25T00:30:00.000Z Europe/Berlin')
})

test('a day, an hour or a zone that there is not is refused with the reason', () => {
  expect(at('2026-02-30 02:00 UTC')).toContain('there is no such day or hour')
  expect(at('2026-02-03 24:00 UTC')).toContain('there is no such day or hour')
  expect(at('2026-02-03 02:00 Mars/Base')).toContain('there is no time zone Mars/Base')
})

test('the next opening of several environments is the first moment at which all of them are open', () => {
  const place = (...maintenanceWindows: string[]) => ({ maintenanceWindows, targets: 1 })
  // A Saturday.
  const noon = new Date('2026-11-21T12:00:00Z')
  const opens = (...places: ReturnType<typeof place>[]) => nextOpening(places, noon)?.toISOString() ?? null
  expect(opens(place('22:00-02:00'))).toBe('2026-11-21T22:00:00.000Z')
  expect(opens(place('22:00-02:00'), place('01:00-03:00'))).toBe('2026-11-22T01:00:00.000Z')
  expect(opens(place('22:00-02:00'), place())).toBe('2026-11-21T22:00:00.000Z')
  expect(opens(place('10:00-14:00'))).toBe(noon.toISOString())
  expect(opens(place('Mon 01:00-02:00'), place('Tue 01:00-02:00'))).toBeNull()
  expect(opens(place())).toBeNull()
})
