'use client'

import { useRouter } from 'next/navigation'
import { type ComponentProps, useState } from 'react'
import { handOver } from '@/components/operation/handover'
import { ActionsMenu } from './list/actions-menu'
import type { ListAction } from './list/list-data'
import { SmallTable } from './small-table'

/** A few rows of another resource on a page, to tick, with the menu of that resource's list. What is ticked lives as long as the page. */
export const TickTable = ({
  actions,
  noun,
  ...table
}: ComponentProps<typeof SmallTable> & { actions: readonly ListAction[]; noun: readonly [string, string] }) => {
  const router = useRouter()
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set())
  const [isOpen, setOpen] = useState(false)
  // One that left while the page was open is not acted on.
  const chosen = table.data.ids.filter((id) => ticked.has(id))
  const tick = (ids: readonly string[], isOn: boolean) =>
    setTicked((now) => new Set(isOn ? [...now, ...ids] : [...now].filter((id) => !ids.includes(id))))
  return (
    <>
      <div className="flex flex-wrap items-center gap-3 px-4 py-2">
        <ActionsMenu
          actions={actions}
          chosen={chosen.length}
          noun={noun}
          isOpen={isOpen}
          onOpenChange={setOpen}
          onRun={(action) => router.push(handOver(action.path, action.name, chosen, action.of))}
        />
        <span role="status" className="text-ink-2">
          {chosen.length === 0 ? `Tick ${noun[1]} to act on them together.` : `${chosen.length} of ${table.data.ids.length} ticked`}
        </span>
      </div>
      <SmallTable {...table} ticks={{ ticked, onTick: tick }} />
    </>
  )
}
