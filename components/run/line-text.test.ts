import { expect, test } from 'vitest'
import type { JournalEntry } from '@/lib/kernel/ground/journal'
import { lineText } from './line-text'

const said = (entry: JournalEntry) => {
  const { text, tone } = lineText({ ...entry, seq: 1, at: '2026-01-01T00:00:00Z' }, (step) => step)
  return [tone, text]
}

test('the log says already so only of what is so, and of the rest that nobody asked for it, that it is not needed, or why it is not possible', () => {
  expect(said({ kind: 'finished', step: 'Stop', output: null, ours: false, tookMs: 0 })).toEqual([
    'neutral',
    'Stop: already done, nothing to do',
  ])
  expect(said({ kind: 'left-out', step: 'Canary', word: 'not-asked', because: 'No canary.' })).toEqual([
    'neutral',
    'Canary: not asked for: No canary.',
  ])
  expect(said({ kind: 'left-out', step: 'Fence', word: 'not-possible', because: 'Its host is off.' })).toEqual([
    'neutral',
    'Fence: not possible: Its host is off.',
  ])
  expect(said({ kind: 'gate', step: 'Extensions', verdict: 'unknown', because: 'It could not look.' })).toEqual([
    'neutral',
    'Check “Extensions”: not known: It could not look.',
  ])
})
