'use client'

import { useEffect, useRef, useState } from 'react'

/** connecting: not open yet, or again. live: the server pushes. off: the tab is hidden, or the login has ended. */
export type LiveState = 'off' | 'connecting' | 'live'

/** facts: ids of environments or instances; records: names of resources; runs: run ids. `*` stands for all. */
export type LiveTopic = 'facts' | 'records' | 'runs'
const topics: readonly LiveTopic[] = ['facts', 'records', 'runs']

const namesOf = (text: string): string[] => {
  const data: unknown = JSON.parse(text)
  return Array.isArray(data) ? data.map(String) : ['*']
}

/**
 * Calls `onChange` when something `wants` is interested in has changed, at most once in `everyMs`; never while the tab is hidden, and once when it is
 * seen again. The browser reconnects by itself; a reconnect counts as a change.
 */
export const useLive = (
  wants: (topic: LiveTopic, names: readonly string[]) => boolean,
  onChange: () => void,
  everyMs = 1_000,
): LiveState => {
  const [state, setState] = useState<LiveState>('connecting')
  const latest = useRef({ wants, onChange })
  latest.current = { wants, onChange }

  useEffect(() => {
    let source: EventSource | null = null
    let timer: ReturnType<typeof setTimeout> | null = null
    let lastAt = 0
    const changed = () => {
      if (timer) return
      timer = setTimeout(
        () => {
          timer = null
          lastAt = Date.now()
          latest.current.onChange()
        },
        Math.max(0, lastAt + everyMs - Date.now()),
      )
    }
    const close = (to: LiveState) => {
      source?.close()
      source = null
      if (timer) clearTimeout(timer)
      timer = null
      setState(to)
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
      for (const topic of topics)
        source.addEventListener(topic, (event) => {
          const names = namesOf(event.data)
          if (names.includes('*') || latest.current.wants(topic, names)) changed()
        })
      source.addEventListener('end', () => close('off'))
    }
    const follow = () => {
      if (document.hidden) close('off')
      else if (!source) {
        open()
        changed()
      }
    }
    if (!document.hidden) open()
    document.addEventListener('visibilitychange', follow)
    return () => {
      document.removeEventListener('visibilitychange', follow)
      if (timer) clearTimeout(timer)
      source?.close()
    }
  }, [everyMs])
  return state
}
