import type { FleetScheduled } from './fleet'
import type { Problem } from './fleet-problems'

/** What somebody put off and counts on, and what did not run, or not on everything. */
export const scheduledProblem = (scheduled: readonly FleetScheduled[]): Problem => {
  const missed = scheduled.filter(({ state }) => state !== 'waiting')
  return {
    kind: 'scheduled-skipped',
    severity: 2,
    title: `${missed.length} scheduled ${missed.length === 1 ? 'run was' : 'runs were'} skipped, whole or in part`,
    total: missed.length,
    href: null,
    items: missed.map((one) => ({
      key: one.id,
      label: one.title,
      href: `/scheduled-runs/${one.id}`,
      environmentId: one.environmentIds[0] ?? null,
      detail: `ordered by ${one.actorName}; ${one.state === 'skipped' ? 'nothing has run' : 'left out'}: ${one.because ?? 'no reason is known'}`,
      at: one.at,
    })),
  }
}
