import type { FieldProblem } from '../ground/errors'
import { unstorable } from '../ground/json'
import type { FieldDescription } from './field'
import type { ResourceDescription } from './resource'
import { readTerm, type Term, writeTerm } from './terms'

/** What a list shows; the URL says exactly this. */
export interface ListQuery {
  /** Field → terms as canonical text (`online`, `!stopped`, `>1073741824`, `isnull`); see `lib/kernel/terms`. */
  filters: Record<string, string[]>
  /** The search box as typed; it may hold `field:value` words. */
  search: string
  sort: { field: string; down: boolean }[]
  /** From 1. */
  page: number
  perPage: number
  /** null: the columns of the declaration. */
  columns: string[] | null
}

export const perPageDefault = 50
export const perPageMax = 500
export const searchLengthMax = 500

/** Names in the URL that are not fields. */
export const reservedNames = ['q', 'sort', 'page', 'per', 'columns'] as const

export const emptyQuery = (): ListQuery => ({ filters: {}, search: '', sort: [], page: 1, perPage: perPageDefault, columns: null })

const shortNames: Record<string, string> = { env: 'environmentId', host: 'serverId', server: 'serverId', user: 'userName' }
const stemOf = (name: string): string => name.replace(/(Id|Bytes|Seconds|At|Name)$/, '').toLowerCase()

/** The field somebody means by `env`, `herd`, `lag`: its name, a short name, or its name less `Id`, `Bytes`, `Seconds`, `At`, `Name`. Case-blind. */
export const fieldByWord = (resource: ResourceDescription, word: string): FieldDescription | null => {
  const wanted = word.toLowerCase()
  const fields = Object.values(resource.fields)
  const exact = fields.find((field) => field.name.toLowerCase() === wanted)
  if (exact) return exact
  const short = Object.hasOwn(shortNames, wanted) ? resource.fields[shortNames[wanted]!] : undefined
  return (
    short ??
    fields.find((field) => stemOf(field.name) === wanted || field.label.toLowerCase() === wanted) ??
    fields.find((field) => wanted === 'host' && field.kind === 'hostname') ??
    null
  )
}

/** Splits at commas that are not behind a backslash. */
const splitList = (source: string): string[] =>
  (source.match(/(?:\\.|[^,\\])+/gs) ?? []).map((part) => part.replace(/\\(.)/gs, '$1').trim()).filter((part) => part !== '')
const joinList = (parts: readonly string[]): string => parts.map((part) => part.replace(/[\\,]/g, '\\$&')).join(',')

const readTerms = (field: FieldDescription, source: string, drop: (because: string) => void): string[] => {
  const terms: string[] = []
  for (const part of splitList(source)) {
    const term = readTerm(field, part)
    if ('because' in term) drop(term.because)
    else if (!terms.includes(writeTerm(term))) terms.push(writeTerm(term))
  }
  return terms
}

const wholeNumber = (source: string, min: number, max: number): number | null =>
  /^\d{1,9}$/.test(source) && Number(source) >= min && Number(source) <= max ? Number(source) : null

export interface ReadQuery {
  query: ListQuery
  /** What was left out, one sentence or name each, for a page. */
  dropped: string[]
  /** The same for a script, in the same order: the parameter, and what it would take. */
  problems: FieldProblem[]
}

