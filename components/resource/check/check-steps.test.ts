import { expect, test } from 'vitest'
import type { JournalLine } from '@/lib/kernel/ground/journal'
import { fingerprintIn, outcomeOf, type ShownStep, stepsOf } from './check-steps'

const line = (text: string): JournalLine => ({ kind: 'note', step: 'check', stream: 'info', text, seq: 1, at: '2026-01-01T00:00:00Z' })

test('the steps of a check are read from its journal in order, and a step told again counts once', () => {
  const steps = stepsOf([
    line('Reachable: pass. 198.18.0.1:22 answers with SSH.'),
    { kind: 'intended', step: 'check', before: null, seq: 2, at: '2026-01-01T00:00:00Z' },
    line('Host key: warn. No key is pinned yet: compare it.'),
    line('Host key: pass. The host shows its pinned key.'),
    line('just words'),
  ])
  expect(steps).toEqual([
    { title: 'Reachable', verdict: 'pass', because: '198.18.0.1:22 answers with SSH.' },
    { title: 'Host key', verdict: 'pass', because: 'The host shows its pinned key.' },
  ])
})

test('a fingerprint is found in a sentence, and nothing that only looks like one', () => {
  const key = `SHA256:${'a/B+'.repeat(10)}abc`
  expect(fingerprintIn(`The host shows ssh-ed25519 ${key}. Compare it.`)).toBe(key)
  expect(fingerprintIn('SHA256:short')).toBeNull()
})

test('the worst step says what became of a check', () => {
  const step = (verdict: ShownStep['verdict']): ShownStep => ({ title: verdict, verdict, because: '' })
  expect(outcomeOf([step('pass'), step('fail'), step('skipped')], 'server')).toBe(
    'The check failed at 1 step. The server is saved all the same.',
  )
  expect(outcomeOf([step('warn'), step('skipped')], 'zone')).toContain('Not finished: 1 step waits')
  expect(outcomeOf([step('pass'), step('warn')], 'server')).toBe('Passed, with warnings.')
  expect(outcomeOf([step('pass')], 'server')).toBe('Everything passed.')
})
