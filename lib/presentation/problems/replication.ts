import type { ReplicationTrouble, TroubledReplication } from '@/lib/domain/problems/fleet'
import { formatBytes } from '@/lib/domain/values/bytes'
import { counted } from '@/lib/domain/values/counted'
import type { Addresses, Context, Step, Words } from './shown'

const slotWords = ({ count, other }: TroubledReplication): string => {
  const slots = counted(count ?? 0, 'slot', 'slots')
  if (other === null) return slots
  return count === 1 ? `slot ${other}` : `${slots}, most by ${other}`
}

const upstreamWords = ({ other, otherState }: TroubledReplication): string => {
  if (other === null) return 'follows nobody'
  return `follows ${other}, which is ${otherState ?? 'no member of its herd'}`
}

/** Who stopped it, when, and why: a person who finds it down must not start it again. */
const replacedWords = ({ other, otherState, fenced, fencedAt }: TroubledReplication, { clock }: Context): string => {
  const because = other ?? 'another member was promoted in its stead'
  if (fenced === null || fencedAt === null) return otherState === null ? because : `${otherState}; ${because}`
  return `${fenced === 'stopped' ? 'stopped' : 'barred from starting read-write'} by Matriarch at ${clock(fencedAt)}: ${because}`
}

const words = (
  title: (count: number) => string,
  detail: (one: TroubledReplication, context: Context) => string,
  next: (one: TroubledReplication, addresses: Addresses) => Step,
): Words<ReplicationTrouble> => ({
  title,
  item: (one, context) => ({
    label: one.title,
    href: context.addresses.object('instance', one.id),
    detail: detail(one, context),
    since: one.since,
    ...(one.trouble === 'idle-slot' && { seenAt: one.seenAt }),
    next: next(one, context.addresses),
  }),
})

const runOn = (label: string, operation: string) => (one: TroubledReplication, addresses: Addresses) => ({
  label,
  href: addresses.run('instance', operation, { ids: one.id }),
})

export const replicationWords: { [Kind in ReplicationTrouble]: Words<Kind> } = {
  forked: words(
    (count) => `${counted(count, 'standby is', 'standbys are')} on another timeline than the primary`,
    (one) => `on timeline ${one.timeline}; ${one.other} is on ${one.otherTimeline}`,
    runOn('Rebuild', 'rebuild'),
  ),
  orphaned: words(
    (count) => `${counted(count, 'standby has', 'standbys have')} no upstream to follow`,
    upstreamWords,
    runOn('Repoint', 'repoint'),
  ),
  replaced: words(
    (count) => `${counted(count, 'former primary', 'former primaries')} must not start as primary`,
    replacedWords,
    runOn('Rejoin', 'rejoin'),
  ),
  twice: words(
    (count) => `${counted(count, 'server is', 'servers are')} registered under two names`,
    (one) => `it is the same server as ${one.other}`,
    (one, addresses) => ({ label: 'Remove one of them', href: `${addresses.object('instance', one.id)}/delete` }),
  ),
  'idle-slot': words(
    (count) => `${counted(count, 'instance keeps', 'instances keep')} WAL for inactive slots`,
    (one) => `${slotWords(one)}${one.bytes === null ? '' : `, ${formatBytes(one.bytes)} of WAL retained`}`,
    (one, addresses) =>
      one.other === null
        ? { label: 'Look at its slots', href: addresses.object('instance', one.id) }
        : { label: `Drop ${one.other}`, href: addresses.run('instance', 'drop-slot', { ids: one.id, slot: one.other }) },
  ),
}
