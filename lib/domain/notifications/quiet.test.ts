import { describe, expect, test } from 'vitest'
import { type QuietHours, quietFault, quietUntil } from './quiet'

const berlin: QuietHours = { from: '22:00', until: '07:00', zone: 'Europe/Berlin', holdsCritical: false }
const until = (at: string, quiet: QuietHours | null = berlin, severity: 0 | 1 = 1) =>
  quietUntil(quiet, severity, new Date(at))?.toISOString() ?? null

test('a message waits until the quiet hours end, on the clock of their zone', () => {
  expect(until('2026-01-10T20:59:59Z')).toBeNull()
  expect(until('2026-01-10T21:00:00Z')).toBe('2026-01-11T06:00:00.000Z')
  expect(until('2026-01-11T05:59:59Z')).toBe('2026-01-11T06:00:00.000Z')
  expect(until('2026-01-11T06:00:00Z')).toBeNull()
})

test('what is critical passes them, unless it is held too', () => {
  expect(until('2026-01-10T23:00:00Z', berlin, 0)).toBeNull()
  expect(until('2026-01-10T23:00:00Z', { ...berlin, holdsCritical: true }, 0)).toBe('2026-01-11T06:00:00.000Z')
})

test('hours within one day, and none at all', () => {
  const lunch = { ...berlin, from: '12:00', until: '13:00', zone: 'UTC' }
  expect(until('2026-01-10T12:30:00Z', lunch)).toBe('2026-01-10T13:00:00.000Z')
  expect(until('2026-01-10T13:00:00Z', lunch)).toBeNull()
  expect(until('2026-01-10T12:30:00Z', null)).toBeNull()
})

describe('when the clocks change', () => {
  test('the night in which an hour is left out ends at seven all the same', () => {
    expect(until('2026-03-28T22:00:00Z')).toBe('2026-03-29T05:00:00.000Z')
  })

  test('the night in which an hour comes twice ends at seven all the same', () => {
    expect(until('2026-10-24T21:00:00Z')).toBe('2026-10-25T06:00:00.000Z')
  })

  test('an end that the change leaves out is the moment of the change', () => {
    expect(until('2026-03-29T00:30:00Z', { ...berlin, until: '02:30' })).toBe('2026-03-29T01:00:00.000Z')
  })

  test('an end that comes twice is the first one', () => {
    expect(until('2026-10-25T00:10:00Z', { ...berlin, until: '02:30' })).toBe('2026-10-25T00:30:00.000Z')
    expect(until('2026-10-25T01:10:00Z', { ...berlin, until: '02:30' })).toBeNull()
  })
})

test('quiet hours that cannot be used say why, and hold nothing back', () => {
  expect(quietFault(berlin)).toBeNull()
  expect(quietFault({ ...berlin, until: '22:00' })).toContain('same minute')
  expect(quietFault({ ...berlin, from: '24:00' })).toContain('22:00')
  expect(quietFault({ ...berlin, zone: 'Mars/Base' })).toContain('Mars/Base')
  expect(until('2026-01-10T23:00:00Z', { ...berlin, zone: 'Mars/Base' })).toBeNull()
})
