'use client'

import { useCallback, useEffect, useRef, useState } from 'react'
import { type LiveState, useLive } from '@/components/run/use-live'
import { type ChangesStream, streams } from '@/lib/shapes/streams'

export type LiveTopic = keyof ChangesStream

/**
 * Calls `onChange` when something `wants` is interested in has changed, at most once in `everyMs`; never while the tab is hidden, and once when it is
 * seen again. A reconnect counts as a change. `off`: the tab is hidden.
 */
export const useChanges = (
  wants: (topic: LiveTopic, names: readonly string[]) => boolean,
  onChange: () => void,
  everyMs = 1_000,
): LiveState | 'off' => {
  const [isHidden, setHidden] = useState(false)
  const latest = useRef({ wants, onChange })
  latest.current = { wants, onChange }
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null)
  const lastAt = useRef(0)

  const changed = useCallback(() => {
    if (timer.current) return
    timer.current = setTimeout(
      () => {
        timer.current = null
        lastAt.current = Date.now()
        latest.current.onChange()
      },
      Math.max(0, lastAt.current + everyMs - Date.now()),
    )
  }, [everyMs])
  const look = (topic: LiveTopic) => (names: readonly string[]) => {
    if (names.includes('*') || latest.current.wants(topic, names)) changed()
  }
  const state = useLive(isHidden ? null : streams.changes, { facts: look('facts'), records: look('records'), runs: look('runs') })

  const before = useRef(state)
  useEffect(() => {
    if (before.current === 'reconnecting' && state === 'live') changed()
    before.current = state
  }, [state, changed])

  useEffect(() => {
    const follow = () => {
      setHidden(document.hidden)
      if (!document.hidden) changed()
    }
    if (document.hidden) setHidden(true)
    document.addEventListener('visibilitychange', follow)
    return () => {
      document.removeEventListener('visibilitychange', follow)
      if (timer.current) clearTimeout(timer.current)
      timer.current = null
    }
  }, [changed])
  return isHidden ? 'off' : state
}
