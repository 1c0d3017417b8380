import { expect, test } from 'vitest'
import { type RecommendedMember, recommend, ruleOf } from './recommend'

const dayMs = 86_400_000
const begin = Date.UTC(2026, 9, 1)
const prices: Record<string, number> = { 'm5.large': 0.096, 'm5.xlarge': 0.192, 'm5.2xlarge': 0.384 }
const hourly = (_region: string, type: string) => prices[type] ?? null

/** Some days of hours, each with the load that it is given by day and hour. */
const standby = (
  days: number,
  loadOf: (day: number, hour: number) => number,
  more: Partial<RecommendedMember> = {},
): RecommendedMember => ({
  ...{ id: 'a', title: 'a', isPrimary: false, cpus: 8, type: 'm5.2xlarge', region: 'us-east-1' },
  hours: Array.from({ length: days * 24 }, (_, n) => ({
    ...{ at: begin + n * 3_600_000, cpuPercent: null, memoryBytes: 2 ** 30 },
    loadPerCpu: loadOf(Math.floor(n / 24), n % 24),
  })),
  ...more,
})
const quietNight = (_day: number, hour: number) => (hour >= 22 || hour < 6 ? 0.1 : 0.8)

test('standbys that are quiet at night are small then, on the type that saves most and keeps its bounds, with the rule that does so', () => {
  const found = recommend([standby(14, quietNight), standby(14, quietNight, { id: 'b' })], hourly)
  // 0.1 of 8 vCPUs is 0.8, and 60 % of the two of m5.large are 1.2.
  expect(found).toMatchObject({ kind: 'shrink', fromType: 'm5.2xlarge', type: 'm5.large', fromHour: 22, untilHour: 6 })
  expect(found.savedUsd).toBeCloseTo(2 * (0.384 - 0.096) * (8 / 24) * 730)
  expect(found.evidence).toMatchObject({ days: 14, limit: 1.2 })
  expect(ruleOf(found)).toMatchObject({ schedules: '22:00', conditions: 'lagSeconds < 60 and forecast.loadPerCpu < 0.6 for 480 min' })
})

test('one busy night of ten changes nothing, two do, and a busier standby decides for all', () => {
  const busyOn = (days: number[]) => (day: number, hour: number) => (days.includes(day) ? 0.8 : quietNight(day, hour))
  expect(recommend([standby(10, busyOn([3]))], hourly).type).toBe('m5.large')
  expect(recommend([standby(10, busyOn([3, 4]))], hourly).kind).toBe('none')
  expect(recommend([standby(10, quietNight), standby(10, () => 0.9)], hourly).kind).toBe('none')
})

test('hours that were recorded on a smaller type count in vCPUs and not in shares', () => {
  const types = [{ from: begin, to: begin + 30 * dayMs, type: 'm5.large' }]
  // 0.4 of two vCPUs is as much as 0.1 of eight.
  expect(recommend([standby(10, (day, hour) => quietNight(day, hour) * 4, { types })], hourly)).toMatchObject({
    type: 'm5.large',
    fromHour: 22,
  })
})

test('what is quiet at every hour is too large, and what was recorded for less than a week is not judged', () => {
  expect(recommend([standby(10, () => 0.05)], hourly)).toMatchObject({ kind: 'smaller', type: 'm5.large', fromHour: null })
  expect(recommend([standby(6, () => 0.05)], hourly)).toMatchObject({
    kind: 'none',
    because: expect.stringContaining('recorded on 6 days'),
  })
  expect(recommend([standby(10, () => 0.05, { isPrimary: true })], hourly)).toMatchObject({
    kind: 'none',
    because: expect.stringContaining('No standby'),
  })
})

test('a type with too little memory is passed over', () => {
  const full = standby(10, quietNight)
  const hours = full.hours.map((one) => ({ ...one, memoryBytes: 10 * 2 ** 30 }))
  // 10 GiB are more than 80 % of the 8 of m5.large, and fit into m5.xlarge.
  expect(recommend([{ ...full, hours }], hourly)).toMatchObject({ type: 'm5.xlarge' })
})

test('a type that the sample lacks is judged by what EC2 said of it, and one that nobody described is not', () => {
  const row = { memoryMib: 32_768, architectures: ['x86_64'], localStorageGb: null }
  const described = { 'm9x.2xlarge': { ...row, vcpus: 8 }, 'm9x.large': { ...row, vcpus: 2 } }
  const large = (more: Partial<RecommendedMember>) => recommend([standby(14, quietNight, { type: 'm9x.2xlarge', ...more })], () => null)
  expect(large({ described })).toMatchObject({ kind: 'shrink', type: 'm9x.large', fromHour: 22, evidence: { limit: 1.2 } })
  expect(large({})).toMatchObject({ kind: 'none', because: expect.stringContaining('has described m9x.2xlarge') })
})
