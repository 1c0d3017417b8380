import { expect, test } from 'vitest'
import { type Comparison, type Condition, judgeCondition, type Recorded, type Verdict } from './conditions'

const at = Date.UTC(2026, 10, 23, 12)
const minuteMs = 60_000

/** A figure a minute, the last of them ending at `at`. */
const minutely = (...figures: (number | null)[]): Recorded[] =>
  figures.map((figure, index) => {
    const from = at - (figures.length - index) * minuteMs
    return { from, to: from + minuteMs, low: figure, high: figure }
  })
const tenMinutes = (endsBefore: number, low: number, high: number): Recorded => {
  const to = at - endsBefore * minuteMs
  return { from: to - 10 * minuteMs, to, low, high }
}
const lag = (sign: Comparison['sign'], bound: number, minutes = 0): Comparison => ({ metric: 'lagSeconds', sign, bound, minutes })
const load = (sign: Comparison['sign'], bound: number, minutes = 0): Comparison => ({ metric: 'loadPerCpu', sign, bound, minutes })
const judge = (condition: Condition, of: Partial<Record<Comparison['metric'], Recorded[]>>) =>
  judgeCondition(condition, at, (metric) => of[metric] ?? [])
const verdictOf = (condition: Condition, of: Partial<Record<Comparison['metric'], Recorded[]>>) => judge(condition, of).verdict

test.each([
  ['>', [false, false, true]],
  ['≥', [false, true, true]],
  ['<', [true, false, false]],
  ['≤', [true, true, false]],
  ['=', [false, true, false]],
] as const)('%s compares the newest figure, decimals included', (sign, wanted) => {
  const verdicts = [2.4, 2.5, 2.6].map((figure) => verdictOf(lag(sign, 2.5), { lagSeconds: minutely(99, figure) }))
  expect(verdicts).toEqual(wanted.map((isTrue) => (isTrue ? 'passes' : 'fails')))
})

test('a figure that nobody could read, is too old or comes later is unknown, and never zero', () => {
  const beside = (minutes: number) =>
    minutely(0).map((one) => ({ ...one, from: one.from + minutes * minuteMs, to: one.to + minutes * minuteMs }))
  for (const recorded of [[], minutely(null), beside(-4), beside(5)]) {
    expect(judge(lag('<', 60), { lagSeconds: recorded })).toMatchObject({ verdict: 'unknown', because: 'Replay lag < 60: not recorded' })
  }
  expect(verdictOf(lag('<', 60), { lagSeconds: beside(-3) })).toBe('passes')
})

test('a bound for ten minutes passes only when every one of them is within it', () => {
  const steady = minutely(...Array.from({ length: 15 }, () => 3))
  expect(judge(load('>', 2, 10), { loadPerCpu: steady })).toMatchObject({
    verdict: 'passes',
    because: 'Load per vCPU > 2 for 10 min: was 3',
  })
  const dipped = steady.map((one, index) => (index === 8 ? { ...one, low: 1, high: 1 } : one))
  expect(judge(load('>', 2, 10), { loadPerCpu: dipped })).toMatchObject({
    verdict: 'fails',
    because: 'Load per vCPU > 2 for 10 min: was 1 to 3',
  })
  // What was before is not asked for.
  const before = steady.map((one, index) => (index === 4 ? { ...one, low: 1, high: 1 } : one))
  expect(verdictOf(load('>', 2, 10), { loadPerCpu: before })).toBe('passes')
})

test('a gap of more than three minutes leaves a sustained bound unknown, at its start, within and at its end; one that failed has failed', () => {
  const without = (from: number, to: number, figure = 3) =>
    minutely(...Array.from({ length: 10 }, (_, index) => (index >= from && index < to ? null : figure)))
  for (const [from, to] of [
    [0, 4],
    [3, 7],
    [6, 10],
  ] as const) {
    expect(judge(load('>', 2, 10), { loadPerCpu: without(from, to) })).toMatchObject({
      verdict: 'unknown',
      because: 'Load per vCPU > 2 for 10 min: was 3, with times not recorded',
    })
    expect(verdictOf(load('>', 2, 10), { loadPerCpu: without(from, to, 1) })).toBe('fails')
    expect(verdictOf(load('>', 2, 10), { loadPerCpu: without(from, to - 1) })).toBe('passes')
  }
})

