import type { StackTrouble, TroubledStack } from '@/lib/domain/problems/fleet'
import { counted } from '@/lib/domain/values/counted'
import type { Words } from './shown'

type Kind = `stack-${StackTrouble}`

const words = (
  title: (count: number) => string,
  detail: (one: TroubledStack) => string,
  { operation, label }: { operation: string; label: string },
): Words<Kind> => ({
  title,
  item: (one, { addresses }) => ({
    label: one.name,
    href: addresses.object('stack', one.id),
    detail: `${detail(one)}${one.count > 1 ? `, and ${one.count - 1} more` : ''}`,
    since: one.since,
    ...(one.trouble === 'drift' && { seenAt: one.seenAt }),
    next: { label, href: addresses.run('stack', operation, { ids: one.id }) },
  }),
})

const rotate = { operation: 'rotate-certificates', label: 'Rotate certificates' }

export const stackWords: { [K in Kind]: Words<K> } = {
  'stack-drift': words(
    (count) => `${counted(count, 'built cluster is', 'built clusters are')} not as declared`,
    ({ first }) => first,
    { operation: 'build-cluster', label: 'Apply' },
  ),
  'stack-ending': words(
    (count) => `TLS certificates of ${counted(count, 'built cluster', 'built clusters')} end soon`,
    ({ first }) => first,
    rotate,
  ),
  'stack-ended': words(
    (count) => `TLS certificates of ${counted(count, 'built cluster', 'built clusters')} have ended`,
    ({ first }) => first,
    rotate,
  ),
}
