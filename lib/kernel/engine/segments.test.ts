import { describe, expect, test } from 'vitest'
import { bench } from '@/e2e/harness/twin/bench'
import { MemoryJournal, memoryFleet } from '@/lib/adapters/memory'
import type { JobState } from '../ground/journal'
import { makeTargetPlan } from '../operation/plan-making'
import { brokenOf, countStates, crashMatrix, type Disturbance, type Stage } from './crash-matrix'
import { parts, rolled } from './directories.fixture'
import { foldJob } from './fold'
import { linesOfSegment } from './segments'

const made = ({ host }: Awaited<ReturnType<typeof bench>>) => [...host.directories].sort().join(' ')
const wholeOf = (keys: readonly string[]) => keys.flatMap((key) => ['after', 'first', 'point'].map((name) => `/${key}/${name}`)).join(' ')

test('a rolling job takes its segments in order, each with its own facts and its own line of ending, and says why one is left out', async () => {
  const there = await bench(rolled)
  expect(await there.go()).toBe('done')
  expect(made(there)).toBe(wholeOf(['a', 'b', 'c']))
  expect(there.find('segment').map(({ segment }) => segment)).toEqual(['a', 'b', 'c'])
  expect(there.find('gathered')).toHaveLength(4)
  expect(there.find('left-out').map(({ step, because }) => [step, because])).toEqual([['idle', 'It has all it needs.']])
  const own = linesOfSegment(there.journal.lines, 'b')
  expect([own[0]?.kind, own.at(-1)?.kind]).toEqual(['opened', 'closed'])
  expect(own.flatMap((line) => (line.kind === 'intended' ? [line.step] : []))).toEqual(['hold', 'first', 'point', 'after'])
  const fold = foldJob(there.journal.lines, [])
  expect(fold.steps.map(({ name, state }) => `${name} ${state}`)).toEqual([
    ...['a', 'b'].flatMap((key) => [`${key}/hold released`, `${key}/first done`, `${key}/point done`, `${key}/after done`]),
    'idle not-needed',
    ...['c/hold released', 'c/first done', 'c/point done', 'c/after done'],
  ])
})

test('its plan unfolds every step of every segment, and tells one that cannot be foreseen from its declaration', async () => {
  const { fleet, host } = await bench(rolled)
  const plan = await makeTargetPlan(rolled, fleet.read, {}, host.server.id, new AbortController().signal)
  expect(plan.effects.map(({ name, state }) => `${name} ${state}`)).toEqual([
    ...['a/hold', 'a/first', 'a/point', 'a/after', 'b/hold', 'b/first', 'b/point', 'b/after'].map((name) => `${name} will-run`),
    'idle not-needed',
    ...['c/hold', 'c/first', 'c/point', 'c/after'].map((name) => `${name} will-run`),
  ])
  expect(plan.effects.filter(({ name }) => name.startsWith('c/')).map(({ preview, title }) => [title, preview])).toMatchObject([
    [expect.any(String), 'Once b is made.'],
    [expect.any(String), ''],
    ['Part c: Make /c/point', ''],
    [expect.any(String), ''],
  ])
  expect(plan.gates.map(({ name }) => name)).toEqual(['a/seen', 'b/seen'])
  expect(fleet.calls.made).toEqual([])
})

describe('what was done before stays', () => {
  test('a cancel heard past the point of no return of a segment completes it, and the job stops after it', async () => {
    const there = await bench(rolled)
    const isCancelRequested = () => there.host.directories.has('/a/point')
    expect(await there.go({ isCancelRequested, cancelRequestedBy: () => 'ada' })).toBe('cancelled')
    expect(made(there)).toBe(wholeOf(['a']))
    expect(there.find('closed')[0]?.because).toBe('Stopped after 1 of 3: cancelled by ada')
    expect(there.find('note').map(({ text }) => text)).toEqual([
      'Too late to cancel: “point” cannot be undone, so it is completed here, and the job stops after that.',
    ])
  })

  test('a cancel heard before it undoes that segment alone', async () => {
    const there = await bench(rolled)
    const isCancelRequested = () => there.host.directories.has('/b/first')
    expect(await there.go({ isCancelRequested, cancelRequestedBy: () => 'ada' })).toBe('cancelled')
    expect(made(there)).toBe(wholeOf(['a']))
    expect(there.find('closed')[0]?.because).toBe('Stopped after 1 of 3: Part b: cancelled by ada')
  })

  test('a failure of the second segment undoes that one, and the job says after how many it stopped', async () => {
    const there = await bench(rolled)
    there.disturb('mkdir /b/point', { how: 'fail' })
    expect(await there.go()).toBe('failed')
    expect(made(there)).toBe(wholeOf(['a']))
    expect(there.find('segment-closed').map(({ segment, outcome }) => `${segment} ${outcome}`)).toEqual(['a done', 'b undone'])
    expect(there.find('closed')[0]?.because).toMatch(/^Stopped after 1 of 3: Part b: /)
  })

  test('of the first segment it ends as that one did', async () => {
    const there = await bench(rolled)
    there.disturb('mkdir /a/point', { how: 'fail' })
    expect(await there.go()).toBe('undone')
    expect(made(there)).toBe('')
  })
})

