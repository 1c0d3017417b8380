import { unknownNames } from '@/db/records/records'
import type { Actor } from '@/lib/kernel/access/access'
import { Fault, type FieldProblem } from '@/lib/kernel/ground/errors'
import { type ListQuery, parseListQuery } from '@/lib/kernel/resource/query'
import { describe as described, type Resource } from '@/lib/kernel/resource/resource'

const refuse = (found: readonly FieldProblem[], under: string): Fault => {
  const fields = found.map(({ path, message }) => ({ path: `${under}${path}`, message }))
  return new Fault('input.invalid', { because: `Not understood: ${[...new Set(fields.map(({ path }) => path))].join(', ')}.`, fields })
}

/**
 * A list's query as a script sent it. A page goes to a clean list and says so; a script must not take everything for what it filtered, so what is not understood
 * is refused, and so is a filter without a value: most often a variable that was empty. `under`: where the query stands in what was sent. Throws
 * `input.invalid`.
 */
export const strictQuery = (resource: Resource, params: URLSearchParams, under = ''): ListQuery => {
  const description = described(resource)
  const { query, problems } = parseListQuery({ ...description, list: { ...description.list, sparklines: [] } }, params)
  const named = new Set(problems.map(({ path }) => path))
  const empty = [...params].filter(([name, value]) => value.trim() === '' && !named.has(name))
  const message = 'has no value; leave it out to ask for everything, or say isnull or notnull'
  const all = [...problems, ...empty.map(([path]) => ({ path, message }))]
  if (all.length > 0) throw refuse(all, under)
  return query
}

/** For a list that came out empty: a filter by a name that nobody has (`env=typo`) is a mistake and no answer. Throws `input.invalid`. */
export const mustName = async (actor: Actor, resource: Resource, query: ListQuery, under = ''): Promise<void> => {
  const unknown = await unknownNames(actor, resource, query)
  const problems = unknown.map(({ field, noun, name }) => ({ path: field, message: `There is no ${noun} ${name}, or you may not see it.` }))
  if (problems.length > 0) throw refuse(problems, under)
}
