import { describe, expect, test } from 'vitest'
import { foldJob } from '@/lib/kernel/engine/fold'
import type { JournalEntry } from '@/lib/kernel/ground/journal'
import { defaultPolicy } from '@/lib/kernel/operation/plan'
import type { RunLine, RunView } from '@/lib/shapes/run'
import { RunStore } from './store'

const operation = {
  name: 'restart',
  title: 'Restart',
  verb: 'Restart',
  path: 'instances',
  movesFrom: null,
  effects: [{ name: 'restart', title: 'Restart PostgreSQL', timeoutMs: 1000 }],
  gates: [],
}

const job = (id: string) => ({
  id,
  title: `shop on ${id}`,
  resource: 'instance',
  targetId: id,
  environmentId: null,
  herdId: null,
  serverId: null,
  wave: 0,
  state: 'waiting' as const,
  step: null,
  because: null,
  waitsFor: null,
  startedAt: null,
  finishedAt: null,
  fold: foldJob([], ['restart']),
})

const run = (): RunView => ({
  id: 'r',
  title: 'Restart 2',
  operation: 'restart',
  state: 'running',
  resource: 'instance',
  personId: null,
  actorName: 'otto',
  reason: '',
  ticket: '',
  input: {},
  policy: defaultPolicy,
  planId: null,
  digest: 'd',
  environmentIds: [],
  retryOf: null,
  cancelRequestedBy: null,
  createdAt: '2026-01-01T00:00:00Z',
  startedAt: null,
  finishedAt: null,
  deadlineAt: null,
  jobs: [job('a'), job('b')],
  jobsHidden: 0,
})

const event = (eventId: number, jobId: string, seq: number, entry: JournalEntry): RunLine => ({
  eventId,
  jobId,
  line: { ...entry, seq, at: '2026-01-01T00:00:01Z' },
})
const opened: JournalEntry = { kind: 'opened', target: 'a', input: {}, digest: 'd', driver: 'w1' }
const note = (text: string): JournalEntry => ({ kind: 'note', step: 'restart', stream: 'stdout', text })

describe('the store of a run page', () => {
  test('folds each job from its lines and leaves the others as they are', () => {
    const store = new RunStore(run(), operation)
    const before = store.snapshot().run.jobs
    store.addLines([event(1, 'a', 1, opened), event(2, 'a', 2, { kind: 'intended', step: 'restart', before: null })])
    const after = store.snapshot().run.jobs
    expect(after[0]).toMatchObject({ state: 'running', fold: { steps: [{ name: 'restart', state: 'running' }] } })
    expect(after[1]).toBe(before[1])
    expect(store.snapshot().counts).toMatchObject({ running: 1, waiting: 1 })
  })

  test('output alone leaves every job as it is, and is told once for many batches', async () => {
    const store = new RunStore(run(), operation)
    store.addLines([event(1, 'a', 1, opened)])
    const jobs = store.snapshot().run.jobs
    const told = new Promise<number>((resolve) => {
      store.subscribe(() => resolve(store.snapshot().rows.length))
    })
    for (let n = 2; n <= 50; n += 1) store.addLines([event(n, 'a', n, note(`line ${n}`))])
    expect(store.snapshot().run.jobs).toBe(jobs)
    expect(await told).toBe(50)
  })

  test('a batch that is sent again after a reconnect changes nothing', () => {
    const store = new RunStore(run(), operation)
    const batch = [event(1, 'a', 1, opened)]
    store.addLines(batch)
    const once = store.snapshot()
    store.addLines(batch)
    expect(store.snapshot()).toBe(once)
  })

  test('output of several lines becomes several rows, without an empty last one', () => {
    const store = new RunStore(run(), operation)
    store.addLines([event(1, 'a', 1, note('one\ntwo\n'))])
    expect(store.snapshot().rows.map((row) => [row.key, row.text, row.class])).toEqual([
      ['1.0', 'one', 'output'],
      ['1.1', 'two', 'output'],
    ])
  })

  test('replaying the past never takes a job back to an older state', () => {
    const ended = run()
    ended.jobs[0] = { ...ended.jobs[0]!, state: 'done', fold: { ...ended.jobs[0]!.fold, state: 'done', lastSeq: 9 } }
    const store = new RunStore(ended, operation)
    store.addLines([event(1, 'a', 1, opened)])
    expect(store.snapshot().run.jobs[0]!.state).toBe('done')
    store.addLines([event(2, 'a', 9, { kind: 'closed', outcome: 'done', because: null })])
    expect(store.snapshot().run.jobs[0]!.fold.lastSeq).toBe(9)
  })

  test('a reading of the database keeps the newer fold and says why a job waits', () => {
    const store = new RunStore(run(), operation)
    store.addLines([event(1, 'a', 1, opened)])
    const read = run()
    read.jobs[0] = { ...read.jobs[0]!, state: 'running' }
    read.jobs[1] = { ...read.jobs[1]!, because: 'waits for herd shop, held by a run of dana' }
    store.setRun(read)
    expect(store.snapshot().run.jobs[0]!.fold.lastSeq).toBe(1)
    expect(store.snapshot().run.jobs[1]!.because).toContain('dana')
  })

  test('attention carries its question, and a decision clears it', () => {
    const store = new RunStore(run(), operation)
    const attention = {
      kind: 'attention',
      because: 'lost',
      known: [],
      unknown: ['it runs'],
      question: 'Does it run?',
      during: 'step',
    } as JournalEntry
    store.addLines([event(1, 'a', 1, opened), event(2, 'a', 2, attention)])
    expect(store.snapshot().run.jobs[0]).toMatchObject({ state: 'attention', fold: { attention: { question: 'Does it run?' } } })
    store.addLines([event(3, 'a', 3, { kind: 'decided', decision: 'resume', by: 'dana' })])
    expect(store.snapshot().run.jobs[0]).toMatchObject({ state: 'running', fold: { attention: null } })
  })
})
