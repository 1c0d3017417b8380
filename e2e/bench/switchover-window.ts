/** What the clients together saw from one moment to another. Times of `performance.now()`, milliseconds. */
export interface Seen {
  acked: number
  /** The longest time without an acknowledged commit of any of them. */
  gapMs: number
  /** The longest that one of them waited for a commit, with all it had to try again. */
  waitMs: number
  /** By SQLSTATE, or by the code of the broken connection. */
  errors: Record<string, number>
  /** The last commit of the old primary and the first of the new one; null: nobody else answered. */
  moved: { lastAt: number; firstAt: number } | null
}

export interface SeenWindow {
  acked: (server: string, firstTriedAt: number, at: number) => void
  failed: (code: string) => void
  hasMoved: () => boolean
  close: (at: number) => Seen
}

/** `lastAckedAt`: of the time before, so that a gap that began there counts whole. */
export const openWindow = (lastAckedAt: number): SeenWindow => {
  const seen: Seen = { acked: 0, gapMs: 0, waitMs: 0, errors: {}, moved: null }
  let before: { server: string | null; at: number } = { server: null, at: lastAckedAt }
  return {
    acked: (server, firstTriedAt, at) => {
      seen.acked++
      seen.gapMs = Math.max(seen.gapMs, at - before.at)
      seen.waitMs = Math.max(seen.waitMs, at - firstTriedAt)
      if (before.server !== null && before.server !== server) seen.moved = { lastAt: before.at, firstAt: at }
      before = { server, at }
    },
    failed: (code) => {
      seen.errors[code] = (seen.errors[code] ?? 0) + 1
    },
    hasMoved: () => seen.moved !== null,
    close: (at) => ({ ...seen, gapMs: Math.max(seen.gapMs, at - before.at) }),
  }
}
