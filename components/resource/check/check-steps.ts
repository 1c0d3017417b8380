import type { JournalLine } from '@/lib/kernel/ground/journal'
import type { Tone } from '@/lib/kernel/resource/field'

export interface ShownStep {
  title: string
  verdict: 'pass' | 'warn' | 'fail' | 'skipped'
  because: string
}

/** A check that ended before this page was opened. */
export interface LastCheck {
  /** ISO time. */
  at: string
  steps: readonly ShownStep[]
}

export const verdictLooks: Record<ShownStep['verdict'], { tone: Tone; word: string }> = {
  pass: { tone: 'good', word: 'pass' },
  warn: { tone: 'warn', word: 'warn' },
  fail: { tone: 'bad', word: 'fail' },
  skipped: { tone: 'neutral', word: 'skipped' },
}

/** What became of a check, in one sentence. */
export const outcomeOf = (steps: readonly ShownStep[], noun: string): string => {
  const count = (verdict: ShownStep['verdict']) => steps.filter((step) => step.verdict === verdict).length
  const [failed, warned, skipped] = [count('fail'), count('warn'), count('skipped')]
  if (failed > 0) return `The check failed at ${failed} ${failed === 1 ? 'step' : 'steps'}. The ${noun} is saved all the same.`
  if (skipped > 0)
    return `Not finished: ${skipped} ${skipped === 1 ? 'step waits' : 'steps wait'} for one above. The ${noun} is saved all the same.`
  return warned > 0 ? 'Passed, with warnings.' : 'Everything passed.'
}

const note = /^(.+?): (pass|warn|fail|skipped)\. (.*)$/s

/** The steps of a server check as its journal tells them, in order; a resumed check tells a step twice, and the last word counts. */
export const stepsOf = (lines: readonly JournalLine[]): ShownStep[] => {
  const steps = new Map<string, ShownStep>()
  for (const line of lines) {
    const parts = line.kind === 'note' ? note.exec(line.text) : null
    if (parts) steps.set(parts[1]!, { title: parts[1]!, verdict: parts[2] as ShownStep['verdict'], because: parts[3]! })
  }
  return [...steps.values()]
}

/** The fingerprint a step names, as OpenSSH writes it; null: none. */
export const fingerprintIn = (text: string): string | null => /SHA256:[A-Za-z0-9+/]{43}/.exec(text)?.[0] ?? null
