import type { EnvironmentLook } from '@/components/ui/environment'
import { type Html, html, noHtml } from '@/components/ui/html'
import { formatMoment, formatShortMoment, formatUtc } from '@/components/ui/time'
import { formatBytes } from '@/lib/domain/values/bytes'
import { formatDuration } from '@/lib/domain/values/duration'
import type { Json } from '@/lib/kernel/ground/json'
import type { FieldDescription, FieldKind } from '@/lib/kernel/resource/field'

export interface CellContext {
  /** IANA zone of the person. */
  zone: string
  /** In tables that say more when pointed at: milliseconds of the reader's clock, so that today's moments show the time alone. */
  now?: number
  environments: Readonly<Record<string, EnvironmentLook>>
  /** Title of what a reference points to; undefined: it may not be seen. */
  titleOf: (field: string, id: string) => string | undefined
  /** Path segment of a resource: `herd` → `herds`. */
  pathOf: Readonly<Record<string, string>>
}

type Cell = (value: Exclude<Json, null>, field: FieldDescription, context: CellContext) => Html

const longest = 120
const shortened = (text: string) => (text.length > longest ? `${text.slice(0, longest - 1)}…` : text)
const text: Cell = (value) => html`${shortened(String(value))}`
const code: Cell = (value) => html`<code>${String(value)}</code>`
const rounded = (value: Json): string => String(typeof value === 'number' ? Math.round(value * 100) / 100 : value)
const number: Cell = (value) => html`${rounded(value)}`

export const environmentHtml = (look: EnvironmentLook): Html =>
  html`<a class="env" data-env="${look.colour}" data-protection="${look.protection}" href="/environments/${look.id}">${look.name}</a>`

const reference: Cell = (value, field, context) => {
  const id = String(value)
  const target = field.kind === 'reference' ? field.to : ''
  // Ids are unique everywhere: only an environment has this one.
  const look = context.environments[id]
  if (look) return environmentHtml(look)
  const title = context.titleOf(field.name, id)
  const path = context.pathOf[target]
  if (title === undefined || path === undefined) return html`<span class="unseen" title="You may not see this object">not visible</span>`
  return html`<a href="/${path}/${id}">${title}</a>`
}

const choice: Cell = (value, field) => {
  const chosen = field.kind === 'choice' ? field.choices.find((one) => one.value === value) : undefined
  if (!chosen) return html`${String(value)}`
  return chosen.tone ? html`<span class="st ${chosen.tone}">${chosen.label}</span>` : html`${chosen.label}`
}

const integer: Cell = (value, field) => html`${rounded(value)}${field.kind === 'integer' && field.unit ? ` ${field.unit}` : null}`

/** What a value looks like in a table and on a page: markup for inside one element. Never called with null. */
const cells = {
  text,
  longText: text,
  hostname: text,
  path: code,
  port: number,
  integer,
  bytes: (value) => html`${formatBytes(Number(value))}`,
  seconds: (value) => html`${formatDuration(Number(value))}`,
  flag: (value) => (value === true ? html`yes` : html`<span class="no">no</span>`),
  secret: (value) => (value === true ? html`set` : html`<span class="no">not set</span>`),
  choice,
  moment: (value, _field, { zone, now }) => {
    const at = String(value)
    return now === undefined
      ? html`<time title="${formatUtc(at)}">${formatMoment(at, zone)}</time>`
      : html`${formatShortMoment(at, zone, now)}`
  },
  lsn: code,
  tags: (value) => (Array.isArray(value) ? html`${value.map((tag) => html`<span class="tag">${String(tag)}</span> `)}` : noHtml),
  reference,
  json: (value) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    return text === '{}' || text === '[]' ? noHtml : html`<code>${shortened(text)}</code>`
  },
} satisfies Record<FieldKind, Cell>

const numeric: ReadonlySet<FieldKind> = new Set(['port', 'integer', 'bytes', 'seconds'])
export const isNumeric = (field: FieldDescription): boolean => numeric.has(field.kind)

/** The value's markup; empty for null, which the style sheet shows as a dash. */
export const cellHtml = (value: Json | undefined, field: FieldDescription, context: CellContext): Html =>
  value === null || value === undefined || value === '' ? noHtml : cells[field.kind](value, field, context)
