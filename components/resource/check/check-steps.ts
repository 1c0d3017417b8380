import type { Tone } from '@/lib/kernel/field'
import type { JournalLine } from '@/lib/kernel/journal'

export interface ShownStep {
  title: string
  verdict: 'pass' | 'warn' | 'fail' | 'skipped'
  because: string
}

export const verdictLooks: Record<ShownStep['verdict'], { tone: Tone; word: string }> = {
  pass: { tone: 'good', word: 'pass' },
  warn: { tone: 'warn', word: 'warn' },
  fail: { tone: 'bad', word: 'fail' },
  skipped: { tone: 'neutral', word: 'skipped' },
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
