import type { Session } from './session'

/** A session that others wait for, with those that wait for it. */
export interface Blocker {
  /** 0: a prepared transaction, which no session can be cancelled for. */
  pid: number
  /** null: it is not among those seen. */
  session: Session | null
  waiting: Blocker[]
  /** How many wait for it, directly or behind one another. */
  waitingCount: number
}

/**
 * Who blocks whom, as trees: at the top those who wait for nobody, each waiting session once, under the one nearest to the top that it waits for.
 * In a circle (a deadlock that the server has not resolved yet) the one that has waited longest stands at the top. Most waiting first.
 */
export const blockingTrees = (sessions: readonly Session[]): Blocker[] => {
  const byPid = new Map(sessions.map((session) => [session.pid, session]))
  const waitersOf = new Map<number, Session[]>()
  for (const session of sessions) for (const pid of new Set(session.blockedBy)) waitersOf.set(pid, [...(waitersOf.get(pid) ?? []), session])
  const waits = (pid: number) => (byPid.get(pid)?.blockedBy.length ?? 0) > 0
  const placed = new Set<number>()
  const treesFrom = (pids: readonly number[]): Blocker[] => {
    const roots = pids.map((pid): Blocker => ({ pid, session: byPid.get(pid) ?? null, waiting: [], waitingCount: 0 }))
    for (const pid of pids) placed.add(pid)
    // Level by level, so that each stands as near to the top as it can.
    for (let level = roots; level.length > 0; ) {
      const next: Blocker[] = []
      for (const blocker of level)
        for (const session of waitersOf.get(blocker.pid) ?? []) {
          if (placed.has(session.pid)) continue
          placed.add(session.pid)
          const below: Blocker = { pid: session.pid, session, waiting: [], waitingCount: 0 }
          blocker.waiting.push(below)
          next.push(below)
        }
      level = next
    }
    return roots
  }
  const trees = treesFrom([...waitersOf.keys()].filter((pid) => !waits(pid)))
  for (;;) {
    const inCircle = [...waitersOf.keys()]
      .filter((pid) => !placed.has(pid))
      .sort((a, b) => waitedSeconds(byPid.get(b)) - waitedSeconds(byPid.get(a)))
    if (inCircle.length === 0) break
    trees.push(...treesFrom(inCircle.slice(0, 1)))
  }
  for (const tree of trees) count(tree)
  return trees.sort((a, b) => b.waitingCount - a.waitingCount || a.pid - b.pid)
}

const waitedSeconds = (session: Session | undefined): number => session?.stateSeconds ?? 0

const count = (blocker: Blocker): number => {
  blocker.waitingCount = blocker.waiting.reduce((sum, one) => sum + 1 + count(one), 0)
  return blocker.waitingCount
}
