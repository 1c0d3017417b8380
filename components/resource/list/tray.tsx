'use client'

import type { ReactNode } from 'react'
import { Button } from '@/components/ui/button'
import type { ListPage } from '@/lib/shapes/list'
import { type Selection, selectionMax } from './selection'

const count = new Intl.NumberFormat('en')

/** What is ticked, here and on other pages. It is pinned to ids: later changes of the list do not change it. */
export const Tray = ({
  selection,
  data,
  noun,
  isSelectingAll,
  problem,
  onSelectAll,
  children,
}: {
  selection: Selection
  data: ListPage
  noun: readonly [string, string]
  isSelectingAll: boolean
  problem: string | null
  onSelectAll: () => void
  children?: ReactNode
}) => {
  const chosen = selection.ids.length
  if (chosen === 0) return null
  const here = data.ids.filter((id) => selection.selected[id]).length
  const isPageTicked = here === data.ids.length
  const more = data.total > data.ids.length && isPageTicked && chosen < Math.min(data.total, selectionMax)
  return (
    <section className="tray" aria-label="Selection">
      <span role="status">
        <strong>
          {count.format(chosen)} {chosen === 1 ? noun[0] : noun[1]} selected
        </strong>
        {here < chosen && <span className="text-ink-2">, {count.format(chosen - here)} not on this page</span>}
      </span>
      {more && (
        <Button isSmall onClick={onSelectAll} disabled={isSelectingAll}>
          {data.total > selectionMax
            ? `Select the first ${count.format(selectionMax)} matching`
            : `Select all ${count.format(data.total)} matching`}
        </Button>
      )}
      {children}
      <Button isSmall variant="quiet" onClick={selection.clear}>
        Clear
      </Button>
      {problem && (
        <span className="st bad" role="alert">
          {problem}
        </span>
      )}
    </section>
  )
}
