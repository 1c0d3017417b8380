'use client'

import { LiveMark } from '@/components/run/live-mark'
import type { LiveState } from '@/components/run/use-live'
import { State } from '@/components/ui/state'
import { formatSpan, staleAfterMs } from '@/components/ui/time'

/** The connection's state; `stale` when it is open but the newest fact shown (milliseconds; null: none is shown) is old all the same. */
export const ChangesMark = ({ state, newestAt, now }: { state: LiveState | 'off'; newestAt: number | null; now: number | null }) => {
  if (state === 'off') return null
  const ageMs = newestAt === null || now === null ? 0 : now - newestAt
  if (state !== 'live' || ageMs <= staleAfterMs) return <LiveMark state={state} />
  return (
    <span role="status" title="Nothing shown here was observed recently. Is a worker running?">
      <State tone="warn">stale {formatSpan(ageMs)}</State>
    </span>
  )
}
