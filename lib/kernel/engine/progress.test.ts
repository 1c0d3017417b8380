import { expect, test } from 'vitest'
import { advance, mayHaveHappened, newProgress, stepOf } from './progress'

test('the first intent wins, whatever comes after it', () => {
  const progress = newProgress()
  advance(progress, { kind: 'intended', step: 'one', before: 'first' })
  advance(progress, { kind: 'intended', step: 'one', before: 'second' })
  expect(stepOf(progress, 'one').intended).toEqual({ before: 'first' })
})

test('a step that was begun may have happened until it is proven that it did not', () => {
  const progress = newProgress()
  const happened = () => mayHaveHappened(stepOf(progress, 'one'))
  const before = happened()
  advance(progress, { kind: 'intended', step: 'one', before: null })
  const begun = happened()
  advance(progress, { kind: 'failed', step: 'one', code: 'shell.failed', because: 'no', certainty: 'did-not-happen' })
  expect([before, begun, happened()]).toEqual([false, true, false])
})

test('a decision on a stuck undo keeps the way back; on a stuck step it turns the job forward', () => {
  const turnedAfter = (during: 'step' | 'undo') => {
    const progress = newProgress()
    advance(progress, { kind: 'failed', step: 'one', code: 'shell.failed', because: 'no', certainty: 'unknown' })
    advance(progress, { kind: 'attention', during, because: 'no', known: [], unknown: [], question: '?' })
    advance(progress, { kind: 'decided', decision: 'resume', by: 'ada' })
    return progress.turned?.outcome ?? null
  }
  expect([turnedAfter('undo'), turnedAfter('step')]).toEqual(['failed', null])
})
