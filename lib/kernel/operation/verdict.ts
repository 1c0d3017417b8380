import { leftOutWords } from '../ground/left-out'
import type { PlannedEffect, Verdict } from './plan'

export const pass: Verdict = { verdict: 'pass' }
export const passBecause = (because: string): Verdict => ({ verdict: 'pass', because })
export const warn = (because: string): Verdict => ({ verdict: 'warn', because })
/** The gate could not look; `because` says why. */
export const unknown = (because: string): Verdict => ({ verdict: 'unknown', because })
export const refuse = (because: string): Verdict => ({ verdict: 'refuse', because })

/** As a person reads them. */
export const verdictWords: Readonly<Record<Verdict['verdict'], string>> = {
  pass: 'pass',
  warn: 'warning',
  unknown: 'not known',
  refuse: 'refused',
}

/** What becomes of a planned step, as a person reads it. */
export const effectWords: Readonly<Record<PlannedEffect['state'], string>> = {
  'will-run': 'will run',
  'already-so': 'already done',
  blocked: 'blocked',
  ...leftOutWords,
}

const order: readonly Verdict['verdict'][] = ['refuse', 'warn', 'unknown', 'pass']

/** pass, when there is none. */
export const worstVerdict = (verdicts: readonly Pick<Verdict, 'verdict'>[]): Verdict['verdict'] =>
  order.find((one) => verdicts.some(({ verdict }) => verdict === one)) ?? 'pass'
