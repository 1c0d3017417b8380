import type { Acknowledgement } from './fleet'

interface Item {
  key: string
  environmentId: string | null
}

/** A kind of problem as far as this needs it, with words or without. */
interface Listed {
  kind: string
  items: readonly Item[]
  total: number
  /** What mends all of them at once. */
  next?: unknown
}

/** One item that somebody has taken on; it comes back by itself when the time is over. */
export interface SetAside<P extends Listed> {
  kind: string
  item: P['items'][number]
  acknowledgement: Acknowledgement
}

/**
 * Parts what somebody has acknowledged from what still needs attention. An acknowledgement is of one item under one heading: a new item, or the same one in
 * worse trouble (which is another heading), shows at once. A heading whose items are all acknowledged goes with them.
 */
export const setAside = <P extends Listed>(
  problems: readonly P[],
  acknowledged: readonly Acknowledgement[],
  now: Date,
): { problems: (P & { acknowledged: number })[]; aside: SetAside<P>[] } => {
  const held = new Map(
    acknowledged.filter(({ until }) => Date.parse(until) > now.getTime()).map((one) => [keyOf(one.kind, one.key, one.environmentId), one]),
  )
  const aside: SetAside<P>[] = []
  const open = problems.map((problem) => {
    const items = problem.items.filter((item) => {
      const acknowledgement = held.get(keyOf(problem.kind, item.key, item.environmentId))
      if (!acknowledgement) return true
      aside.push({ kind: problem.kind, item, acknowledgement })
      return false
    })
    const count = problem.items.length - items.length
    const left = { ...problem, items, total: problem.total - count, acknowledged: count }
    // What mends all of them would mend what somebody has taken on, too.
    if (count > 0) delete left.next
    return left
  })
  return { problems: open.filter((problem) => problem.total > 0), aside }
}

const keyOf = (kind: string, key: string, environmentId: string | null): string => JSON.stringify([kind, key, environmentId])
