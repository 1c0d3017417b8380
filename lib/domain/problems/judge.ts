import type { FleetFacts, FleetGuessing, FleetHerd, Trouble } from './fleet'
import type { Problem, ProblemItem, ProblemKind, ProblemOf, Severity, Subjects } from './problem'

/** Two online primaries of one system identifier: both take writes into what was one history. */
export const isSplit = (herd: FleetHerd): boolean => herd.primaries > Math.max(1, herd.primaryIdentifiers)
/** A member that nobody has looked at yet may be the primary, unless one was seen that is not it any more. */
const mayBeAwaited = (herd: FleetHerd): boolean => herd.awaited > 0 && herd.lostAt === null
export const hasNoPrimary = (herd: FleetHerd): boolean =>
  herd.members > 0 && herd.primaries === 0 && herd.isStopped !== true && !mayBeAwaited(herd)

const severities: Readonly<Record<ProblemKind, Severity>> = {
  'no-worker': 0,
  'split-brain': 0,
  'no-primary': 0,
  attention: 0,
  foreign: 1,
  'two-managers': 1,
  'manager-paused': 2,
  'server-host-key-changed': 1,
  'server-machine-changed': 1,
  'server-unreachable': 1,
  'server-agent-silent': 3,
  down: 1,
  unreachable: 1,
  refused: 1,
  'not-streaming': 1,
  'replay-paused': 2,
  lagging: 2,
  stale: 2,
  'pending-restart': 3,
  'name-wrong': 0,
  'health-critical': 1,
  'stack-drift': 2,
  'stack-ending': 2,
  'stack-ended': 1,
  'pooler-paused': 0,
  'pooler-stale': 0,
  'pooler-down': 1,
  forked: 1,
  orphaned: 1,
  replaced: 1,
  twice: 2,
  'idle-slot': 2,
  'scheduled-skipped': 2,
  approval: 2,
  'subscription-failing': 1,
  'audit-broken': 0,
  'audit-unkept': 1,
  'audit-unwatched': 1,
  'guessing-factor': 0,
  guessing: 2,
  expiring: 3,
  inbox: 3,
}

const serverTroubles = ['host-key-changed', 'machine-changed', 'unreachable', 'agent-silent'] as const
const instanceTroubles = [
  'down',
  'unreachable',
  'refused',
  'not-streaming',
  'replay-paused',
  'lagging',
  'stale',
  'pending-restart',
] as const
const stackTroubles = ['ended', 'ending', 'drift'] as const
const poolerTroubles = ['paused', 'stale', 'down'] as const
const replicationTroubles = ['forked', 'orphaned', 'replaced', 'twice', 'idle-slot'] as const

const auditTroubles = ['broken', 'unkept', 'unwatched'] as const

const itemOf = <Subject extends { id: string; environmentId: string | null }>(subject: Subject): ProblemItem<Subject> => ({
  key: subject.id,
  environmentId: subject.environmentId,
  subject,
})

const problem = <Kind extends ProblemKind>(
  kind: Kind,
  items: readonly ProblemItem<Subjects[Kind]>[],
  total = items.length,
): ProblemOf<Kind> => ({ kind, severity: severities[kind], items, total })

const guessed = (subject: FleetGuessing): ProblemItem<FleetGuessing> => ({ key: subject.id, environmentId: null, subject })

/** Of facts that carry their own count: those listed, with the count of all. */
const counted = <Kind extends ProblemKind, Subject extends Subjects[Kind] & { total: number }>(
  kind: Kind,
  found: readonly Subject[],
  item: (subject: Subject) => ProblemItem<Subjects[Kind]>,
): ProblemOf<Kind> => problem(kind, found.map(item), found[0]?.total ?? 0)

