/** Counters of pg_stat_statements that every version has under some name, in the order in which samples keep them. */
export const statementFigures = ['calls', 'totalMs', 'rows', 'blocksHit', 'blocksRead', 'ioMs', 'tempBlocks', 'walBytes'] as const
export type StatementFigure = (typeof statementFigures)[number]
export type StatementCounters = Record<StatementFigure, number>

/** One statement of one user in one database, as the extension normalised it. */
export interface StatementSeen extends StatementCounters {
  queryId: string
  user: string
  database: string
  text: string
}

/**
 * What one look saw. `resetAt`: from when the counters count, as far as it is known; after another one they began anew. `state`: seen; not-loaded: the library is
 * missing in shared_preload_libraries; not-created: no database that was looked into has the extension.
 */
export type StatementsLook =
  | { state: 'seen'; resetAt: string | null; statements: StatementSeen[] }
  | { state: 'not-loaded' | 'not-created'; libraries: string }

export const orders = ['totalMs', 'meanMs', 'calls', 'rows', 'blocksRead', 'ioMs', 'tempBlocks', 'walBytes'] as const
export type StatementOrder = (typeof orders)[number]

/** Counters of a moment, by key. */
export interface Snapshot {
  resetAt: string | null
  counters: ReadonlyMap<number, StatementCounters>
}

export interface Spent extends StatementCounters {
  key: number
  meanMs: number
  /** Not among those kept at the first moment: some of it may have been before. */
  isAtMost: boolean
}

const withMean = (key: number, counters: StatementCounters, isAtMost: boolean): Spent => ({
  ...counters,
  key,
  meanMs: counters.calls === 0 ? 0 : counters.totalMs / counters.calls,
  isAtMost,
})

/** What was spent since the counters began; without `before`, or where they began anew in between, all that `after` has. What was not called in between is left out. */
export const spentBetween = (before: Snapshot | null, after: Snapshot): Spent[] => {
  const since = before !== null && before.resetAt === after.resetAt ? before : null
  return [...after.counters].flatMap(([key, now]) => {
    const then = since?.counters.get(key)
    // A statement that was evicted and came back counts from zero.
    if (then === undefined || then.calls > now.calls) return [withMean(key, now, since !== null)]
    if (then.calls === now.calls) return []
    const difference = Object.fromEntries(statementFigures.map((one) => [one, Math.max(0, now[one] - then[one])])) as StatementCounters
    return [withMean(key, difference, false)]
  })
}
