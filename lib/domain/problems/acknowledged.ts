import type { Acknowledgement } from './fleet'
import type { Problem, ProblemItem, Severity } from './fleet-problems'

/** One item that somebody has taken on; it comes back by itself when the time is over. */
export interface SetAside {
  kind: string
  severity: Severity
  /** The heading it stood under. */
  title: string
  item: ProblemItem
  acknowledgement: Acknowledgement
}

/**
 * Parts what somebody has acknowledged from what still needs a person. An acknowledgement is of one item under one heading: a new item, or the same one in
 * worse trouble (which is another heading), shows at once. A heading whose items are all acknowledged goes with them.
 */
export const setAside = (
  problems: readonly Problem[],
  acknowledged: readonly Acknowledgement[],
  now: Date,
): { problems: (Problem & { acknowledged: number })[]; aside: SetAside[] } => {
  const held = new Map(
    acknowledged.filter(({ until }) => Date.parse(until) > now.getTime()).map((one) => [keyOf(one.kind, one.key, one.environmentId), one]),
  )
  const aside: SetAside[] = []
  const open = problems.map((problem) => {
    const items = problem.items.filter((item) => {
      const acknowledgement = held.get(keyOf(problem.kind, item.key, item.environmentId))
      if (!acknowledgement) return true
      aside.push({ kind: problem.kind, severity: problem.severity, title: problem.title, item, acknowledgement })
      return false
    })
    const count = problem.items.length - items.length
    const { next, ...rest } = problem
    // What mends all of them would mend what somebody has taken on, too.
    return { ...rest, ...(next && count === 0 ? { next } : {}), items, total: problem.total - count, acknowledged: count }
  })
  return { problems: open.filter((problem) => problem.total > 0), aside }
}

const keyOf = (kind: string, key: string, environmentId: string | null): string => JSON.stringify([kind, key, environmentId])
