import { familyOf, type Trouble } from '@/lib/domain/notifications/trouble'
import type { FleetFacts } from '@/lib/domain/problems/fleet'
import { fleetProblems } from '@/lib/domain/problems/judge'
import type { Problem, ProblemItem, ProblemKind } from '@/lib/domain/problems/problem'
import { itemWords, utc } from './present'
import { addressesOf, type PathOf } from './shown'

/** One trouble in a message: the front page’s headings are of many. */
const headlines: Readonly<Record<ProblemKind, string>> = {
  'no-worker': 'No worker is running',
  'split-brain': 'Split brain',
  'no-primary': 'No writable primary',
  foreign: 'Primaries of different systems',
  'two-managers': 'More than one manager decides over a herd',
  'manager-paused': 'Patroni is paused, nothing fails over',
  attention: 'A job needs a decision',
  'server-host-key-changed': 'Another host key than the pinned one',
  'server-machine-changed': 'Another machine on a server',
  'server-unreachable': 'Server does not answer over SSH',
  'server-agent-silent': 'Agent has gone silent',
  down: 'Instance is down',
  unreachable: 'Instance cannot be reached, state not known',
  refused: 'Instance refuses the console’s login',
  'not-streaming': 'Standby does not stream',
  'replay-paused': 'Replay is paused',
  lagging: 'Standby lags far behind',
  stale: 'Facts are stale',
  'pending-restart': 'Settings pending a restart',
  'name-wrong': 'DNS name points to the wrong server',
  'health-critical': 'A health check found something critical',
  'stack-drift': 'Built cluster is not as declared',
  'stack-ending': 'TLS certificates of a built cluster end soon',
  'stack-ended': 'TLS certificates of a built cluster have ended',
  'pooler-paused': 'Pooler is paused, clients wait',
  'pooler-stale': 'Pooler does not point to the primary',
  'pooler-down': 'Pooler cannot be used or seen',
  forked: 'Standby is on another timeline than the primary',
  orphaned: 'Standby has no upstream to follow',
  replaced: 'Former primary must not start as primary',
  twice: 'Server is registered under two names',
  'idle-slot': 'WAL is kept for inactive slots',
  'scheduled-skipped': 'Scheduled run was skipped, whole or in part',
  approval: 'A plan needs approval by a second person',
  'subscription-failing': 'A subscription does not deliver',
  'audit-broken': 'Audit log is not the one that was signed',
  'audit-unkept': 'Checkpoints of the audit log cannot be kept',
  'audit-unwatched': 'No worker verifies the audit log',
  'guessing-factor': 'Somebody guesses a second factor or a fresh proof',
  guessing: 'Somebody guesses passwords or tokens',
  expiring: 'A token or key expires',
  inbox: 'Something waits in the discovery inbox',
}

/** Their reasons may quote what a job did, statements included: messages leave the console, and say where to read it. */
const detailsLeftOut: Partial<Record<ProblemKind, string>> = {
  attention: 'It has stopped. Read why on its page, then resume or abandon it.',
  'scheduled-skipped': 'Read on its page why.',
}
const detailMax = 500

const environmentsOf = (item: ProblemItem<unknown>): string[] => {
  const subject = item.subject as { environmentIds?: readonly string[] } | null
  if (subject?.environmentIds) return [...subject.environmentIds].sort()
  return item.environmentId === null ? [] : [item.environmentId]
}

/** Everything that subscriptions may be told of, one by one, in words and with addresses. */
export const presentTroubles = (facts: FleetFacts, pathOf: PathOf): Trouble[] => {
  const context = { addresses: addressesOf(pathOf), at: facts.at, clock: utc }
  return fleetProblems(facts).flatMap((problem: Problem) =>
    familyOf(problem.kind) === null
      ? []
      : problem.items.map((item): Trouble => {
          const { label, href, detail, since, next } = itemWords(problem.kind, item.subject as never, context)
          return {
            kind: problem.kind,
            key: item.key,
            environmentIds: environmentsOf(item),
            severity: problem.severity,
            headline: headlines[problem.kind],
            label,
            detail: (detailsLeftOut[problem.kind] ?? detail).slice(0, detailMax),
            href,
            remedy: next ?? null,
            since,
          }
        }),
  )
}
