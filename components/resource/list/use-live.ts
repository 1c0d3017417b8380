'use client'

import { useEffect, useRef, useState } from 'react'

/** connecting: not open yet, or again. live: the server pushes. off: this list has nothing that moves by itself, or the tab is hidden. */
export type LiveState = 'off' | 'connecting' | 'live'

const refreshEveryMs = 1_000

/**
 * Calls `onChange` when observed facts changed, at most once a second; never while the tab is hidden, and once when it is seen again.
 * The browser reconnects by itself; a reconnect counts as a change.
 */
export const useLive = (isOn: boolean, onChange: () => void): LiveState => {
  const [state, setState] = useState<LiveState>(isOn ? 'connecting' : 'off')
  const call = useRef(onChange)
  call.current = onChange

  useEffect(() => {
    if (!isOn) {
      setState('off')
      return
    }
    let source: EventSource | null = null
    let timer: ReturnType<typeof setTimeout> | null = null
    let lastAt = 0
    const changed = () => {
      if (timer) return
      const waitMs = Math.max(0, lastAt + refreshEveryMs - Date.now())
      timer = setTimeout(() => {
        timer = null
        lastAt = Date.now()
        call.current()
      }, waitMs)
    }
    const open = () => {
      setState('connecting')
      let wasOpen = false
      source = new EventSource('/api/live/facts')
      source.onopen = () => {
        setState('live')
        if (wasOpen) changed()
        wasOpen = true
      }
      source.onerror = () => setState('connecting')
      source.addEventListener('facts', changed)
    }
    const close = () => {
      source?.close()
      source = null
      if (timer) clearTimeout(timer)
      timer = null
    }
    const follow = () => {
      if (document.hidden) {
        close()
        setState('off')
      } else if (!source) {
        open()
        changed()
      }
    }
    if (!document.hidden) open()
    document.addEventListener('visibilitychange', follow)
    return () => {
      document.removeEventListener('visibilitychange', follow)
      close()
    }
  }, [isOn])
  return state
}
