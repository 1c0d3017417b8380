import { type CellContext, cellHtml, isNumeric } from '@/components/fields/cells'
import { escapeHtml } from '@/components/ui/html'
import type { Json } from '@/lib/kernel/ground/json'
import type { FieldDescription, FieldKind } from '@/lib/kernel/resource/field'
import type { Sparkline } from '@/lib/kernel/resource/resource'
import type { ListPage } from '@/lib/shapes/list'
import type { Sparklines } from '@/lib/shapes/sparklines'
import { sparklineHtml } from './sparkline'

/** How the rows of one list are written. `columns` are names of fields, and of charts, in the order shown. */
export interface RowWriter {
  columns: readonly string[]
  fields: Readonly<Record<string, FieldDescription>>
  path: string
  context: CellContext
  hasActions: boolean
  /** Columns of charts among `columns`, and what was read of them. */
  sparklines: { columns: readonly Sparkline[]; rows: Sparklines['rows'] }
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
 * The inside of each `<tr>`: a checkbox, then the cells; the first field's is the row's header and links to the object.
 * A checkbox is written unticked and ticked by the list afterwards, so that ticking does not rewrite the row.
 */
export const rowsHtml = (data: ListPage, writer: RowWriter): string[] => {
  const { path, context, hasActions, sparklines } = writer
  const columns = writer.columns.flatMap((name): Column[] => {
    const [field, at] = [writer.fields[name], data.columns.indexOf(name)]
    if (field) {
      const write = cellWriter(field, context)
      return at < 0 ? [] : [{ field, at, open: `<td${cellClass(field)}>`, write: (row) => write(row[at] ?? null) }]
    }
    const spark = sparklines.columns.find((one) => one.name === name)
    return spark ? [{ open: '<td class="sp">', write: (_row, id) => sparklineHtml(sparklines.rows[id]?.[name], spark) }] : []
  })
  const first = columns.find(isField)
  // What stands between two values in one piece: a page is thousands of such joints.
  const others = columns
    .filter((column) => column !== first)
    .map(({ open, write }, index) => ({ before: `${index > 0 ? '</td>' : ''}${open}`, write }))
  return data.rows.map((row, index) => {
    const id = data.ids[index]!
    const name = first ? rowName(first, row, context) : 'this row'
    let text = hasActions ? tick(name) : ''
    if (first) text += head(first.field, first.write(row, id), `/${path}/${id}`)
    for (const { before, write } of others) text += before + write(row, id)
    return others.length > 0 ? `${text}</td>` : text
  })
}

interface FieldColumn {
  field: FieldDescription
  at: number
  open: string
  write: (row: Json[], id: string) => string
}
/** Of a field, or of charts. */
type Column = FieldColumn | (Omit<FieldColumn, 'field' | 'at'> & { field?: never; at?: never })
const isField = (column: Column): column is FieldColumn => column.field !== undefined

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
