'use client'

import { type FocusEvent, type RefObject, useLayoutEffect, useRef } from 'react'

const places = (row: Element): HTMLElement[] => [...row.querySelectorAll<HTMLElement>('a, input')]

/**
 * Rows are written as strings: rewriting one removes the element with the focus, and somebody who works without a mouse would lose their place
 * every few seconds. Puts the focus on the element that took its place. Returns what the table's body listens to.
 */
export const useKeptFocus = (body: RefObject<HTMLTableSectionElement | null>) => {
  const stood = useRef<{ id: string; at: number } | null>(null)

  useLayoutEffect(() => {
    const { id, at } = stood.current ?? {}
    if (id === undefined || at === undefined || document.activeElement !== document.body) return
    const row = body.current?.querySelector(`tr[data-id="${CSS.escape(id)}"]`)
    if (row) places(row)[at]?.focus({ preventScroll: true })
    else stood.current = null
  })

  return {
    onFocus: ({ target }: FocusEvent<HTMLElement>) => {
      const row = target.closest<HTMLElement>('tr[data-id]')
      stood.current = row ? { id: row.dataset.id!, at: places(row).indexOf(target) } : null
    },
    onBlur: ({ target }: FocusEvent<HTMLElement>) => {
      // When the window loses the focus, the element keeps its own.
      if (document.activeElement !== target) stood.current = null
    },
  }
}