/** What needs attention, worst first, each kind once; empty: nothing does. */
export const fleetProblems = (facts: FleetFacts): Problem[] => {
  const { herds, discovered } = facts
  const found = discovered.hosts + discovered.instances + discovered.poolers
  const problems = [
    problem('no-worker', facts.workers === 0 && herds.length > 0 ? [{ key: 'w', environmentId: null, subject: null }] : []),
    problem('split-brain', herds.filter(isSplit).map(itemOf)),
    problem('no-primary', herds.filter(hasNoPrimary).map(itemOf)),
    problem(
      'attention',
      facts.attention.map((subject) => ({ key: subject.jobId, environmentId: subject.environmentId, subject })),
    ),
    problem('foreign', herds.filter((herd) => herd.primaries > 1 && !isSplit(herd)).map(itemOf)),
    problem('two-managers', herds.filter(({ isContested }) => isContested).map(itemOf)),
    problem('manager-paused', herds.filter(({ isPaused }) => isPaused).map(itemOf)),
    ...serverTroubles.map((trouble) =>
      counted(
        `server-${trouble}`,
        facts.servers.filter((one) => one.trouble === trouble),
        itemOf,
      ),
    ),
    ...instanceTroubles.map((trouble) =>
      counted(
        trouble,
        facts.instances.filter((one) => one.trouble === trouble),
        itemOf,
      ),
    ),
    counted('name-wrong', facts.names, itemOf),
    counted('health-critical', facts.health, (one) => ({ ...itemOf(one), key: `${one.id} ${one.kind}` })),
    ...stackTroubles.map((trouble) =>
      counted(
        `stack-${trouble}`,
        facts.stacks.filter((one) => one.trouble === trouble),
        itemOf,
      ),
    ),
    ...poolerTroubles.map((trouble) =>
      counted(
        `pooler-${trouble}`,
        facts.poolers.filter((one) => one.trouble === trouble),
        itemOf,
      ),
    ),
    ...replicationTroubles.map((trouble) =>
      counted(
        trouble,
        facts.replication.filter((one) => one.trouble === trouble),
        (one) => ({ ...itemOf(one), key: `${one.id} ${one.other ?? ''}` }),
      ),
    ),
    problem(
      'scheduled-skipped',
      facts.scheduled
        .filter(({ state }) => state !== 'waiting')
        .map((subject) => ({ key: subject.id, environmentId: subject.environmentIds[0] ?? null, subject })),
    ),
    problem(
      'approval',
      facts.approvals
        .filter((plan) => !plan.isOwn)
        .map((subject) => ({ key: subject.planId, environmentId: subject.environmentIds[0] ?? null, subject })),
    ),
    ...auditTroubles.map((trouble) =>
      problem(
        `audit-${trouble}`,
        facts.audit.filter((one) => one.trouble === trouble).map((subject) => ({ key: subject.id, environmentId: null, subject })),
      ),
    ),
    problem('guessing-factor', facts.guessing.filter(({ guessed }) => guessed === 'factor').map(guessed)),
    problem('guessing', facts.guessing.filter(({ guessed }) => guessed !== 'factor').map(guessed)),
    problem('subscription-failing', facts.failingSubscriptions.map(itemOf)),
    problem(
      'expiring',
      facts.expiring.map((subject) => ({ key: subject.id, environmentId: null, subject })),
    ),
    { ...problem('inbox', [{ key: 'inbox', environmentId: null, subject: discovered }]), total: found },
  ] as Problem[]
  return problems.filter(({ total }) => total > 0).sort((a, b) => a.severity - b.severity)
}

/** The tone of a herd's tile: its worst problem, by the same order. */
export const herdSeverity = (herd: FleetHerd): Severity | null => {
  if (isSplit(herd) || hasNoPrimary(herd)) return 0
  const found = (Object.keys(herd.troubles) as Trouble[]).map((trouble) => severities[trouble])
  if (herd.primaries > 1) found.push(1)
  if (herd.isHealthCritical) found.push(severities['health-critical'])
  return found.length === 0 ? null : (Math.min(...found) as Severity)
}
