import type { FleetFacts } from '@/lib/domain/problems/fleet'
import { fleetProblems } from '@/lib/domain/problems/judge'
import type { Problem, ProblemItem, ProblemKind, ProblemOf, Subjects } from '@/lib/domain/problems/problem'
import { auditBroken, auditUnkept, auditUnwatched } from './audit'
import { guessing, guessingFactor } from './guessing'
import { foreign, healthCritical, managerPaused, noPrimary, splitBrain, twoManagers } from './herds'
import { instanceWords } from './instances'
import { poolerWords } from './poolers'
import { replicationWords } from './replication'
import { serverWords } from './servers'
import { addressesOf, type Context, type PathOf, type ShownProblem, type Words } from './shown'
import { stackWords } from './stacks'
import { approval, attention, expiring, inbox, nameWrong, noWorker, scheduledSkipped, subscriptionFailing } from './work'

const wordsOf: { [Kind in ProblemKind]: Words<Kind> } = {
  'no-worker': noWorker,
  'split-brain': splitBrain,
  'no-primary': noPrimary,
  foreign,
  'two-managers': twoManagers,
  'manager-paused': managerPaused,
  attention,
  ...serverWords,
  ...instanceWords,
  'name-wrong': nameWrong,
  'health-critical': healthCritical,
  ...stackWords,
  ...poolerWords,
  ...replicationWords,
  'scheduled-skipped': scheduledSkipped,
  approval,
  'subscription-failing': subscriptionFailing,
  'audit-broken': auditBroken,
  'audit-unkept': auditUnkept,
  'audit-unwatched': auditUnwatched,
  'guessing-factor': guessingFactor,
  guessing,
  expiring,
  inbox,
}

const shown = <Kind extends ProblemKind>(problem: ProblemOf<Kind>, words: Words<Kind>, context: Context): ShownProblem => {
  const { kind, severity, items, total } = problem
  const next = words.next?.(total, items, context.addresses)
  const itemOf = ({ key, environmentId, subject }: ProblemItem<(typeof items)[number]['subject']>) => ({
    key,
    environmentId,
    ...words.item(subject, context),
  })
  return {
    kind,
    severity,
    total,
    title: words.title(total, items),
    href: words.list?.(context.addresses) ?? null,
    items: words.isCountOnly ? [] : items.map(itemOf),
    ...(next && { next }),
  }
}

/** One item in its words. */
export const itemWords = <Kind extends ProblemKind>(kind: Kind, subject: Subjects[Kind], context: Context) =>
  (wordsOf[kind] as Words<Kind>).item(subject, context)

export const utc = (at: string): string => `${at.slice(0, 19).replace('T', ' ')} UTC`

/** What needs attention, worst first, in words and with addresses: the same for pages, the wall display and API clients. */
export const presentProblems = (facts: FleetFacts, pathOf: PathOf, clock: Context['clock'] = utc): ShownProblem[] => {
  const context = { addresses: addressesOf(pathOf), at: facts.at, clock }
  return fleetProblems(facts).map((problem: Problem) =>
    shown(problem as ProblemOf<ProblemKind>, wordsOf[problem.kind] as Words<ProblemKind>, context),
  )
}
