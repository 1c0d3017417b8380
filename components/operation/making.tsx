'use client'

import { useState } from 'react'
import { useLive } from '@/components/run/use-live'
import { Button } from '@/components/ui/button'
import { Note } from '@/components/ui/note'
import { useNow } from '@/components/ui/zone'
import type { PlanView } from '@/lib/shapes/plan'
import { streams } from '@/lib/shapes/streams'

/** "Making the plan …" with the seconds that passed. Leaving cancels nothing that matters: a plan only looks. */
export const Making = ({ row, onCancel }: { row: PlanView; onCancel: () => void }) => {
  const now = useNow(500)
  const [startedAt] = useState(() => Date.now())
  const [isAbsent, setAbsent] = useState(false)
  useLive(streams.plan(row.id), { absent: setAbsent })
  const seconds = now === null ? 0 : Math.max(0, Math.floor((now - startedAt) / 1000))
  if (isAbsent)
    return (
      <Note
        tone="bad"
        isAlert
        title="No worker is running"
        actions={
          <Button isSmall onClick={onCancel}>
            Cancel
          </Button>
        }
      >
        A worker makes the plan, and none has reported for half a minute. Start a worker, or read its log; this page continues by itself as
        soon as a worker takes the plan.
      </Note>
    )
  return (
    <section className="card flex flex-wrap items-center gap-3 p-4" aria-busy="true">
      <span className="spin" aria-hidden="true" />
      <p role="status">
        Making the plan: checking {row.targets.length} {row.targets.length === 1 ? 'target' : 'targets'}
      </p>
      <span className="text-ink-2">{seconds} s</span>
      <Button isSmall className="ml-auto" onClick={onCancel}>
        Cancel
      </Button>
    </section>
  )
}
