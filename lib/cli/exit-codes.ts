import { UsageError } from './args'
import { NoAnswer, Refusal } from './client'

const meanings = [
  ['done', 'done'],
  ['failed', 'failed'],
  ['usage', 'wrong usage'],
  ['attention', 'a job needs attention'],
  ['refused', 'refused by a check'],
  ['changed', 'the plan has changed since it was read'],
  ['locked', 'somebody else holds the lock of the herd'],
  ['command', 'the command run under the lock failed'],
  ['unproven', 'the certificate is valid, but does not prove that no logged commit is lost, or its key was not compared'],
  ['unanswered', 'the console did not answer'],
  ['denied', 'the console refused it: not logged in, not allowed, not approved, or no such object'],
] as const

type Outcome = (typeof meanings)[number][0]

/** What a shell script may test for. Each number means the same for every command; a number is never given a second meaning. */
export const exitCodes = Object.fromEntries(meanings.map(([outcome], code) => [outcome, code])) as Readonly<Record<Outcome, number>>

/** Of problems that the shell must tell apart; every other one is `denied` when the caller could mend it, and `failed` when not. */
const byProblem: Readonly<Record<string, Outcome>> = {
  'plan.moved': 'changed',
  'plan.refused': 'refused',
  'plan.phrase': 'usage',
  'lock.held': 'locked',
  'call.missing': 'usage',
}

/** The code of a command that ended with this error. Throws what is no error of a command. */
export const codeOfError = (error: unknown): number => {
  if (error instanceof UsageError) return exitCodes.usage
  if (error instanceof NoAnswer) return exitCodes.unanswered
  if (!(error instanceof Refusal)) throw error
  const { code, status } = error.problem
  const outcome = byProblem[code] ?? (code.startsWith('input.') ? 'usage' : status >= 500 ? 'failed' : 'denied')
  return exitCodes[outcome]
}

/** What each code means, by number; the help and the README show it. */
export const exitCodeMeanings: readonly string[] = meanings.map(([, words]) => words)
