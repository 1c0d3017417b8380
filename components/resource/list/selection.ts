'use client'

import { useCallback, useEffect, useMemo, useRef, useState } from 'react'

/** The most that "select all matching" pins. */
export const selectionMax = 10_000

type Selected = Record<string, true>

const read = (key: string): Selected => {
  try {
    const ids: unknown = JSON.parse(sessionStorage.getItem(key) ?? '[]')
    return Array.isArray(ids) ? Object.fromEntries(ids.filter((id) => typeof id === 'string').map((id) => [id, true as const])) : {}
  } catch {
    return {}
  }
}

/**
 * The ticked rows of one list, pinned to ids: paging, filtering and a reload of the tab keep them.
 * `pageIds` are the rows shown, in order, for ranges.
 */
export const useSelection = (path: string, pageIds: readonly string[]) => {
  const key = `matriarch.selected.${path}`
  const [selected, setSelected] = useState<Selected>({})
  const anchor = useRef<string | null>(null)

  useEffect(() => setSelected(read(key)), [key])
  const keep = useCallback(
    (change: (now: Selected) => Selected) =>
      setSelected((now) => {
        const next = change(now)
        try {
          sessionStorage.setItem(key, JSON.stringify(Object.keys(next)))
        } catch {
          // Storage may be full or forbidden: the selection then lives as long as the page.
        }
        return next
      }),
    [key],
  )

  const set = useCallback(
    (ids: readonly string[], isOn: boolean) =>
      keep((now) => {
        const next = { ...now }
        for (const id of ids) {
          if (isOn) next[id] = true
          else delete next[id]
        }
        return next
      }),
    [keep],
  )

  /** Ticks or unticks one row; with `isRange` all rows between it and the last one touched, to the same value. */
  const toggle = useCallback(
    (id: string, isOn: boolean, isRange: boolean) => {
      const from = isRange && anchor.current !== null ? pageIds.indexOf(anchor.current) : -1
      const to = pageIds.indexOf(id)
      set(from < 0 || to < 0 ? [id] : pageIds.slice(Math.min(from, to), Math.max(from, to) + 1), isOn)
      anchor.current = id
    },
    [pageIds, set],
  )

  const clear = useCallback(() => keep(() => ({})), [keep])
  const ids = useMemo(() => Object.keys(selected), [selected])
  return { selected, ids, set, toggle, clear }
}

export type Selection = ReturnType<typeof useSelection>
