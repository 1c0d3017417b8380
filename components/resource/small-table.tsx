'use client'

import { type MouseEvent, useLayoutEffect, useMemo, useRef } from 'react'
import { isNumeric } from '@/components/fields/cells'
import { staleAfterMs } from '@/components/ui/time'
import { useNow, useZone } from '@/components/ui/zone'
import type { FieldDescription } from '@/lib/kernel/resource/field'
import type { BadgedEnvironment } from '@/lib/shapes/environment'
import type { ListPage } from '@/lib/shapes/list'
import { rowsHtml } from './list/row-html'

export interface Ticks {
  ticked: ReadonlySet<string>
  onTick: (ids: readonly string[], isOn: boolean) => void
}

/** A few rows of another resource on a page: the same cells as its list; without `ticks` nothing to tick. */
export const SmallTable = ({
  label,
  path,
  fields,
  columns,
  data,
  environments,
  pathOf,
  ticks,
}: {
  label: string
  path: string
  fields: Readonly<Record<string, FieldDescription>>
  columns: readonly string[]
  data: ListPage
  environments: Readonly<Record<string, BadgedEnvironment>>
  pathOf: Readonly<Record<string, string>>
  ticks?: Ticks
}) => {
  const zone = useZone()
  const now = useNow(5_000)
  const hasTicks = ticks !== undefined
  const markup = useMemo(
    () =>
      rowsHtml(data, {
        columns,
        fields,
        path,
        hasActions: hasTicks,
        sparklines: { columns: [], rows: {} },
        context: { zone, environments, pathOf, titleOf: (field, id) => data.references[field]?.[id] },
      }),
    [data, columns, fields, path, zone, environments, pathOf, hasTicks],
  )
  const body = useRef<HTMLTableSectionElement>(null)
  const pageTick = useRef<HTMLInputElement>(null)
  const isAllTicked = ticks !== undefined && data.ids.every((id) => ticks.ticked.has(id))

  // Rows are strings to React: what is ticked is set on their inputs afterwards.
  useLayoutEffect(() => {
    if (!ticks) return
    if (pageTick.current) pageTick.current.indeterminate = !isAllTicked && data.ids.some((id) => ticks.ticked.has(id))
    for (const [index, row] of [...(body.current?.rows ?? [])].entries()) {
      const tick = row.cells[0]?.firstElementChild
      if (tick instanceof HTMLInputElement) tick.checked = ticks.ticked.has(data.ids[index]!)
    }
  })
  const onClick = (event: MouseEvent<HTMLTableSectionElement>) => {
    const target = event.target
    const index = target instanceof HTMLInputElement ? (target.closest('tr')?.sectionRowIndex ?? -1) : -1
    if (target instanceof HTMLInputElement && data.ids[index] !== undefined) ticks?.onTick([data.ids[index]], target.checked)
  }
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard.
    <section className="overflow-x-auto" tabIndex={0} aria-label={`Table: ${label}`}>
      <table className="sheet" data-density="dense">
        <thead>
          <tr>
            {ticks && (
              <th className="x" scope="col">
                <input
                  ref={pageTick}
                  type="checkbox"
                  aria-label={`Select every row of ${label}`}
                  checked={isAllTicked}
                  onChange={(event) => ticks.onTick(data.ids, event.target.checked)}
                />
              </th>
            )}
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
        {/* biome-ignore lint/a11y/useKeyWithClickEvents: a checkbox turns keys into clicks; nothing else here is clicked. */}
        <tbody ref={body} onClick={onClick}>
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
