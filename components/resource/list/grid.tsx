'use client'

import { type ColumnDef, rowSortingFeature, type SortingState, tableFeatures, useTable } from '@tanstack/react-table'
import { type MouseEvent, useLayoutEffect, useMemo, useRef } from 'react'
import { isNumeric } from '@/components/fields/cells'
import { formatAge, formatUtc, staleAfterMs } from '@/components/ui/time'
import type { ListQuery } from '@/lib/kernel/resource/query'
import type { ResourceDescription } from '@/lib/kernel/resource/resource'
import type { ListPage } from '@/lib/shapes/list'
import type { Density } from './list-data'
import { useKeptFocus } from './use-kept-focus'

const features = tableFeatures({ rowSortingFeature })
/** The table knows columns and sorting; it need not make an object of each row. */
const noRows: never[] = []

/**
 * The table. Rows come as markup and are written by React as one string each: a page of 100 rows costs 100 elements, not two thousand.
 * Ticks are set on the inputs after each render, so that ticking rewrites nothing.
 */
export const Grid = ({
  resource,
  data,
  markup,
  columns: shown,
  query,
  density,
  selected,
  fresh,
  now,
  hasActions,
  onSort,
  onToggle,
  onTogglePage,
}: {
  resource: ResourceDescription
  data: ListPage
  markup: readonly string[]
  columns: readonly string[]
  query: ListQuery
  density: Density
  selected: Readonly<Record<string, boolean>>
  fresh: ReadonlySet<string>
  /** Milliseconds; what is older than `staleAfterMs` at this moment is marked. */
  now: number
  hasActions: boolean
  onSort: (field: string, isAdded: boolean) => void
  onToggle: (id: string, isOn: boolean, isRange: boolean) => void
  onTogglePage: (isOn: boolean) => void
}) => {
  const body = useRef<HTMLTableSectionElement>(null)
  const pageTick = useRef<HTMLInputElement>(null)
  const columns = useMemo<ColumnDef<typeof features, never>[]>(
    () =>
      shown.map((name) => {
        const field = resource.fields[name]
        if (!field) return { id: name, header: chartLabel(resource, name), accessorFn: () => null, enableSorting: false }
        // Sorting happens in SQL; without an accessor the table would not offer it.
        return { id: name, header: field.label, accessorFn: () => null, enableSorting: field.kind !== 'json' }
      }),
    [resource, shown],
  )
  const sorting = useMemo<SortingState>(() => query.sort.map(({ field, down }) => ({ id: field, desc: down })), [query.sort])
  const table = useTable({ features, columns, data: noRows, manualSorting: true, state: { sorting } })
  /** Times are compared as text: all of them are ISO times of one form. */
  const staleBefore = new Date(now - staleAfterMs).toISOString()
  const isAllTicked = data.ids.length > 0 && data.ids.every((id) => selected[id])
  const isSomeTicked = data.ids.some((id) => selected[id])

  useLayoutEffect(() => {
    if (pageTick.current) pageTick.current.indeterminate = isSomeTicked && !isAllTicked
    for (const row of body.current?.rows ?? []) {
      const tick = row.cells[0]?.firstElementChild
      if (tick instanceof HTMLInputElement) tick.checked = selected[row.dataset.id!] === true
    }
  })

  const keptFocus = useKeptFocus(body)

  const onClick = (event: MouseEvent<HTMLTableSectionElement>) => {
    const target = event.target as HTMLElement
    const row = target.closest('tr')
    if (!row?.dataset.id) return
    if (target instanceof HTMLInputElement) onToggle(row.dataset.id, target.checked, event.shiftKey)
  }

  /** The age of a fact and the UTC of a moment are worked out when somebody points at them. */
  const onPoint = (event: MouseEvent<HTMLTableSectionElement>) => {
    const cell = (event.target as HTMLElement).closest('td')
    const row = cell?.parentElement as HTMLTableRowElement | null | undefined
    if (!cell || !row?.dataset.id) return
    const index = row.sectionRowIndex
    const field = resource.fields[shown[cell.cellIndex - (hasActions ? 1 : 0)] ?? '']
    const value = field?.kind === 'moment' ? data.rows[index]?.[data.columns.indexOf(field.name)] : null
    if (field?.observed) {
      const at = data.observedAt?.[index]
      cell.title = at ? `${cell.textContent || 'not known'}: seen ${formatAge(at, Date.now())}, ${formatUtc(at)}` : 'never seen'
    } else if (typeof value === 'string') cell.title = `${formatUtc(value)}, ${formatAge(value, Date.now())}`
  }

  return (
    <table className="sheet" data-density={density} aria-rowcount={data.total}>
      <thead>
        <tr>
          {hasActions && (
            <th className="x" scope="col">
              <input
                ref={pageTick}
                type="checkbox"
                aria-label="Select every row of this page"
                checked={isAllTicked}
                onChange={(event) => onTogglePage(event.target.checked)}
              />
            </th>
          )}
          {table.getHeaderGroups()[0]?.headers.map(({ column }) => {
            const field = resource.fields[column.id]
            const label = field?.label ?? chartLabel(resource, column.id)
            const direction = column.getIsSorted()
            const place = column.getSortIndex()
            return (
              <th
                key={column.id}
                scope="col"
                className={field && isNumeric(field) ? 'n' : undefined}
                aria-sort={direction === 'asc' ? 'ascending' : direction === 'desc' ? 'descending' : undefined}
                title={field?.help}
              >
                {column.getCanSort() ? (
                  <button type="button" onClick={(event) => onSort(column.id, event.shiftKey)}>
                    {label}
                    {direction && (
                      <span className="dir" aria-hidden="true">
                        {direction === 'asc' ? '▲' : '▼'}
                        {sorting.length > 1 && <sup>{place + 1}</sup>}
                      </span>
                    )}
                  </button>
                ) : (
                  label
                )}
              </th>
            )
          })}
        </tr>
      </thead>
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the rows' own links and checkboxes are what the keyboard reaches; this only delegates. */}
      <tbody ref={body} onClick={onClick} onMouseOver={onPoint} {...keptFocus}>
        {data.ids.map((id, index) => (
          <tr
            key={id}
            data-id={id}
            aria-selected={selected[id] ? true : undefined}
            className={rowClass(data.observedAt?.[index], staleBefore, fresh.has(id))}
            // biome-ignore lint/security/noDangerouslySetInnerHtml: rowsHtml escapes every value.
            dangerouslySetInnerHTML={{ __html: markup[index] ?? '' }}
          />
        ))}
      </tbody>
    </table>
  )
}

const chartLabel = ({ list }: ResourceDescription, name: string): string => list.sparklines.find((one) => one.name === name)?.label ?? name

const rowClass = (observedAt: string | null | undefined, staleBefore: string, isFresh: boolean): string | undefined => {
  const isStale = observedAt === null || (observedAt !== undefined && observedAt < staleBefore)
  if (!isStale && !isFresh) return undefined
  return isStale && isFresh ? 'stale fresh' : isStale ? 'stale' : 'fresh'
}
