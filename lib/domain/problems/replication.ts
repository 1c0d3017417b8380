import { formatBytes } from '../values/bytes'
import type { ReplicationTrouble, TroubledReplication } from './fleet'
import type { Problem, ProblemItem, Severity } from './fleet-problems'

const counted = (count: number, one: string, many: string) => `${count} ${count === 1 ? one : many}`

interface Kind {
  severity: Severity
  title: (count: number) => string
  detail: (one: TroubledReplication) => string
  next: (one: TroubledReplication) => ProblemItem['next']
}

const slotWords = ({ count, other }: TroubledReplication): string => {
  const slots = counted(count ?? 0, 'slot', 'slots')
  if (other === null) return slots
  return count === 1 ? `slot ${other}` : `${slots}, most by ${other}`
}

const runOn = (label: string, operation: string) => (one: TroubledReplication) => ({
  label,
  href: `/instances/run/${operation}?ids=${one.id}`,
})

const kinds: Record<ReplicationTrouble, Kind> = {
  forked: {
    severity: 1,
    title: (count) => `${counted(count, 'standby is', 'standbys are')} on another timeline than the primary`,
    detail: (one) => `on timeline ${one.timeline}; ${one.other} is on ${one.otherTimeline}`,
    next: runOn('Rebuild it', 'rebuild'),
  },
  orphaned: {
    severity: 1,
    title: (count) => `${counted(count, 'standby has', 'standbys have')} no upstream to follow`,
    detail: (one) =>
      one.other === null
        ? 'follows nobody'
        : one.otherState === null
          ? `follows ${one.other}, which is no member of its herd`
          : `follows ${one.other}, which is ${one.otherState}`,
    next: runOn('Repoint it', 'repoint'),
  },
  replaced: {
    severity: 1,
    title: (count) => `${counted(count, 'former primary', 'former primaries')} must not start as primary`,
    detail: (one) => one.other ?? 'another member was promoted in its stead',
    next: runOn('Let it rejoin', 'rejoin'),
  },
  twice: {
    severity: 2,
    title: (count) => `${counted(count, 'server is', 'servers are')} registered under two names`,
    detail: (one) => `it is the same server as ${one.other}`,
    next: (one) => ({ label: 'Remove one of them', href: `/instances/${one.id}/delete` }),
  },
  'idle-slot': {
    severity: 2,
    title: (count) => `${counted(count, 'instance keeps', 'instances keep')} WAL for slots that nobody reads`,
    detail: (one) => `${slotWords(one)}${one.bytes === null ? '' : `, ${formatBytes(one.bytes)} of WAL held back`}`,
    next: (one) =>
      one.other === null
        ? { label: 'Look at its slots', href: `/instances/${one.id}` }
        : { label: `Drop ${one.other}`, href: `/instances/run/drop-slot?ids=${one.id}&slot=${encodeURIComponent(one.other)}` },
  },
}

/** What is wrong with who follows whom, each with its next step. */
export const replicationProblems = (troubles: readonly TroubledReplication[]): Problem[] =>
  (Object.keys(kinds) as ReplicationTrouble[]).map((trouble) => {
    const { severity, title, detail, next } = kinds[trouble]
    const found = troubles.filter((one) => one.trouble === trouble)
    const total = found[0]?.total ?? 0
    return {
      kind: trouble,
      severity,
      title: title(total),
      total,
      href: null,
      items: found.map((one) => ({
        key: `${one.id} ${one.other ?? ''}`,
        label: one.title,
        href: `/instances/${one.id}`,
        environmentId: one.environmentId,
        detail: detail(one),
        at: one.observedAt,
        next: next(one),
      })),
    }
  })
