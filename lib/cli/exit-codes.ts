const meanings = [
  ['done', 'done'],
  ['failed', 'failed, or the console did not answer'],
  ['usage', 'wrong usage'],
  ['attention', 'a job needs attention'],
  ['refused', 'refused by a check'],
  ['changed', 'the plan has changed since it was read'],
  ['locked', 'somebody else holds the lock of the herd'],
  ['command', 'the command run under the lock failed'],
  ['unproven', 'the certificate is valid, but does not prove that no logged commit is lost, or its key was not compared'],
] as const

type Outcome = (typeof meanings)[number][0]

/** What a shell script may test for. Each number means the same for every command; a number is never given a second meaning. */
export const exitCodes = Object.fromEntries(meanings.map(([outcome], code) => [outcome, code])) as Readonly<Record<Outcome, number>>

/** What each code means, by number; the help and the README show it. */
export const exitCodeMeanings: readonly string[] = meanings.map(([, words]) => words)
