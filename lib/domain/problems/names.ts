import type { WrongName } from './fleet'
import type { Problem } from './fleet-problems'

/** Names that send clients somewhere else than they should: writes fail there, or reach a server that nobody means. */
export const nameProblem = (names: readonly WrongName[]): Problem => {
  const total = names[0]?.total ?? 0
  return {
    kind: 'name-wrong',
    severity: 0,
    title: `${total} DNS ${total === 1 ? 'name leads' : 'names lead'} elsewhere than ${total === 1 ? 'it' : 'they'} should`,
    total,
    href: '/names?state=wrong',
    items: names.map((one) => ({
      key: one.id,
      label: one.name,
      href: `/names/${one.id}`,
      environmentId: one.environmentId,
      detail: one.because ?? `it is ${one.answer ?? 'not known'}, and should be ${one.wanted ?? 'something else'}`,
      at: one.observedAt,
      next: { label: 'Refresh it', href: `/names/run/refresh-dns?ids=${one.id}` },
    })),
  }
}
