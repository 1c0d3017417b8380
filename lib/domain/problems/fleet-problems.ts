import { formatBytes } from '../values/bytes'
import { formatDuration } from '../values/duration'
import { expiresWithinDays, type FleetFacts, type FleetHerd, type Trouble, type TroubledInstance, type TroubledServer } from './fleet'
import { nameProblem } from './names'
import { poolerProblems } from './poolers'
import { replicationProblems } from './replication'
import { scheduledProblem } from './scheduled'

/** 0: somebody may be losing data or service now. 1: something is broken. 2: something will break, or is not known. 3: worth knowing. */
export type Severity = 0 | 1 | 2 | 3

export interface ProblemItem {
  key: string
  label: string
  href: string
  environmentId: string | null
  /** What is wrong with this one, in words. */
  detail: string
  /** ISO time of the observation it rests on; null: none. */
  at: string | null
  /** What a person would do about it. */
  next?: { label: string; href: string }
}

export interface Problem {
  kind: string
  severity: Severity
  title: string
  items: ProblemItem[]
  /** How many there are, those not listed included. */
  total: number
  /** All of them as a list; null: the items are all. */
  href: string | null
  /** What a person would do about all of them at once. */
  next?: { label: string; href: string }
}

const counted = (count: number, one: string, many: string) => `${count} ${count === 1 ? one : many}`

const herdItem = (herd: FleetHerd, detail: string): ProblemItem => ({
  key: herd.id,
  label: herd.name,
  href: `/herds/${herd.id}`,
  environmentId: herd.environmentId,
  detail,
  at: null,
})

/** Which one gives way is for a person to say; its herd’s page shows both and demotes either. */
const nextOfSplit = (herd: FleetHerd) => ({ label: 'Choose which to demote', href: `/herds/${herd.id}` })

/** Two online primaries of one system identifier: both take writes into what was one history. */
export const isSplit = (herd: FleetHerd): boolean => herd.primaries > Math.max(1, herd.primaryIdentifiers)
export const hasNoPrimary = (herd: FleetHerd): boolean => herd.members > 0 && herd.primaries === 0

const noPrimaryDetail = (herd: FleetHerd): string =>
  herd.unseen > 0
    ? `${herd.unseen} of ${counted(herd.members, 'member', 'members')} cannot be looked at, so whether one is writable is not known`
    : `${herd.online} of ${counted(herd.members, 'member', 'members')} online, none of them a primary`

const troubleKinds: Record<Trouble, { severity: Severity; title: (count: number) => string; href: string }> = {
  down: {
    severity: 1,
    title: (count) => `${counted(count, 'instance is', 'instances are')} down`,
    href: '/instances?state=stopped,crashed,absent',
  },
  unreachable: {
    severity: 1,
    title: (count) => `${counted(count, 'instance', 'instances')} on hosts that do not answer: state not known`,
    href: '/instances?state=unreachable',
  },
  refused: {
    severity: 1,
    title: (count) => `${counted(count, 'instance refuses', 'instances refuse')} the console’s login`,
    href: '/instances?state=refused',
  },
  'not-streaming': {
    severity: 1,
    title: (count) => `${counted(count, 'standby does', 'standbys do')} not stream`,
    href: '/instances?role=standby&state=online&syncState=isnull',
  },
  lagging: {
    severity: 2,
    title: (count) => `${counted(count, 'standby lags', 'standbys lag')} far behind`,
    href: '/instances?role=standby&sort=-lagBytes',
  },
  stale: {
    severity: 2,
    title: (count) => `Facts of ${counted(count, 'instance', 'instances')} have gone stale`,
    href: '/instances?sort=observedAt',
  },
  'pending-restart': {
    severity: 3,
    title: (count) => `${counted(count, 'instance has', 'instances have')} settings that wait for a restart`,
    href: '/instances?hasPendingRestart=true',
  },
}

