'use client'

import { plainValue } from '@/components/fields/cells'
import { Button } from '@/components/ui/button'
import { Differences } from '@/components/ui/differences'
import { Note } from '@/components/ui/note'
import { useZone } from '@/components/ui/zone'
import type { Json } from '@/lib/kernel/ground/json'
import type { ResourceDescription } from '@/lib/kernel/resource/resource'

export interface ConflictState {
  /** Who, in a sentence. */
  because: string
  /** The revision stored now. */
  revision: number
  /** Fields that somebody else changed: as stored now, and as they stand in this form. */
  fields: readonly { field: string; now: Json; mine: Json }[]
}

/** Somebody else saved first: what they changed, and a choice. Nothing is overwritten until it is made. */
export const Conflict = ({
  resource,
  conflict,
  onTheirs,
  onMine,
}: {
  resource: ResourceDescription
  conflict: ConflictState
  onTheirs: () => void
  onMine: () => void
}) => {
  const zone = useZone()
  const text = (name: string, value: Json) => plainValue(value, resource.fields[name], zone)
  return (
    <Note tone="warn" isAlert title={conflict.because}>
      <Differences
        before="Stored now"
        after="Yours"
        rows={conflict.fields.map(({ field, now, mine }) => ({
          field: resource.fields[field]?.label ?? field,
          before: text(field, now),
          after: text(field, mine),
        }))}
      />
      <div className="mt-3 flex flex-wrap gap-2">
        <Button onClick={onTheirs}>Take theirs, keep my other changes</Button>
        <Button onClick={onMine}>Keep mine, then save again</Button>
      </div>
    </Note>
  )
}
