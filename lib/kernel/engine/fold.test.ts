import { describe, expect, test } from 'vitest'
import type { JobState, JournalEntry, JournalLine } from '../ground/journal'
import { countJobs, estimateSeconds, foldJob, foldRun, median } from './fold'

const linesOf = (...entries: JournalEntry[]): JournalLine[] =>
  entries.map((entry, index) => ({ ...entry, seq: index + 1, at: `2026-03-01T12:00:0${index}.000Z` }))
const opened: JournalEntry = { kind: 'opened', target: 't', input: {}, digest: 'd', driver: 'w' }
const intended = (step: string): JournalEntry => ({ kind: 'intended', step, before: null })
const finished = (step: string, ours = true): JournalEntry => ({ kind: 'finished', step, output: null, ours, tookMs: 1 })
const states = (...entries: JournalEntry[]) => {
  const fold = foldJob(linesOf(...entries), ['one', 'two'])
  return [fold.state, ...fold.steps.map((step) => step.state)]
}

describe('a job folded from its lines', () => {
  test.each<[string, JournalEntry[], string[]]>([
    ['without a line it waits', [], ['waiting', 'waiting', 'waiting']],
    ['opened it runs', [opened], ['running', 'waiting', 'waiting']],
    ['an intended step runs', [opened, intended('one')], ['running', 'running', 'waiting']],
    ['a step found so is marked', [opened, finished('one', false), intended('two')], ['running', 'already-so', 'running']],
    [
      'a step that is left out says which word is true of it',
      [
        opened,
        { kind: 'left-out', step: 'one', word: 'not-asked', because: 'none' },
        { kind: 'left-out', step: 'two', word: 'not-possible', because: 'off' },
      ],
      ['running', 'not-asked', 'not-possible'],
    ],
    [
      'a failed step is undone around',
      [
        opened,
        intended('one'),
        finished('one'),
        intended('two'),
        { kind: 'failed', step: 'two', code: 'shell.failed', because: 'no', certainty: 'did-not-happen' },
        { kind: 'undo-intended', step: 'one' },
      ],
      ['running', 'undoing', 'failed'],
    ],
    [
      'an unknown step stops at attention',
      [
        opened,
        intended('one'),
        { kind: 'failed', step: 'one', code: 'shell.timeout', because: 'silence', certainty: 'unknown' },
        { kind: 'attention', during: 'step', because: 'silence', known: [], unknown: ['one'], question: 'did it?' },
      ],
      ['attention', 'unknown', 'waiting'],
    ],
    [
      'a closed job skips what it never came to',
      [opened, { kind: 'refused', step: 'gate', because: 'closed' }, { kind: 'closed', outcome: 'refused', because: 'closed' }],
      ['refused', 'skipped', 'skipped'],
    ],
  ])('%s', (_name, entries, expected) => {
    expect(states(...entries)).toEqual(expected)
  })

  test('a decision clears the question and the job runs again', () => {
    const fold = foldJob(
      linesOf(
        opened,
        { kind: 'attention', during: 'step', because: 'b', known: ['k'], unknown: [], question: 'q' },
        { kind: 'decided', decision: 'resume', by: 'ada' },
      ),
      ['one'],
    )
    expect([fold.state, fold.attention, fold.because]).toEqual(['running', null, null])
  })

  test('times and the last line are kept', () => {
    const fold = foldJob(linesOf(opened, intended('one'), finished('one')), ['one'])
    expect(fold).toMatchObject({ lastSeq: 3, steps: [{ startedAt: '2026-03-01T12:00:01.000Z', endedAt: '2026-03-01T12:00:02.000Z' }] })
  })
})

test.each<[JobState[], boolean, string]>([
  [['waiting', 'waiting'], false, 'waiting'],
  [['running', 'waiting', 'failed'], false, 'running'],
  [['done', 'waiting'], false, 'running'],
  [['running'], true, 'cancelling'],
  [['waiting', 'done'], true, 'cancelling'],
  [['done', 'attention'], false, 'attention'],
  [['done', 'undone'], false, 'failed'],
  [['done', 'refused'], false, 'failed'],
  [['done', 'cancelled'], true, 'cancelled'],
  [['done', 'done'], true, 'cancelled'],
  [['done', 'done'], false, 'done'],
])('a run of %j, cancel requested: %s, is %s', (jobs, isCancelRequested, state) => {
  expect(foldRun(countJobs(jobs), isCancelRequested)).toBe(state)
})

test('the median of none is unknown, of an even number lies between the middle two', () => {
  expect([median([]), median([3]), median([5, 1, 3]), median([4, 1, 3, 2])]).toEqual([null, 3, 3, 2.5])
})

test('the estimate counts rounds of waiting jobs and half of what runs, and says nothing without history', () => {
  const counts = countJobs(['waiting', 'waiting', 'waiting', 'running', 'done'])
  expect([estimateSeconds(10, counts, 2), estimateSeconds(10, countJobs(['done']), 2), estimateSeconds(null, counts, 2)]).toEqual([
    25,
    0,
    null,
  ])
})
