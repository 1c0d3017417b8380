import { formatDuration } from '../values/duration'
import type { TroubledPooler } from './fleet'
import type { Problem, Severity } from './fleet-problems'

const kinds: Record<
  TroubledPooler['trouble'],
  {
    severity: Severity
    title: (count: number, noun: string) => string
    query: string
    next: { label: string; all: (count: number) => string; operation: string } | null
  }
> = {
  paused: {
    severity: 0,
    title: (count, noun) => `${count} ${noun} ${count === 1 ? 'is' : 'are'} paused: clients wait`,
    query: 'paused=some,all',
    next: { label: 'Resume it', all: (count) => `Resume all ${count}`, operation: 'resume-pooler' },
  },
  stale: {
    severity: 0,
    title: (count, noun) => `${count} ${noun} ${count === 1 ? 'leads' : 'lead'} elsewhere than to the primary`,
    query: 'follows=stale',
    next: { label: 'Lead it to the primary', all: (count) => `Lead all ${count} to the primary`, operation: 'follow-primary' },
  },
  down: {
    severity: 1,
    title: (count, noun) => `${count} ${noun} cannot be used or seen`,
    query: 'state=stopped,refused,unreachable',
    next: null,
  },
}

/** Poolers that hold clients back, send them to the wrong server, or serve nobody. */
export const poolerProblems = (poolers: readonly TroubledPooler[], at: string): Problem[] =>
  (Object.keys(kinds) as TroubledPooler['trouble'][]).map((trouble) => {
    const { severity, title, query, next } = kinds[trouble]
    const items = poolers.filter((one) => one.trouble === trouble)
    const total = items[0]?.total ?? 0
    return {
      kind: `pooler-${trouble}`,
      severity,
      title: title(total, total === 1 ? 'pooler' : 'poolers'),
      total,
      href: `/poolers?${query}`,
      // Beyond what is listed their ids are not known here; the list has them.
      ...(next && total > 1 && items.length === total
        ? { next: { label: next.all(total), href: `/poolers/run/${next.operation}?ids=${items.map(({ id }) => id).join(',')}` } }
        : {}),
      items: items.map((one) => ({
        key: one.id,
        label: one.title,
        href: `/poolers/${one.id}`,
        environmentId: one.environmentId,
        detail: detailOf(one, at),
        at: one.observedAt,
        ...(next ? { next: { label: next.label, href: `/poolers/run/${next.operation}?ids=${one.id}` } } : {}),
      })),
    }
  })

const detailOf = ({ trouble, since, because, target, wanted, waiting, state, herds }: TroubledPooler, at: string): string => {
  const lasting = since === null ? '' : ` for ${formatDuration(Math.max(0, Math.round((Date.parse(at) - Date.parse(since)) / 1000)))}`
  const whose = herds.map(({ name }) => name).join(', ')
  if (trouble === 'paused')
    return `${whose === '' ? '' : `${whose} `}paused${lasting}, ${waiting ?? 0} ${waiting === 1 ? 'client waits' : 'clients wait'}`
  if (trouble === 'stale' && herds.length > 0)
    return `${herds.map((one) => `${one.name} leads to ${one.target ?? 'nothing'} instead of ${one.wanted ?? 'its primary'}`).join('; ')}${lasting}${because === null ? '' : `: ${because}`}`
  if (trouble === 'stale')
    return `leads to ${target ?? 'nothing'} instead of ${wanted ?? 'the primary'}${lasting}${because === null ? '' : `: ${because}`}`
  return because ?? state
}
