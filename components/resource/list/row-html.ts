import { type CellContext, cellHtml, isNumeric } from '@/components/fields/cells'
import { escapeHtml } from '@/components/ui/html'
import type { Json } from '@/lib/kernel/ground/json'
import type { FieldDescription, FieldKind } from '@/lib/kernel/resource/field'
import type { ListPage } from '@/lib/shapes/list'

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

/** Kinds whose values come again down a column: each is written once. */
const repeating: ReadonlySet<FieldKind> = new Set<FieldKind>(['choice', 'flag', 'reference', 'port', 'text'])

const cellWriter = (field: FieldDescription, context: CellContext): ((value: Json) => string) => {
  const write = (value: Json) => cellHtml(value, field, context).text
  if (!repeating.has(field.kind)) return write
  const written = new Map<Json, string>()
  return (value) => {
    const known = written.get(value)
    if (known !== undefined) return known
    const text = write(value)
    written.set(value, text)
    return text
  }
}

/**
 * The inside of each `<tr>`: a checkbox, then the cells; the first cell is the row's header and links to the object.
 * A checkbox is written unticked and ticked by the list afterwards, so that ticking does not rewrite the row.
 */
export const rowsHtml = (data: ListPage, writer: RowWriter): string[] => {
  const { path, context, hasActions } = writer
  const [first, ...others] = writer.columns
    .map((name) => ({ field: writer.fields[name]!, at: data.columns.indexOf(name) }))
    .filter((column) => column.field !== undefined && column.at >= 0)
    // What stands between two values in one piece: a page is thousands of such joints.
    .map(({ field, at }, index) => ({
      field,
      at,
      before: `${index > 1 ? '</td>' : ''}<td${cellClass(field)}>`,
      write: cellWriter(field, context),
    }))
  return data.rows.map((row, index) => {
    const name = first ? rowName(first, row, context) : 'this row'
    let text = hasActions ? tick(name) : ''
    if (first) text += head(first.field, first.write(row[first.at] ?? null), `/${path}/${data.ids[index]!}`)
    for (const { at, before, write } of others) text += before + write(row[at] ?? null)
    return others.length > 0 ? `${text}</td>` : text
  })
}

const head = (field: FieldDescription, inner: string, href: string): string =>
  field.kind === 'reference'
    ? `<th scope="row">${inner} <a href="${href}">open</a></th>`
    : `<th scope="row"><a href="${href}">${inner === '' ? 'untitled' : inner}</a></th>`

const tick = (name: string) => `<td class="x"><input type="checkbox" aria-label="Select ${escapeHtml(name)}"></td>`

const rowName = (first: { field: FieldDescription; at: number }, row: Json[], context: CellContext): string => {
  const value = row[first.at]
  if (value === null || value === undefined) return 'this row'
  if (first.field.kind === 'reference') return context.titleOf(first.field.name, String(value)) ?? 'this row'
  return String(value)
}
