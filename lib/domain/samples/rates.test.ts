import { expect, test } from 'vitest'
import { hostMetrics, instanceMetrics, type SampleMetric } from './metrics'
import { fillRate, type HostCounters, hostFigures, type InstanceCounters, instanceFigures } from './rates'
import { sampleEveryMs, stepSeconds } from './steps'

const named = (metrics: readonly SampleMetric[], figures: readonly (number | null)[]) =>
  Object.fromEntries(metrics.map(({ name }, index) => [name, figures[index]]))
const first: InstanceCounters = {
  epoch: 'started 1, primary',
  at: 1000,
  active: 3,
  idle: 10,
  idleInTransaction: 1,
  waiting: 2,
  oldestTransaction: 4,
  commits: 1000,
  rollbacks: 10,
  blocksRead: 50,
  blocksHit: 950,
  tempBytes: 0,
  checkpoints: 7,
  walBytes: 16e6,
}
const later = (change: Partial<InstanceCounters> = {}): InstanceCounters => ({
  ...first,
  at: 1010,
  commits: 1500,
  rollbacks: 20,
  blocksRead: 60,
  blocksHit: 1040,
  walBytes: 17e6,
  ...change,
})
const rates = ['commits', 'rollbacks', 'walBytes', 'cacheHits', 'tempBytes', 'checkpoints']
const figures = (before: InstanceCounters | null, now: InstanceCounters) => named(instanceMetrics, instanceFigures(before, now))
const ratesOf = (before: InstanceCounters | null, now: InstanceCounters) => rates.map((name) => figures(before, now)[name])

test('counters become rates over the time between two looks, by the server’s own clock', () => {
  expect(figures(first, later())).toMatchObject({
    active: 3,
    idle: 10,
    idleInTransaction: 1,
    waiting: 2,
    oldestTransaction: 4,
    commits: 50,
    rollbacks: 1,
    walBytes: 1e5,
    cacheHits: 90,
    tempBytes: 0,
    checkpoints: 0,
  })
})

test('the first look, a restart, a statistics reset, another role and a long silence are gaps in every rate, and in no gauge', () => {
  const gap = rates.map(() => null)
  expect(ratesOf(null, first)).toEqual(gap)
  expect(ratesOf(first, later({ epoch: 'started 2, primary' }))).toEqual(gap)
  expect(ratesOf(first, later({ at: 2000 }))).toEqual(gap)
  expect(ratesOf(first, later({ at: 990 }))).toEqual(gap)
  expect(ratesOf(first, later({ at: 1000 }))).toEqual(gap)
  expect(figures(null, first).active).toBe(3)
})

test('a counter that fell is a gap, for all of its view, and never negative', () => {
  const dropped = figures(first, later({ commits: 900 }))
  expect(dropped).toMatchObject({ commits: null, rollbacks: null, cacheHits: null, tempBytes: null, walBytes: 1e5 })
  expect(figures(first, later({ walBytes: 15e6 })).walBytes).toBeNull()
})

test('no reads have no hit ratio, and no open transaction has an age of zero', () => {
  const quiet = figures(first, later({ blocksRead: 50, blocksHit: 950, oldestTransaction: null }))
  expect(quiet).toMatchObject({ cacheHits: null, oldestTransaction: 0 })
})

const host: HostCounters = {
  at: 100,
  cpuBusy: 1000,
  cpuTotal: 4000,
  loadPerCpu: 0.5,
  memoryBytes: 8e9,
  memoryAvailableBytes: 6e9,
  diskBytes: 1e11,
  diskFreeBytes: 4e10,
}

test('a host’s processors, memory and disk; a host that restarted has no processor time between', () => {
  const sixtyLater = { ...host, at: 160, cpuBusy: 1300, cpuTotal: 5200 }
  expect(named(hostMetrics, hostFigures(host, sixtyLater, 12))).toEqual({
    cpu: 25,
    loadPerCpu: 0.5,
    memoryUsed: 2e9,
    memory: 8e9,
    diskUsed: 6e10,
    disk: 1e11,
    diskFill: 12,
  })
  expect(named(hostMetrics, hostFigures(host, { ...sixtyLater, cpuBusy: 10, cpuTotal: 40 }, null)).cpu).toBeNull()
  const blind = { ...sixtyLater, memoryAvailableBytes: null, diskFreeBytes: null, cpuTotal: null }
  expect(named(hostMetrics, hostFigures(host, blind, null))).toMatchObject({ cpu: null, memoryUsed: null, diskUsed: null })
})

test('the fill rate is the slope of an hour, unknown before five minutes, and begins anew when the volume is resized', () => {
  const looks = (minutes: number, bytes = 1e11) =>
    Array.from({ length: minutes + 1 }, (_, n) => ({ at: n * 60, bytes, usedBytes: 5e10 + n * 60 * 1000 }))
  expect(fillRate([])).toBeNull()
  expect(fillRate(looks(4))).toBeNull()
  expect(fillRate(looks(5))).toBeCloseTo(1000)
  const resized = looks(30).map((look, n) => (n < 28 ? look : { ...look, bytes: 2e11 }))
  expect(fillRate(resized)).toBeNull()
  // What was deleted two hours ago says nothing of now.
  const emptied = [{ at: -7200, bytes: 1e11, usedBytes: 9e10 }, ...looks(30)]
  expect(fillRate(emptied)).toBeCloseTo(1000)
})

test('a point is never finer than what is kept, and no window has more points than asked for', () => {
  const now = 1_000_000
  const back = (seconds: number, points = 300) => stepSeconds({ from: now - seconds, to: now, now }, points, 7)
  expect(back(600)).toBe(10)
  expect(back(3600)).toBe(30)
  expect(back(3602)).toBe(30)
  expect(back(3 * 3600)).toBe(60)
  expect(back(86_400)).toBe(300)
  expect(back(86_400, 2000)).toBe(60)
  expect(back(8 * 86_400, 5000)).toBe(600)
  expect(back(400 * 86_400, 100)).toBe(4 * 86_400)
})

test('a small fleet is sampled every ten seconds, a large one every minute', () => {
  expect([1, 400, 1000, 2500, 10_000].map(sampleEveryMs)).toEqual([10_000, 10_000, 24_000, 60_000, 60_000])
})
