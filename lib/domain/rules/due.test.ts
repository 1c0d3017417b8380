import { expect, test } from 'vitest'
import type { CronTimes } from './cron'
import { delayOf, dueOf } from './due'
import { parseSchedules } from './schedules'

const daily = { schedules: parseSchedules('10:00') as CronTimes[], zone: 'UTC', delayMs: 0 }
const days = (from: string, now: string, delayMs = 0) => {
  const { occurrence, missed, next } = dueOf({ ...daily, delayMs }, new Date(from), new Date(now))
  return [occurrence?.toISOString().slice(0, 10) ?? null, missed, next?.toISOString().slice(0, 10)]
}

test('the newest one that has come is due, those before it are counted, and the next lies ahead', () => {
  expect(days('2026-11-20T10:00:00Z', '2026-11-20T09:59:59Z')).toEqual([null, 0, '2026-11-20'])
  expect(days('2026-11-20T10:00:00Z', '2026-11-20T10:00:00Z')).toEqual(['2026-11-20', 0, '2026-11-21'])
  expect(days('2026-11-20T10:00:00Z', '2026-11-24T10:00:01Z')).toEqual(['2026-11-24', 4, '2026-11-25'])
})

test('a delay moves when it acts and not what it is due for', () => {
  expect(days('2026-11-20T10:00:00Z', '2026-11-20T10:01:29Z', 90_000)).toEqual([null, 0, '2026-11-20'])
  expect(days('2026-11-20T10:00:00Z', '2026-11-20T10:01:30Z', 90_000)).toEqual(['2026-11-20', 0, '2026-11-21'])
})

test('after a year no more than a month of it is counted', () => {
  expect(days('2025-11-20T10:00:00Z', '2026-11-24T10:00:00Z')).toEqual(['2026-11-24', 31, '2026-11-25'])
})

test('delays keep within the jitter, and are spread over it', () => {
  const delays = Array.from({ length: 400 }, () => delayOf(crypto.randomUUID(), 60))
  expect(Math.min(...delays)).toBeGreaterThanOrEqual(0)
  expect(Math.max(...delays)).toBeLessThanOrEqual(60_000)
  expect(new Set(delays).size).toBeGreaterThan(30)
  expect(delayOf('ffffffff-0000-4000-8000-000000000000', 0)).toBe(0)
})
