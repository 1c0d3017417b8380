import { type Html, html, noHtml } from '@/components/ui/html'
import { formatMoment, formatShortMoment, formatUtc } from '@/components/ui/time'
import { formatBytes } from '@/lib/domain/values/bytes'
import { formatDuration } from '@/lib/domain/values/duration'
import type { Json } from '@/lib/kernel/ground/json'
import type { FieldDescription, FieldKind } from '@/lib/kernel/resource/field'
import type { BadgedEnvironment } from '@/lib/shapes/environment'

export interface CellContext {
  /** IANA zone of the person. */
  zone: string
  /** In tables that say more when pointed at: milliseconds of the reader's clock, so that today's moments show the time alone. */
  now?: number
  /** Long texts in full, where there is room for them. */
  isWhole?: true
  environments: Readonly<Record<string, BadgedEnvironment>>
  /** Title of what a reference points to; undefined: it may not be seen. */
  titleOf: (field: string, id: string) => string | undefined
  /** Path segment of a resource: `herd` → `herds`. */
  pathOf: Readonly<Record<string, string>>
}

type Cell = (value: Exclude<Json, null>, field: FieldDescription, context: CellContext) => Html

const longest = 120
const shortened = (text: string) => (text.length > longest ? `${text.slice(0, longest - 1)}…` : text)
const text: Cell = (value, _field, { isWhole }) => html`${isWhole ? String(value) : shortened(String(value))}`
const code: Cell = (value) => html`<code>${String(value)}</code>`
const rounded = (value: Json): string => String(typeof value === 'number' ? Math.round(value * 100) / 100 : value)
const number: Cell = (value) => html`${rounded(value)}`

export const environmentHtml = (environment: BadgedEnvironment): Html =>
  html`<a class="env" data-env="${environment.colour}" data-protection="${environment.protection}" href="/environments/${environment.id}">${environment.name}</a>`

const reference: Cell = (value, field, context) => {
  const id = String(value)
  const target = field.kind === 'reference' ? field.to : ''
  // Ids are unique everywhere: only an environment has this one.
  const environment = context.environments[id]
  if (environment) return environmentHtml(environment)
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

const moment: Cell = (value, _field, { zone, now }) => {
  const at = String(value)
  return now === undefined
    ? html`<time title="${formatUtc(at)}">${formatMoment(at, zone)}</time>`
    : html`${formatShortMoment(at, zone, now)}`
}

const json: Cell = (value, field) => {
  if (field.kind === 'json' && field.listsKeys && typeof value === 'object') return html`${shortened(Object.keys(value).join(', '))}`
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text === '{}' || text === '[]' ? noHtml : html`<code>${shortened(text)}</code>`
}

const no = (word: string): Html => html`<span class="no">${word}</span>`
const wordOf = (yes: string, otherwise: string) => (value: Json) => (value === true ? yes : value === false ? otherwise : String(value))

/** What a kind of value looks like. Neither is called with null. */
interface CellKind {
  /** Markup for inside one element. */
  html: Cell
  /** One line of plain text. Default: the value as a string. */
  plain?: (value: Exclude<Json, null>, field: FieldDescription, zone: string) => string
  isNumeric?: true
}

const cells = {
  text: { html: text },
  longText: { html: text },
  hostname: { html: text },
  path: { html: code },
  port: { html: number, isNumeric: true },
  integer: { html: integer, isNumeric: true },
  bytes: { html: (value) => html`${formatBytes(Number(value))}`, plain: (value) => formatBytes(Number(value)), isNumeric: true },
  seconds: { html: (value) => html`${formatDuration(Number(value))}`, plain: (value) => formatDuration(Number(value)), isNumeric: true },
  flag: { html: (value) => (value === true ? html`yes` : no('no')), plain: wordOf('yes', 'no') },
  secret: { html: (value) => (value === true ? html`set` : no('not set')), plain: wordOf('set', 'not set') },
  choice: {
    html: choice,
    plain: (value, field) => (field.kind === 'choice' && field.choices.find((one) => one.value === value)?.label) || String(value),
  },
  moment: { html: moment, plain: (value, _field, zone) => formatMoment(String(value), zone) },
  lsn: { html: code },
  tags: { html: (value) => (Array.isArray(value) ? html`${value.map((tag) => html`<span class="tag">${String(tag)}</span> `)}` : noHtml) },
  reference: { html: reference },
  json: { html: json },
} satisfies Record<FieldKind, CellKind>

const kindOf = (field: FieldDescription): CellKind => cells[field.kind]

export const isNumeric = (field: FieldDescription): boolean => kindOf(field).isNumeric === true

/** The value's markup. For null it is what the field says of it, or empty, which the style sheet shows as a dash. */
export const cellHtml = (value: Json | undefined, field: FieldDescription, context: CellContext): Html =>
  value === null || value === undefined || value === ''
    ? field.empty
      ? no(field.empty)
      : noHtml
    : kindOf(field).html(value, field, context)

/** The value as one line of plain text: for differences, chips and titles. `none` stands for null and the empty text. */
export const plainValue = (value: Json | undefined, field: FieldDescription | undefined, zone: string, none = 'empty'): string => {
  if (value === null || value === undefined || value === '') return none
  if (Array.isArray(value)) return value.length === 0 ? none : value.map((one) => plainValue(one, undefined, zone)).join(', ')
  if (typeof value === 'object') return JSON.stringify(value)
  return (field && kindOf(field).plain?.(value, field, zone)) ?? String(value)
}
