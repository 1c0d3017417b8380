import type { Actor } from '@/lib/kernel/access/access'
import type { FieldSpec } from '@/lib/kernel/resource/field'
import { type ListQuery, readSearch } from '@/lib/kernel/resource/query'
import { describe as describeResource, type Resource, type ResourceDescription } from '@/lib/kernel/resource/resource'
import { readTerm, type Term, uuidPattern, writeTerm } from '@/lib/kernel/resource/terms'
import { shapeOf, targetOf } from '../pg/resource-table'
import { Params, queryRows } from '../pg/statement'
import { escapeLike, termsSql } from './filters'
import { type Reach, reachKey, reachOf, reachSql } from './reach'

const descriptions = new Map<string, ResourceDescription>()
export const descriptionOf = (resource: Resource): ResourceDescription => {
  let found = descriptions.get(resource.name)
  if (!found) {
    found = describeResource(resource)
    descriptions.set(resource.name, found)
  }
  return found
}

/** What a list is of: who asks, the filters with names turned into ids, and the words of the search box. */
export interface Condition {
  resource: Resource
  reach: Reach
  filters: Readonly<Record<string, readonly Term[]>>
  words: readonly string[]
}

const namesMax = 500

/** Ids of the objects with these names, `*` for any characters, among those that the actor may see. */
const idsOfNames = async (actor: Actor, target: Resource, names: readonly string[]): Promise<string[]> => {
  const { table, columns, titleColumns } = shapeOf(target)
  const title = columns[titleColumns[0] ?? '']
  if (!title) return []
  const params = new Params()
  const conditions = names.map((name) =>
    name.includes('*')
      ? `t.${title.sql} ilike ${params.add(name.split('*').map(escapeLike).join('%'))}`
      : `lower(t.${title.sql}) = ${params.add(name.toLowerCase())}::text`,
  )
  const rows = await queryRows(
    `select t.id from ${table} t where (${conditions.join(' or ')}) and ${reachSql(target, reachOf(actor, target), params)} limit ${namesMax}`,
    params,
  )
  return rows.map(([id]) => id as string)
}

/** `environmentId=prod` becomes its id. A name that nobody has becomes an id that nobody has. */
const resolveNames = async (actor: Actor, target: Resource, terms: readonly Term[]): Promise<Term[]> => {
  const resolved: Term[] = []
  for (const term of terms) {
    if (term.value === '' || uuidPattern.test(term.value)) resolved.push(term)
    else {
      const ids = await idsOfNames(actor, target, [term.value])
      resolved.push(...(ids.length > 0 ? ids : ['00000000-0000-0000-0000-000000000000']).map((value) => ({ ...term, value })))
    }
  }
  return resolved
}

/** Names in the filters that nobody has: each with its field and what it was to name. What is excluded (`!typo`), a pattern and an id are none. */
export const unknownNames = async (
  actor: Actor,
  resource: Resource,
  query: Pick<ListQuery, 'filters'>,
): Promise<{ field: string; noun: string; name: string }[]> => {
  const unknown: { field: string; noun: string; name: string }[] = []
  for (const [field, texts] of Object.entries(query.filters)) {
    const target = targetOf(resource, field)
    if (!target) continue
    for (const text of texts) {
      const term = readTerm(resource.fields[field]!, text)
      if (!('operator' in term) || term.operator !== 'is' || term.value.includes('*') || uuidPattern.test(term.value)) continue
      if ((await idsOfNames(actor, target, [term.value])).length === 0) unknown.push({ field, noun: target.noun[0], name: term.value })
    }
  }
  return unknown
}

export const conditionOf = async (actor: Actor, resource: Resource, query: Pick<ListQuery, 'filters' | 'search'>): Promise<Condition> => {
  const filters: Record<string, Term[]> = {}
  const add = (name: string, terms: readonly Term[]) => {
    filters[name] = [...(filters[name] ?? []), ...terms]
  }
  for (const [name, texts] of Object.entries(query.filters)) {
    const spec = resource.fields[name]
    if (!spec) continue
    add(
      name,
      texts.map((text) => readTerm(spec, text)).filter((term): term is Term => 'operator' in term),
    )
  }
  const search = query.search === '' ? null : readSearch(descriptionOf(resource), query.search)
  for (const [name, terms] of Object.entries(search?.filters ?? {})) add(name, terms)
  for (const [name, terms] of Object.entries(filters)) {
    const target = targetOf(resource, name)
    if (target) filters[name] = await resolveNames(actor, target, terms)
  }
  return { resource, reach: reachOf(actor, resource), filters, words: search?.words ?? [] }
}

/** Everything of the condition but the filters on `except`, as text that is the same for the same condition. */
export const conditionKey = (condition: Condition, except: ReadonlySet<string> = new Set()): string => {
  const filters = Object.entries(condition.filters)
    .filter(([name]) => !except.has(name))
    .map(([name, terms]) => `${name}=${termsKey(terms)}`)
    .sort()
  return JSON.stringify([reachKey(condition.reach), condition.words, filters])
}

export const termsKey = (terms: readonly Term[]): string => terms.map(writeTerm).sort().join('\0')

/** Name of the column that a filter on the field looks at. */
export const filteredBy = (spec: FieldSpec, name: string): string => (spec.kind === 'reference' ? (spec.among ?? name) : name)

/** The condition over alias `t`, filters on `except` left out; permission is part of it, always. */
export const conditionSql = (condition: Condition, params: Params, except: ReadonlySet<string> = new Set()): string => {
  const { resource, reach, filters, words } = condition
  const { columns } = shapeOf(resource)
  const parts = [reachSql(resource, reach, params)]
  for (const [name, terms] of Object.entries(filters)) {
    const column = columns[filteredBy(resource.fields[name]!, name)]
    if (terms.length > 0 && column && !except.has(name))
      parts.push(termsSql(resource.fields[name]!, column, `t.${column.sql}`, terms, params))
  }
  for (const word of words) {
    // Prepared search columns hold small letters, so `like` with its trigram index does; others are compared case-blind.
    const anywhere = resource.list.search.map((name) => {
      const column = `t.${columns[name]!.sql}`
      return name === 'searchText'
        ? `${column} like ${params.add(`%${escapeLike(word.toLowerCase())}%`)}`
        : `${column} ilike ${params.add(`%${escapeLike(word)}%`)}`
    })
    parts.push(anywhere.length === 0 ? 'false' : anywhere.length === 1 ? anywhere[0]! : `(${anywhere.join(' or ')})`)
  }
  const real = parts.filter((part) => part !== 'true')
  return real.length > 0 ? real.join(' and ') : 'true'
}