/** Reads the URL's parameters. What cannot be used is left out and named, so that the page can go to the clean URL and say so; it never throws. */
export const parseListQuery = (resource: ResourceDescription, params: URLSearchParams): ReadQuery => {
  const query = emptyQuery()
  const dropped: string[] = []
  const problems: FieldProblem[] = []
  const drop = (said: string, path: string, message: string): void => {
    dropped.push(said)
    problems.push({ path, message })
  }
  const fieldNames = Object.keys(resource.fields).join(', ')
  const fieldOf = (name: string): FieldDescription | undefined => (Object.hasOwn(resource.fields, name) ? resource.fields[name] : undefined)
  const readers: Record<(typeof reservedNames)[number], (value: string) => void> = {
    q: (value) => {
      query.search = value.trim().slice(0, searchLengthMax)
    },
    sort: (value) => {
      for (const part of splitList(value)) {
        const name = part.replace(/^-/, '')
        const field = fieldOf(name)
        if (!field || field.kind === 'json') drop(`sort: ${name}`, 'sort', `has no field ${name}; there are ${fieldNames}`)
        else if (!query.sort.some((one) => one.field === name)) query.sort.push({ field: name, down: part.startsWith('-') })
      }
    },
    page: (value) => {
      const page = wholeNumber(value, 1, 100_000_000)
      if (page === null) drop(`page: ${value}`, 'page', 'is a whole number from 1')
      else query.page = page
    },
    per: (value) => {
      const perPage = wholeNumber(value, 1, perPageMax)
      if (perPage === null) drop(`per: ${value}`, 'per', `is a whole number from 1 to ${perPageMax}`)
      else query.perPage = perPage
    },
    columns: (value) => {
      const columns: string[] = []
      for (const name of splitList(value)) {
        if (!fieldOf(name) && !resource.list.sparklines.some((one) => one.name === name))
          drop(`columns: ${name}`, 'columns', `has no field ${name}; there are ${fieldNames}`)
        else if (!columns.includes(name)) columns.push(name)
      }
      if (columns.length > 0) query.columns = columns
    },
  }
  for (const [name, value] of params) {
    if (unstorable(value) || unstorable(name))
      drop(
        `${name.replace(/[^\w.-]/g, '')}: a character that cannot be stored`,
        name.replace(/[^\w.-]/g, ''),
        'holds a character that cannot be stored',
      )
    else if (Object.hasOwn(readers, name)) readers[name as keyof typeof readers](value)
    else {
      const field = fieldOf(name) ?? fieldByWord(resource, name)
      if (!field) drop(name, name, `is no field; there are ${fieldNames}, and ${reservedNames.join(', ')}`)
      else {
        const terms = [
          ...new Set([...(query.filters[field.name] ?? []), ...readTerms(field, value, (because) => drop(because, name, because))]),
        ]
        if (terms.length > 0) query.filters[field.name] = terms
      }
    }
  }
  return { query, dropped, problems }
}

const readable = (value: string): string =>
  encodeURIComponent(value).replace(/%(2C|3A|2F|40|20)/g, (found) => (found === '%20' ? '+' : decodeURIComponent(found)))

/** The canonical query string without `?`: defaults left out, filters in the order of the declaration. Equal queries give equal text. */
export const formatListQuery = (resource: ResourceDescription, query: ListQuery): string => {
  const parts: [string, string][] = []
  if (query.search.trim() !== '') parts.push(['q', query.search.trim()])
  for (const name of Object.keys(resource.fields)) {
    const terms = query.filters[name]
    if (terms && terms.length > 0) parts.push([name, joinList([...terms].sort())])
  }
  if (query.sort.length > 0) parts.push(['sort', query.sort.map(({ field, down }) => `${down ? '-' : ''}${field}`).join(',')])
  if (query.columns) parts.push(['columns', query.columns.join(',')])
  if (query.perPage !== perPageDefault) parts.push(['per', String(query.perPage)])
  if (query.page !== 1) parts.push(['page', String(query.page)])
  return parts.map(([name, value]) => `${readable(name)}=${readable(value)}`).join('&')
}

const searchWord = /(-?)([A-Za-z][\w-]*)(:|>=|<=|!=|>|<)("[^"]*"|\S+)|"([^"]*)"|(\S+)/g

/** The search box taken apart: `env:prod role:standby lag>1GB shop` gives three filters and the word `shop`. Words that name no field stay words. */
export const readSearch = (
  resource: ResourceDescription,
  search: string,
): { words: string[]; filters: Record<string, Term[]>; dropped: string[] } => {
  const words: string[] = []
  const filters: Record<string, Term[]> = {}
  const dropped: string[] = []
  for (const [whole, minus, name, sign, quoted, phrase] of search.matchAll(searchWord)) {
    const field = name ? fieldByWord(resource, name) : null
    if (!field) words.push(phrase ?? whole)
    else {
      const bare = quoted!.replace(/^"(.*)"$/s, '$1')
      // In the box a name is rarely typed in full: without an operator of its own, text is looked for inside.
      const isText = field.kind === 'text' || field.kind === 'longText' || field.kind === 'hostname' || field.kind === 'path'
      const start = sign === ':' ? (minus ? '!' : isText && !/^[=!~<>*]|^(isnull|notnull)$|\*/.test(bare) ? '~' : '') : sign!
      for (const part of splitList(bare)) {
        const term = readTerm(field, start + part)
        if ('because' in term) dropped.push(term.because)
        else filters[field.name] = [...(filters[field.name] ?? []), term]
      }
    }
  }
  return { words: words.filter((word) => word !== ''), filters, dropped }
}
