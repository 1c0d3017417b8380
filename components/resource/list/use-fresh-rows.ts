'use client'

import { useEffect, useRef, useState } from 'react'
import { changedIds } from './merge'

const freshMs = 1_500
const none: ReadonlySet<string> = new Set()

/** Ids of rows that look different since the last render with the same `key`, for a moment. Another key (query, zone, columns) marks nothing. */
export const useFreshRows = (key: string, ids: readonly string[], markup: readonly string[]): ReadonlySet<string> => {
  const [fresh, setFresh] = useState(none)
  const seen = useRef<{ key: string; markup: ReadonlyMap<string, string> }>({ key: '', markup: new Map() })
  useEffect(() => {
    const changed = seen.current.key === key ? changedIds(seen.current.markup, ids, markup) : []
    seen.current = { key, markup: new Map(ids.map((id, index) => [id, markup[index]!])) }
    if (changed.length === 0) return
    setFresh(new Set(changed))
    const timer = setTimeout(() => setFresh(none), freshMs)
    return () => clearTimeout(timer)
  }, [key, ids, markup])
  return fresh
}
