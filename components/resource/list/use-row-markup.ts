'use client'

import { useMemo } from 'react'
import type { ListPage } from '@/lib/shapes/list'
import type { ListBoot } from './list-data'
import { rowsHtml } from './row-html'
import { useSparklines } from './use-sparklines'

/** The rows as they are written: `plain` without what is in columns of charts, which comes later and again. `because`: why charts could not be read. */
export const useRowMarkup = (
  { resource, actions, environments, pathOf }: ListBoot,
  data: ListPage,
  { columns, zone, loadedAt }: { columns: readonly string[]; zone: string; loadedAt: number },
): { plain: readonly string[]; markup: readonly string[]; because: string | null } => {
  const sparked = useMemo(() => resource.list.sparklines.filter(({ name }) => columns.includes(name)), [resource, columns])
  const charts = useSparklines(
    resource.path,
    sparked.map(({ name }) => name),
    data.ids,
  )
  const writer = useMemo(
    () => ({
      columns,
      fields: resource.fields,
      path: resource.path,
      hasActions: actions.length > 0,
      sparklines: { columns: sparked, rows: {} },
      context: {
        zone,
        now: loadedAt,
        environments,
        pathOf,
        titleOf: (field: string, id: string) => data.references[field]?.[id],
      },
    }),
    [data, columns, sparked, resource, actions, zone, loadedAt, environments, pathOf],
  )
  const plain = useMemo(() => rowsHtml(data, writer), [data, writer])
  const markup = useMemo(
    () => (sparked.length === 0 ? plain : rowsHtml(data, { ...writer, sparklines: { columns: sparked, rows: charts.rows } })),
    [data, writer, plain, sparked, charts.rows],
  )
  return { plain, markup, because: sparked.length === 0 ? null : charts.because }
}