test('of ten minutes kept as extremes the worst decides, and one that lies partly outside decides nothing it cannot prove', () => {
  const whole = (low: number, high: number) => verdictOf(load('>', 2, 10), { loadPerCpu: [tenMinutes(0, low, high)] })
  expect([whole(2.1, 9), whole(1, 9), whole(0, 1)]).toEqual(['passes', 'fails', 'fails'])
  const edge = (low: number, high: number) =>
    verdictOf(load('<', 2, 10), { loadPerCpu: [tenMinutes(5, low, high), ...minutely(1, 1, 1, 1, 1)] })
  expect([edge(0, 1.9), edge(0, 9), edge(3, 9)]).toEqual(['passes', 'unknown', 'fails'])
  const now = (low: number, high: number) => verdictOf(load('>', 2), { loadPerCpu: [tenMinutes(0, low, high)] })
  expect([now(3, 9), now(1, 9), now(0, 1)]).toEqual(['passes', 'unknown', 'fails'])
  const equal = (low: number, high: number) => verdictOf(load('=', 2, 5), { loadPerCpu: [tenMinutes(0, low, high)] })
  expect([equal(2, 2), equal(1, 3), equal(3, 4)]).toEqual(['passes', 'unknown', 'fails'])
})

test('all and any are decided by the one that decides, and unknown stays unknown where it could turn it', () => {
  const figures: Record<Verdict, Condition> = { passes: lag('<', 60), fails: lag('>', 60), unknown: load('>', 1) }
  const table: [Verdict[], Verdict, Verdict][] = [
    [[], 'passes', 'fails'],
    [['passes', 'passes'], 'passes', 'passes'],
    [['passes', 'fails'], 'fails', 'passes'],
    [['passes', 'unknown'], 'unknown', 'passes'],
    [['unknown', 'fails'], 'fails', 'unknown'],
    [['unknown', 'unknown'], 'unknown', 'unknown'],
    [['fails', 'fails'], 'fails', 'fails'],
  ]
  for (const [verdicts, all, any] of table) {
    const parts = verdicts.map((verdict) => figures[verdict])
    expect([verdictOf({ all: parts }, { lagSeconds: minutely(5) }), verdictOf({ any: parts }, { lagSeconds: minutely(5) })]).toEqual([
      all,
      any,
    ])
  }
})

test('a tree keeps the verdict and the figures of each of its parts', () => {
  const condition: Condition = { all: [lag('<', 60), { any: [load('<', 0.5, 2), lag('=', 0)] }] }
  expect(judge(condition, { lagSeconds: minutely(5), loadPerCpu: minutely(0.234, 0.4) })).toEqual({
    verdict: 'passes',
    because: '2 of 2 passed, all needed',
    parts: [
      { verdict: 'passes', because: 'Replay lag < 60: was 5', parts: [] },
      {
        verdict: 'passes',
        because: '1 of 2 passed, one needed',
        parts: [
          { verdict: 'passes', because: 'Load per vCPU < 0.5 for 2 min: was 0.23 to 0.4', parts: [] },
          { verdict: 'fails', because: 'Replay lag = 0: was 5', parts: [] },
        ],
      },
    ],
  })
})

test('a forecast goes by the same hours of each week that was recorded: one that breaks it decides, and of one week nothing follows', () => {
  const weekMs = 7 * 86_400_000
  const weekOf = (weeks: number, high: number): Recorded[] =>
    Array.from({ length: 6 }, (_, n) => {
      const from = at - weeks * weekMs + n * 10 * minuteMs
      return { from, to: from + 10 * minuteMs, low: 0.1, high }
    })
  const forecast: Condition = { metric: 'loadPerCpu', sign: '<', bound: 0.5, minutes: 60, isAhead: true }
  const judged = (...series: Recorded[][]) => judge(forecast, { loadPerCpu: series.flat() })
  expect(judged(weekOf(2, 0.4), weekOf(1, 0.3))).toEqual({
    verdict: 'passes',
    because: 'Load per vCPU < 0.5 for the next 60 min: was 0.1 to 0.4 in the same hours of 2 of the last 4 weeks',
    parts: [],
  })
  expect(judged(weekOf(3, 0.9), weekOf(2, 0.4), weekOf(1, 0.3)).verdict).toBe('fails')
  expect(judged(weekOf(1, 0.3)).verdict).toBe('unknown')
  expect(judged(weekOf(2, 0.3), weekOf(1, 0.3).slice(0, 2)).verdict).toBe('unknown')
  expect(judged().because).toContain('nothing is recorded of the same hours')
})
