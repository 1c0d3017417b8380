import { formatValue } from '@/lib/fields/kinds'
import type { Actor } from '@/lib/kernel/access/access'
import type { Json } from '@/lib/kernel/ground/json'
import type { FieldKind } from '@/lib/kernel/resource/field'
import { hasWildcard, matchesTerms, type Term, writeTerm } from '@/lib/kernel/resource/terms'
import type { Facet, FacetChoice } from '@/lib/shapes/list'
import { Fresh } from '../pg/cached'
import { shapeOf, targetOf } from '../pg/resource-table'
import { Params, queryRows } from '../pg/statement'
import { type Condition, conditionKey, conditionSql, filteredBy, termsKey } from './condition'
import { titlesOf } from './titles'

/**
 * Every combination of values of the filterable columns with its number of rows: one scan answers the total and all the counts, whichever
 * choices are ticked, since each facet leaves its own filter out.
 */
interface Cube {
  fields: readonly string[]
  groups: readonly { values: readonly Json[]; count: number }[]
  /** Filters on the cube's fields → what follows from them. */
  answers: Map<string, { total: number; counts: Map<string, Map<string, { value: Json; count: number }>> }>
}

const countable: ReadonlySet<FieldKind> = new Set<FieldKind>(['choice', 'flag', 'reference', 'text', 'hostname', 'tags', 'port', 'integer'])
const choicesMax = 50
const answersMax = 200

/** Counts are at most this old when only observed values moved; a save is seen at once. Costly counts live a little longer, never over two seconds. */
const lifeMs = (tookMs: number): number => Math.min(2_000, Math.max(1_000, tookMs * 10))

const cubes = new Fresh<Cube>({ weightMax: 150_000, weightOf: (cube) => cube.groups.length + 10 })

const facetFields = (condition: Condition): string[] =>
  condition.resource.list.filters.filter((name) => countable.has(condition.resource.fields[name]!.kind))

const readCube = async (condition: Condition, fields: readonly string[]): Promise<Cube> => {
  const { table, columns } = shapeOf(condition.resource)
  const params = new Params()
  const where = conditionSql(condition, params, new Set(fields))
  const list = fields.map((name) => `t.${columns[filteredBy(condition.resource.fields[name]!, name)]!.sql}`).join(', ')
  const rows = await queryRows(
    fields.length === 0
      ? `select count(*) from ${table} t where ${where}`
      : `select ${list}, count(*) from ${table} t where ${where} group by ${list}`,
    params,
  )
  return { fields, groups: rows.map((row) => ({ count: row.pop() as number, values: row })), answers: new Map() }
}

const cubeOf = (condition: Condition): Promise<Cube> => {
  const fields = facetFields(condition)
  return cubes.get(condition.resource.name, conditionKey(condition, new Set(fields)), () => readCube(condition, fields), lifeMs)
}

const answerOf = (cube: Cube, condition: Condition) => {
  const terms: (readonly Term[])[] = cube.fields.map((name) => condition.filters[name] ?? [])
  const key = terms.map(termsKey).join('\u0001')
  const known = cube.answers.get(key)
  if (known) return known
  const counts = new Map(cube.fields.map((name) => [name, new Map<string, { value: Json; count: number }>()]))
  let total = 0
  for (const { values, count } of cube.groups) {
    const failing: number[] = []
    for (const [index, list] of terms.entries())
      if (list.length > 0 && !matchesTerms(condition.resource.fields[cube.fields[index]!]!, list, values[index]!)) failing.push(index)
    if (failing.length === 0) total += count
    for (const [index, name] of cube.fields.entries()) {
      if (failing.length > 1 || (failing.length === 1 && failing[0] !== index)) continue
      const value = values[index]!
      const each: readonly Json[] = Array.isArray(value) ? (value.length > 0 ? value : [null]) : [value]
      for (const one of each) {
        const seen = counts.get(name)!
        const text = one === null || one === '' ? '' : String(one)
        const entry = seen.get(text)
        if (entry) entry.count += count
        else seen.set(text, { value: text === '' ? null : one, count })
      }
    }
  }
  const answer = { total, counts }
  if (cube.answers.size < answersMax) cube.answers.set(key, answer)
  return answer
}

/** How many rows the condition holds for. */
export const totalOf = async (condition: Condition): Promise<number> => answerOf(await cubeOf(condition), condition).total

const choicesOf = async (
  actor: Actor,
  condition: Condition,
  name: string,
  counted: ReadonlyMap<string, { value: Json; count: number }>,
): Promise<FacetChoice[]> => {
  const { resource } = condition
  const spec = resource.fields[name]!
  const found = new Map(counted)
  const declared = spec.kind === 'choice' ? spec.choices.map((choice) => choice.value) : spec.kind === 'flag' ? ['true', 'false'] : []
  for (const value of declared)
    if (!found.has(value)) found.set(value, { value: spec.kind === 'flag' ? value === 'true' : value, count: 0 })
  // A ticked choice stays on the list although nothing has it any more.
  for (const { operator, value } of condition.filters[name] ?? [])
    if ((operator === 'is' || operator === 'not') && !hasWildcard(value) && !found.has(value)) found.set(value, { value, count: 0 })
  const target = targetOf(resource, name)
  const titles = target
    ? await titlesOf(
        actor,
        target,
        [...found.keys()].filter((key) => key !== ''),
      )
    : null
  const choices = [...found].map(([text, { value, count }]) => ({
    value: text === '' ? 'isnull' : writeTerm({ operator: 'is', value: text }),
    label: text === '' ? (spec.empty ?? 'None') : titles ? (titles.get(text) ?? text) : formatValue(spec, value),
    count,
    rank: text === '' ? Number.POSITIVE_INFINITY : declared.indexOf(text),
  }))
  const byLabel = (a: { label: string }, b: { label: string }) => a.label.localeCompare(b.label, 'en', { numeric: true })
  const most = choices.sort((a, b) => (declared.length > 0 ? a.rank - b.rank : b.count - a.count)).slice(0, choicesMax)
  return (declared.length > 0 ? most : most.sort((a, b) => (a.rank === b.rank ? byLabel(a, b) : a.rank - b.rank))).map(
    ({ value, label, count }) => ({ value, label, count }),
  )
}

const made = new WeakMap<object, Promise<Facet[]>>()

/** The choices of each filter with how many rows each would give, all other filters kept. */
export const facetsOf = async (actor: Actor, condition: Condition): Promise<Facet[]> => {
  const cube = await cubeOf(condition)
  const answer = answerOf(cube, condition)
  // Within one reach titles are the same for everybody, so the labelled choices can be shared as well.
  let facets = made.get(answer)
  if (!facets) {
    facets = Promise.all(
      cube.fields.map(async (field) => ({ field, choices: await choicesOf(actor, condition, field, answer.counts.get(field)!) })),
    )
    made.set(answer, facets)
  }
  return facets
}
