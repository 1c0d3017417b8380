'use client'

import type { RefObject } from 'react'
import { useShortcuts } from '@/components/shell/keyboard'

/** The keys of a list. The row one stands in is the one that holds the focus, so Enter opens it. */
export const useListShortcuts = (
  table: RefObject<HTMLElement | null>,
  hasActions: boolean,
  onSearch: () => void,
  onActions: () => void,
) => {
  const moveTo = (by: 1 | -1) => {
    const rows = [...(table.current?.querySelectorAll<HTMLTableRowElement>('tbody tr') ?? [])]
    const at = rows.findIndex((row) => row.contains(document.activeElement))
    const wanted = at < 0 ? (by > 0 ? 0 : rows.length - 1) : at + by
    const next = rows[Math.min(rows.length - 1, Math.max(0, wanted))]
    next?.querySelector<HTMLElement>('th a')?.focus()
    next?.scrollIntoView({ block: 'nearest' })
  }
  const tick = () =>
    document.activeElement?.closest<HTMLTableRowElement>('tbody tr[data-id]')?.querySelector<HTMLElement>('.x input')?.click()
  useShortcuts('This list', [
    { keys: '/', label: 'Search', run: onSearch },
    { keys: 'j', label: 'Next row', run: () => moveTo(1) },
    { keys: 'k', label: 'Previous row', run: () => moveTo(-1) },
    ...(hasActions
      ? [
          { keys: 'x', label: 'Select the row', run: tick },
          { keys: 'a', label: 'Actions', run: onActions },
        ]
      : []),
  ])
}
