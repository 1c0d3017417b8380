import type { TroubledPooler } from '@/lib/domain/problems/fleet'
import { counted } from '@/lib/domain/values/counted'
import type { Addresses, Words } from './shown'

type Kind = 'pooler-paused' | 'pooler-stale' | 'pooler-down'

interface Remedy {
  operation: string
  label: string
  all: (count: number) => string
}

const words = (title: (poolers: string, count: number) => string, query: string, remedy: Remedy | null): Words<Kind> => ({
  title: (count) => title(counted(count, 'pooler', 'poolers'), count),
  list: ({ list }) => list('pooler', query),
  item: (one, { addresses }) => ({
    label: one.title,
    href: addresses.object('pooler', one.id),
    detail: detailOf(one),
    since: one.since,
    seenAt: one.seenAt,
    ...(remedy && { next: { label: remedy.label, href: addresses.run('pooler', remedy.operation, { ids: one.id }) } }),
  }),
  // Beyond what is listed their ids are not known here; the list has them.
  next: (total, items, addresses: Addresses) =>
    remedy && total > 1 && items.length === total
      ? {
          label: remedy.all(total),
          href: addresses.run('pooler', remedy.operation, { ids: items.map(({ subject }) => subject.id).join(',') }),
        }
      : undefined,
})

export const poolerWords: { [K in Kind]: Words<K> } = {
  'pooler-paused': words((poolers, count) => `${poolers} ${count === 1 ? 'is' : 'are'} paused: clients wait`, 'paused=some,all', {
    operation: 'resume-pooler',
    label: 'Resume',
    all: (count) => `Resume all ${count}`,
  }),
  'pooler-stale': words((poolers, count) => `${poolers} ${count === 1 ? 'does' : 'do'} not point to the primary`, 'follows=stale', {
    operation: 'follow-primary',
    label: 'Point to the primary',
    all: (count) => `Point all ${count} at the primary`,
  }),
  'pooler-down': words((poolers) => `${poolers} cannot be used or seen`, 'state=stopped,refused,unreachable', null),
}

const detailOf = (pooler: TroubledPooler): string => {
  const { trouble, because, target, wanted, waiting, state, herds } = pooler
  const why = because === null ? '' : `: ${because}`
  const whose = herds.map(({ name }) => name).join(', ')
  if (trouble === 'paused')
    return `${whose === '' ? '' : `${whose} `}paused, ${waiting ?? 0} ${waiting === 1 ? 'client waits' : 'clients wait'}`
  if (trouble === 'stale' && herds.length > 0)
    return `${herds.map((herd) => `${herd.name} points to ${herd.target ?? 'nothing'} instead of ${herd.wanted ?? 'its primary'}`).join('; ')}${why}`
  if (trouble === 'stale') return `points to ${target ?? 'nothing'} instead of ${wanted ?? 'the primary'}${why}`
  return because ?? state
}
