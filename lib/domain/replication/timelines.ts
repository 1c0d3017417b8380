import { lsnBytesBetween } from '../values/lsn'

/** Where earlier timelines ended, oldest first, and the one that goes on now. */
export interface TimelineHistory {
  timeline: number
  forks: readonly { timeline: number; forkLsn: string }[]
}

/**
 * What two servers of one system have in common. never: they are on one and the same timeline, so nothing in the history tells them apart. stranger: not even
 * their first timeline is the same. at: up to `lsn`; whatever lies past it belongs to one of them alone.
 */
export type Parting = { parts: 'never' } | { parts: 'stranger' } | { parts: 'at'; lsn: string }

interface Stretch {
  timeline: number
  /** null: it goes on. */
  endLsn: string | null
}

const stretchesOf = ({ timeline, forks }: TimelineHistory): Stretch[] => [
  ...forks.map((fork) => ({ timeline: fork.timeline, endLsn: fork.forkLsn })),
  { timeline, endLsn: null },
]

const earlier = (a: string | null, b: string | null): string | null => {
  if (a === null || b === null) return a ?? b
  return (lsnBytesBetween(a, b) ?? 0) > 0 ? a : b
}

/** Two timelines of one number are the same one only where they began at the same place: two standbys promoted apart may both be on 2. */
export const partingOf = (one: TimelineHistory, other: TimelineHistory): Parting => {
  const [ours, theirs] = [stretchesOf(one), stretchesOf(other)]
  let end: string | null | undefined
  for (const [index, own] of ours.entries()) {
    const their = theirs[index]
    if (their === undefined || their.timeline !== own.timeline) break
    const hasSameStart = index === 0 || lsnBytesBetween(ours[index - 1]!.endLsn, theirs[index - 1]!.endLsn) === 0
    if (!hasSameStart) break
    end = earlier(own.endLsn, their.endLsn)
  }
  if (end === undefined) return { parts: 'stranger' }
  return end === null ? { parts: 'never' } : { parts: 'at', lsn: end }
}
