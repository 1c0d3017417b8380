'use client'

import { formatSpan, staleAfterMs } from '@/components/ui/time'
import type { LiveState } from './use-live'

/** live: pushed, and the newest fact is young. stale: the newest fact shown is old, whatever the connection says. */
export const LiveMark = ({ state, newestAt, now }: { state: LiveState; newestAt: number | null; now: number }) => {
  if (state === 'off') return null
  if (state === 'connecting')
    return (
      <span className="live st warn" title="The connection that pushes changes is not open. What is shown may be old.">
        reconnecting
      </span>
    )
  const ageMs = newestAt === null ? null : now - newestAt
  if (ageMs !== null && ageMs > staleAfterMs)
    return (
      <span className="live st warn" title="Nothing shown here was observed lately. Is a worker running?">
        stale {formatSpan(ageMs)}
      </span>
    )
  return (
    <span className="live st good" title="Changes appear by themselves. Rows do not move while you point at them.">
      live
    </span>
  )
}