const instanceDetail = (instance: TroubledInstance): string => {
  if (instance.trouble === 'lagging') {
    const lag = [
      instance.lagBytes === null ? null : formatBytes(instance.lagBytes),
      instance.lagSeconds === null ? null : formatDuration(instance.lagSeconds),
    ]
    return `${lag.filter((part) => part !== null).join(', ')} behind`
  }
  if (instance.trouble === 'stale' && instance.observedAt === null) return 'never observed'
  if (instance.trouble === 'stale') return `last seen ${instance.state}`
  return instance.because ?? instance.state
}

const serverKinds: Record<TroubledServer['trouble'], { severity: Severity; title: (count: number) => string; href: string }> = {
  'host-key-changed': {
    severity: 1,
    title: (count) => `${counted(count, 'server shows', 'servers show')} another host key than the pinned one`,
    href: '/servers?hostKeyOffered=notnull',
  },
  unreachable: {
    severity: 1,
    title: (count) => `${counted(count, 'server does', 'servers do')} not answer over SSH`,
    href: '/servers?state=unreachable,refused',
  },
  'agent-silent': {
    severity: 3,
    title: (count) => `The agents of ${counted(count, 'server', 'servers')} have gone silent`,
    href: '/servers?sort=agentSeenAt',
  },
}

const serverDetail: Record<TroubledServer['trouble'], string> = {
  'host-key-changed': 'everything on it is refused until a person accepts the new key',
  unreachable: 'does not answer',
  'agent-silent': 'its agent used to report',
}

