import { renderToStaticMarkup } from 'react-dom/server'
import { describe, expect, test } from 'vitest'
import { foldJob } from '@/lib/kernel/engine/fold'
import type { JournalEntry, JournalLine } from '@/lib/kernel/ground/journal'
import type { JobView } from '@/lib/shapes/run'
import { OneTarget } from './one-target'
import type { RunOperation } from './shared'
import { stepProgress } from './step-progress'

const names = ['pause', 'stop', 'promote']
const titles: Record<string, string> = { pause: 'Pause clients', stop: 'Stop the old primary', promote: 'Promote standby' }
const titleOf = (step: string) => titles[step]!
const operation: RunOperation = {
  name: 'failover',
  title: 'Fail over',
  verb: 'Fail over',
  path: 'dr-pairs',
  movesFrom: { kind: 'marked', step: 'hand-over', mark: { isPassed: true } },
  effects: names.map((name) => ({ name, title: titleOf(name), timeoutMs: null })),
  gates: [],
}

const intended = (step: string): JournalEntry => ({ kind: 'intended', step, before: {}, token: 1 }) as unknown as JournalEntry
const finished = (step: string, ours = true): JournalEntry =>
  ({ kind: 'finished', step, ours, tookMs: 1_500, output: null }) as JournalEntry
const note = (step: string, text: string): JournalEntry => ({ kind: 'note', step, stream: 'info', text })

const linesOf = (entries: readonly JournalEntry[]): JournalLine[] =>
  entries.map((entry, index) => ({ ...entry, seq: index + 1, at: new Date(Date.UTC(2026, 10, 22, 8, 0, index)).toISOString() }))

const jobOf = (entries: readonly JournalEntry[]): JobView => {
  const fold = foldJob(linesOf(entries), names)
  return {
    id: 'j',
    title: 'prod-orders',
    resource: 'dr-pair',
    targetId: 'h',
    environmentId: 'e',
    herdId: 'h',
    serverId: null,
    wave: 0,
    state: fold.state,
    step: null,
    because: fold.because,
    waitsFor: null,
    startedAt: null,
    finishedAt: null,
    fold,
  }
}

const opened = { kind: 'opened', driver: 'w1' } as JournalEntry
const running = [opened, intended('pause'), finished('pause'), intended('stop'), note('stop', '3 of 7 clients are gone')]

const shown = (entries: readonly JournalEntry[]) =>
  renderToStaticMarkup(
    <OneTarget
      job={jobOf(entries)}
      lines={linesOf(entries)}
      operation={operation}
      sentences={{ pause: 'Pause the poolers of prod-orders.', promote: 'Promote b.' }}
    />,
  )

describe('a run of one target', () => {
  test('says which step of how many runs, by its title', () => {
    expect(stepProgress(jobOf(running), titleOf)).toEqual({
      pieces: [
        { name: 'pause', tone: 'good' },
        { name: 'stop', tone: 'info' },
        { name: 'promote', tone: null },
      ],
      done: 1,
      words: 'Step 2 of 3: Stop the old primary',
    })
  })

  test('between two steps it stands at the one that comes next, and ended it counts what was done', () => {
    expect(stepProgress(jobOf(running.slice(0, 3)), titleOf).words).toBe('Step 2 of 3: Stop the old primary')
    expect(stepProgress(jobOf([]), titleOf).words).toBe('Waiting; 3 steps')
    const failed = [...running, { kind: 'closed', outcome: 'failed', because: 'No.' } as JournalEntry]
    expect(stepProgress(jobOf(failed), titleOf).words).toBe('1 of 3 steps done')
    const leftOut = { kind: 'left-out', step: 'stop', word: 'not-possible', because: 'Its host does not answer.' } as JournalEntry
    const done = [
      opened,
      finished('pause'),
      leftOut,
      finished('promote'),
      { kind: 'closed', outcome: 'done', because: null } as JournalEntry,
    ]
    expect(stepProgress(jobOf(done), titleOf).words).toBe('2 of 3 steps done, 1 not applicable')
  })

  test('stands at the step that still runs, though one beside it has failed; once none runs, at that one', () => {
    const failed = { kind: 'failed', step: 'stop', code: 'shell.failed', because: 'No.', certainty: 'unknown' } as JournalEntry
    const beside = [...running, intended('promote'), failed]
    expect(stepProgress(jobOf(beside), titleOf).words).toBe('Step 3 of 3: Promote standby')
    expect(stepProgress(jobOf([...beside, finished('promote')]), titleOf).words).toBe('Step 2 of 3: Stop the old primary')
  })

  test('lists its steps down the page with state, duration, what each does and what the running one last said', () => {
    const page = shown(running)
    const steps = page.match(/<li .*?<\/li>/g)!
    expect(steps).toHaveLength(3)
    expect(steps[0]).toMatch(/done.*1\. Pause clients.*Pause the poolers of prod-orders\..*1 s/)
    expect(steps[1]).toMatch(/aria-current="step".*running.*2\. Stop the old primary.*3 of 7 clients are gone/)
    expect(steps[2]).toMatch(/waiting.*3\. Promote standby/)
    expect(steps[2]).not.toContain('Promote b.')
  })

  test('has no table and no log of its own', () => {
    const page = shown(running)
    expect(page).not.toContain('<table')
    expect(page).not.toContain('role="log"')
  })
})
