import { expiresWithinDays } from '@/lib/domain/problems/fleet'
import { counted } from '@/lib/domain/values/counted'
import type { Words } from './shown'

export const noWorker: Words<'no-worker'> = {
  title: () => 'No worker is running: nothing is observed and nothing can be done',
  item: () => ({ label: 'Workers', href: '/settings', detail: 'none seen in the last 30 s', since: null }),
}

export const attention: Words<'attention'> = {
  title: (count) => `${counted(count, 'job needs', 'jobs need')} a decision`,
  list: ({ list }) => list('run', 'state=attention'),
  item: (job, { addresses }) => ({
    label: `${job.operation} ${job.title}`,
    href: `${addresses.object('run', job.runId)}?job=${job.jobId}`,
    detail: job.because ?? '',
    since: job.since,
  }),
}

/** Names that send clients somewhere else than they should: writes fail there, or reach a server that nobody means. */
export const nameWrong: Words<'name-wrong'> = {
  title: (count) => `${counted(count, 'DNS name points', 'DNS names point')} to the wrong server`,
  list: ({ list }) => list('name', 'state=wrong'),
  item: (one, { addresses }) => ({
    label: one.name,
    href: addresses.object('name', one.id),
    detail: one.because ?? `the answer is ${one.answer ?? 'not known'}, and should be ${one.wanted ?? 'something else'}`,
    since: null,
    seenAt: one.seenAt,
    next: { label: 'Refresh', href: addresses.run('name', 'refresh-dns', { ids: one.id }) },
  }),
}

/** What somebody scheduled and counts on, and what did not run, or not on everything. */
export const scheduledSkipped: Words<'scheduled-skipped'> = {
  title: (count) => `${counted(count, 'scheduled run was', 'scheduled runs were')} skipped, whole or in part`,
  item: (one, { addresses }) => ({
    label: one.title,
    href: addresses.object('scheduled-run', one.id),
    detail: `scheduled by ${one.actorName}; ${one.state === 'skipped' ? 'nothing has run' : 'left out'}: ${one.because ?? 'no reason is known'}`,
    since: one.at,
  }),
}

export const approval: Words<'approval'> = {
  title: (count) => `${counted(count, 'plan needs', 'plans need')} approval by a second person`,
  item: (plan, { addresses }) => ({
    label: `${plan.title}: ${plan.eligible}`,
    href: addresses.run(plan.resource, plan.operation, { plan: plan.planId }),
    detail: `requested by ${plan.actorName}`,
    since: plan.at,
  }),
}

export const subscriptionFailing: Words<'subscription-failing'> = {
  title: (count) => `${counted(count, 'subscription of yours does', 'subscriptions of yours do')} not deliver`,
  item: (one, { addresses }) => ({
    label: one.name,
    href: addresses.object('subscription', one.id),
    detail: one.because ?? 'the last message was not taken',
    since: one.since,
  }),
}

const expiringWords = {
  token: 'API token',
  'enrolment-key': 'enrolment key',
  blueprint: 'launched herd: it is torn down then, unless it is prolonged or protected',
} as const

export const expiring: Words<'expiring'> = {
  title: (count, items) => {
    const herds = items.filter(({ subject }) => subject.kind === 'blueprint').length
    const parts = [
      ...(count > herds ? [counted(count - herds, 'token or key', 'tokens or keys')] : []),
      ...(herds > 0 ? [counted(herds, 'launched herd', 'launched herds')] : []),
    ]
    return `${parts.join(' and ')} ${count === 1 ? 'expires' : 'expire'} within ${expiresWithinDays} days`
  },
  item: (one, { addresses }) => ({
    label: one.name,
    href: addresses.object(one.kind, one.id),
    detail: expiringWords[one.kind],
    since: null,
    due: one.expiresAt,
  }),
}

export const inbox: Words<'inbox'> = {
  title: (total, items) => {
    const { hosts, instances, poolers } = items[0]!.subject
    const parts = [
      ...(hosts > 0 ? [counted(hosts, 'host', 'hosts')] : []),
      ...(instances > 0 ? [counted(instances, 'instance', 'instances')] : []),
      ...(poolers > 0 ? [counted(poolers, 'pooler', 'poolers')] : []),
    ]
    return `${parts.join(' and ')} ${total === 1 ? 'waits' : 'wait'} in the discovery inbox`
  },
  list: () => '/discovery',
  isCountOnly: true,
  item: () => ({ label: 'Discovery', href: '/discovery', detail: '', since: null }),
}
