'use client'

import { useMemo } from 'react'
import { isNumeric } from '@/components/fields/cells'
import type { EnvironmentLook } from '@/components/ui/environment'
import { staleAfterMs } from '@/components/ui/time'
import { useNow, useZone } from '@/components/ui/zone'
import type { FieldDescription } from '@/lib/kernel/field'
import type { ListData } from './list/list-data'
import { rowsHtml } from './list/row-html'

/** A few rows of another resource on a page: the same cells as its list, nothing to tick. */
export const SmallTable = ({
  label,
  path,
  fields,
  columns,
  data,
  environments,
  pathOf,
}: {
  label: string
  path: string
  fields: Readonly<Record<string, FieldDescription>>
  columns: readonly string[]
  data: ListData
  environments: Readonly<Record<string, EnvironmentLook>>
  pathOf: Readonly<Record<string, string>>
}) => {
  const zone = useZone()
  const now = useNow(5_000)
  const markup = useMemo(
    () =>
      rowsHtml(data, {
        columns,
        fields,
        path,
        hasActions: false,
        context: { zone, environments, pathOf, titleOf: (field, id) => data.references[field]?.[id] },
      }),
    [data, columns, fields, path, zone, environments, pathOf],
  )
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard.
    <section className="overflow-x-auto" tabIndex={0} aria-label={`Table: ${label}`}>
      <table className="sheet" data-density="dense">
        <thead>
          <tr>
            {columns.map((name) => {
              const field = fields[name]!
              return (
                <th key={name} scope="col" className={isNumeric(field) ? 'n' : undefined}>
                  {field.label}
                </th>
              )
            })}
          </tr>
        </thead>
        <tbody>
          {data.ids.map((id, index) => {
            const at = data.observedAt?.[index]
            return (
              <tr
                key={id}
                className={at && now !== null && now - Date.parse(at) > staleAfterMs ? 'stale' : undefined}
                // biome-ignore lint/security/noDangerouslySetInnerHtml: rowsHtml escapes every value.
                dangerouslySetInnerHTML={{ __html: markup[index] ?? '' }}
              />
            )
          })}
        </tbody>
      </table>
    </section>
  )
}