/** What needs a person, worst first; empty: nothing does. */
export const fleetProblems = (facts: FleetFacts): Problem[] => {
  const problems: Problem[] = []
  const add = (problem: Problem) => {
    if (problem.total > 0) problems.push(problem)
  }
  const herds = (
    kind: string,
    severity: Severity,
    found: FleetHerd[],
    title: string,
    detail: (herd: FleetHerd) => string,
    next?: (herd: FleetHerd) => ProblemItem['next'],
  ) =>
    add({
      kind,
      severity,
      title,
      total: found.length,
      href: null,
      items: found.map((herd) => ({ ...herdItem(herd, detail(herd)), ...(next ? { next: next(herd) } : {}) })),
    })

  if (facts.workers === 0 && facts.herds.length > 0)
    add({
      kind: 'no-worker',
      severity: 0,
      title: 'No worker is running: nothing is observed and nothing can be done',
      total: 1,
      href: null,
      items: [{ key: 'w', label: 'Workers', href: '/settings', environmentId: null, detail: 'none seen in the last 30 s', at: null }],
    })
  const split = facts.herds.filter(isSplit)
  herds(
    'split-brain',
    0,
    split,
    `Split brain in ${counted(split.length, 'herd', 'herds')}`,
    (herd) => `${herd.primaries} primaries take writes`,
    nextOfSplit,
  )
  const headless = facts.herds.filter(hasNoPrimary)
  herds('no-primary', 0, headless, `${counted(headless.length, 'herd has', 'herds have')} no writable primary`, noPrimaryDetail)
  add({
    kind: 'attention',
    severity: 0,
    title: `${counted(facts.attention.length, 'job needs', 'jobs need')} a decision`,
    total: facts.attention.length,
    href: '/runs?state=attention',
    items: facts.attention.map((job) => ({
      key: job.jobId,
      label: `${job.operation} ${job.title}`,
      href: `/runs/${job.runId}?job=${job.jobId}`,
      environmentId: job.environmentId,
      detail: job.because ?? '',
      at: job.since,
    })),
  })
  const mixed = facts.herds.filter((herd) => herd.primaries > 1 && !isSplit(herd))
  herds(
    'foreign',
    1,
    mixed,
    `${counted(mixed.length, 'herd holds', 'herds hold')} primaries of different systems`,
    (herd) => `${herd.primaries} primaries, ${herd.primaryIdentifiers} system identifiers`,
  )

  for (const trouble of Object.keys(serverKinds) as TroubledServer['trouble'][]) {
    const found = facts.servers.filter((server) => server.trouble === trouble)
    const total = found[0]?.total ?? 0
    add({
      kind: `server-${trouble}`,
      severity: serverKinds[trouble].severity,
      title: serverKinds[trouble].title(total),
      total,
      href: serverKinds[trouble].href,
      items: found.map((server) => ({
        key: server.id,
        label: server.hostname,
        href: `/servers/${server.id}`,
        environmentId: server.environmentId,
        detail: server.because ?? serverDetail[trouble],
        at: server.at,
      })),
    })
  }
  for (const trouble of Object.keys(troubleKinds) as Trouble[]) {
    const total = facts.herds.reduce((sum, herd) => sum + (herd.troubles[trouble] ?? 0), 0)
    add({
      kind: trouble,
      severity: troubleKinds[trouble].severity,
      title: troubleKinds[trouble].title(total),
      total,
      href: troubleKinds[trouble].href,
      items: facts.instances
        .filter((instance) => instance.trouble === trouble)
        .map((instance) => ({
          key: instance.id,
          label: instance.title,
          href: `/instances/${instance.id}`,
          environmentId: instance.environmentId,
          detail: instanceDetail(instance),
          at: instance.observedAt,
        })),
    })
  }
  add(nameProblem(facts.names))
  for (const problem of poolerProblems(facts.poolers, facts.at)) add(problem)
  for (const problem of replicationProblems(facts.replication)) add(problem)
  add(scheduledProblem(facts.scheduled))
  const waiting = facts.approvals.filter((plan) => !plan.isOwn)
  add({
    kind: 'approval',
    severity: 2,
    title: `${counted(waiting.length, 'plan waits', 'plans wait')} for a second person`,
    total: waiting.length,
    href: null,
    items: waiting.map((plan) => ({
      key: plan.planId,
      label: `${plan.title}: ${plan.eligible}`,
      href: `/${plan.resource}s/run/${plan.operation}?plan=${plan.planId}`,
      environmentId: plan.environmentIds[0] ?? null,
      detail: `asked for by ${plan.actorName}`,
      at: plan.at,
    })),
  })
  add({
    kind: 'expiring',
    severity: 3,
    title: `${counted(facts.expiring.length, 'token or key expires', 'tokens or keys expire')} within ${expiresWithinDays} days`,
    total: facts.expiring.length,
    href: null,
    items: facts.expiring.map((one) => ({
      key: one.id,
      label: one.name,
      href: one.kind === 'token' ? `/tokens/${one.id}` : `/enrolment-keys/${one.id}`,
      environmentId: null,
      detail: one.kind === 'token' ? 'API token' : 'enrolment key',
      at: one.expiresAt,
    })),
  })
  const { hosts: newHosts, instances: newInstances, poolers: newPoolers } = facts.discovered
  const found = newHosts + newInstances + newPoolers
  add({
    kind: 'inbox',
    severity: 3,
    title: `${[
      ...(newHosts > 0 ? [counted(newHosts, 'host', 'hosts')] : []),
      ...(newInstances > 0 ? [counted(newInstances, 'instance', 'instances')] : []),
      ...(newPoolers > 0 ? [counted(newPoolers, 'pooler', 'poolers')] : []),
    ].join(' and ')} ${found === 1 ? 'waits' : 'wait'} in the discovery inbox`,
    total: found,
    href: '/discovery',
    items: [],
  })
  return problems.sort((a, b) => a.severity - b.severity)
}

/** The tone of a herd's tile: its worst problem, by the same order. */
export const herdSeverity = (herd: FleetHerd): Severity | null => {
  if (isSplit(herd) || hasNoPrimary(herd)) return 0
  const found = (Object.keys(herd.troubles) as Trouble[]).map((trouble) => troubleKinds[trouble].severity)
  if (herd.primaries > 1) found.push(1)
  return found.length === 0 ? null : (Math.min(...found) as Severity)
}
