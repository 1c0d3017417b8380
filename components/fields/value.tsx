'use client'

import { useMemo } from 'react'
import { useZone } from '@/components/ui/zone'
import type { Json } from '@/lib/kernel/ground/json'
import type { FieldDescription } from '@/lib/kernel/resource/field'
import { type CellContext, cellHtml } from './cells'

/** One value on a page, in the person's zone. `title` is that of the object a reference points to. */
export const FieldValue = ({
  value,
  field,
  title,
  environments,
  pathOf,
}: {
  value: Json
  field: FieldDescription
  title?: string
  environments: CellContext['environments']
  pathOf: CellContext['pathOf']
}) => {
  const zone = useZone()
  const markup = useMemo(
    () => cellHtml(value, field, { zone, environments, pathOf, titleOf: () => title, isWhole: true }).text,
    [value, field, zone, environments, pathOf, title],
  )
  // biome-ignore lint/security/noDangerouslySetInnerHtml: Html is escaped where it is made.
  return <span className="value" dangerouslySetInnerHTML={{ __html: markup }} />
}