test('a worker that drains hands over between two segments and within one, and the next goes on there', async () => {
  const there = await bench(rolled)
  for (const path of ['/a/after', '/b/first'])
    expect(await there.go({ shouldHandOver: () => there.host.directories.has(path) })).toBe('running')
  expect(made(there)).toContain('/b/first')
  expect(await there.go()).toBe('done')
  expect(made(there)).toBe(wholeOf(['a', 'b', 'c']))
  expect(there.find('segment').map(({ segment }) => segment)).toEqual(['a', 'b', 'c'])
})

test('a question past the point of no return of a segment names it; resumed, the job goes on through the others; abandoned, it stops there', async () => {
  for (const decision of ['resume', 'abandon'] as const) {
    const there = await bench(rolled)
    there.disturb('mkdir /b/after', { how: 'fail' })
    expect(await there.go()).toBe('attention')
    expect(there.find('attention')[0]).toMatchObject({ because: expect.stringMatching(/^Part b: /) })
    there.calm()
    there.journal.write([{ kind: 'decided', decision, by: 'ada' }])
    expect(await there.go()).toBe(decision === 'resume' ? 'done' : 'failed')
    if (decision === 'abandon')
      expect(there.find('closed')[0]?.because).toMatch(/^Stopped after 1 of 3: Part b: Abandoned by ada\. Left as it is:/)
  }
})

const stage = async (): Promise<Stage> => {
  const fleet = memoryFleet([{ environment: 'dev', name: 'demo', hosts: ['n1'] }])
  const host = fleet.host('n1')
  const { digest } = await makeTargetPlan(rolled, fleet.read, {}, host.server.id, new AbortController().signal)
  const journal = new MemoryJournal(fleet.clock)
  const planned = new Map<number, Disturbance>()
  fleet.calls.interfere = ({ nth }) => planned.get(nth)
  /** Each part is whole or nothing, and those before it are whole, unless somebody was asked. */
  const broken = (state: JobState) => {
    if (state === 'attention' || journal.lines.some((line) => line.kind === 'decided' && line.decision === 'abandon')) return []
    const counts = parts.map(({ key }) => [...host.directories].filter((path) => path.startsWith(`/${key}/`)).length)
    const whole = counts.filter((count) => count === 3).length
    return [
      ...(counts.some((count) => count !== 0 && count !== 3) ? [`${state}, with parts of ${counts.join(', ')}`] : []),
      ...(counts.slice(0, whole).some((count) => count !== 3) ? [`${state}, out of order: ${counts.join(', ')}`] : []),
      ...(state === 'done' && whole !== 3 ? [`done, with ${whole} of 3`] : []),
    ]
  }
  return {
    ...{ operation: rolled, ports: fleet, clock: fleet.clock, journal, broken },
    job: { id: 'job', targetId: host.server.id, input: {}, digest },
    disturb: (nth, how) => planned.set(fleet.calls.made.length + nth, how),
    snapshot: () => [...host.directories].sort().join(' '),
  }
}

test('every part is whole or undone wherever drivers die, sleep or hand over and acts go wrong, and none undoes one before it', {
  timeout: 300_000,
}, async () => {
  const results = await crashMatrix(stage, { stride: 29 })
  expect(brokenOf(results)).toEqual([])
  expect(Object.keys(countStates(results)).sort()).toEqual(['attention', 'cancelled', 'done', 'failed', 'undone'])
})
