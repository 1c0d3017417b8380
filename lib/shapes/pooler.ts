/** What a pooler needs somebody for: it is paused, points elsewhere than to the primary, or cannot be used. */
export interface PoolerAlarm {
  id: string
  title: string
  state: string
  because: string | null
  paused: string
  /** ISO times. */
  pausedSince: string | null
  staleSince: string | null
  waiting: number | null
  follows: string
  target: string | null
  wanted: string | null
}

/** A herd that a pooler serves, and whether it points to that herd's primary. */
export interface PoolerHerd {
  herdId: string
  name: string
  paused: string
  follows: string
  because: string | null
  target: string | null
  wanted: string | null
  /** ISO time. */
  staleSince: string | null
}
