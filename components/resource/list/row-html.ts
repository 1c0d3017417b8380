import { type CellContext, cellHtml, isNumeric } from '@/components/fields/cells'
import { escapeHtml } from '@/components/ui/html'
import type { FieldDescription } from '@/lib/kernel/field'
import type { Json } from '@/lib/kernel/json'
import type { ListData } from './list-data'

/** How the rows of one list are written. `columns` are field names in the order shown. */
export interface RowWriter {
  columns: readonly string[]
  fields: Readonly<Record<string, FieldDescription>>
  path: string
  context: CellContext
  hasActions: boolean
}

const cellClass = (field: FieldDescription): string => {
  const classes = `${isNumeric(field) ? 'n' : ''}${field.observed ? ' o' : ''}`.trim()
  return classes === '' ? '' : ` class="${classes}"`
}

const isReference = (field: FieldDescription) => field.kind === 'reference'

/**
 * The inside of each `<tr>`: a checkbox, then the cells; the first cell is the row's header and links to the object.
 * A checkbox is written unticked and ticked by the list afterwards, so that ticking does not rewrite the row.
 */
export const rowsHtml = (data: ListData, writer: RowWriter): string[] => {
  const columns = writer.columns
    .map((name) => ({ field: writer.fields[name]!, at: data.columns.indexOf(name) }))
    .filter((column) => column.field !== undefined && column.at >= 0)
    .map((column) => ({ ...column, attributes: cellClass(column.field) }))
  const { path, context } = writer
  const first = columns[0]
  return data.rows.map((row, index) => {
    const id = data.ids[index]!
    let text = writer.hasActions ? tick(rowName(first, row, context)) : ''
    for (const column of columns) {
      const value = row[column.at] ?? null
      const inner = cellHtml(value, column.field, context).text
      if (column !== first) text += `<td${column.attributes}>${inner}</td>`
      else if (isReference(column.field)) text += `<th scope="row">${inner} <a href="/${path}/${id}">open</a></th>`
      else text += `<th scope="row"><a href="/${path}/${id}">${inner === '' ? 'untitled' : inner}</a></th>`
    }
    return text
  })
}

const tick = (name: string) => `<td class="x"><input type="checkbox" aria-label="Select ${escapeHtml(name)}"></td>`

const rowName = (first: { field: FieldDescription; at: number } | undefined, row: Json[], context: CellContext): string => {
  const value = first && row[first.at]
  if (!first || value === null || value === undefined) return 'this row'
  if (first.field.kind === 'reference') return context.titleOf(first.field.name, String(value)) ?? 'this row'
  return String(value)
}
