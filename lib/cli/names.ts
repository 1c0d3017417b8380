import { UsageError } from './args'
import { getJson, type Where } from './client'
import { Described } from './described'

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const shownMax = 5

export const isId = (word: string): boolean => uuid.test(word)

interface Named {
  id: string
  title: string
}

/** Those that are called so, case aside. Throws `UsageError` where they have no names. */
export const allCalled = async (where: Where, path: string, word: string, filter: Record<string, string> = {}): Promise<Named[]> => {
  const namedBy = (await new Described(where).list(path))?.namedBy
  if (!namedBy) throw new UsageError(`Give an id: the ${path.replaceAll('-', ' ')} have no names.`)
  // Contained in it, so that case does not matter; the backslash keeps a comma from parting it.
  const query = new URLSearchParams({ ...filter, [namedBy]: `~${word.replace(/[\\,]/g, '\\$&')}`, per: '500' })
  const { items } = await getJson<{ items: Named[] }>(where, `/api/v1/${path}?${query}`)
  return items.filter(({ title }) => title.toLowerCase() === word.toLowerCase())
}

/** Throws `UsageError` unless there is one. */
export const theOne = (called: readonly Named[], what: string, word: string): Named => {
  if (called.length === 1) return called[0]!
  if (called.length === 0) throw new UsageError(`None of the ${what} is called ${word}.`)
  const shown = called.slice(0, shownMax).map(({ id }) => id)
  const more = called.length > shownMax ? ` and ${called.length - shownMax} more` : ''
  throw new UsageError(`${called.length} ${what} are called ${word}: choose one by its id (${shown.join(', ')}${more}), or with --env.`)
}

/**
 * The id of the one object that is called so, case aside; an id stays as it is. `filter` narrows it: `{ env: 'prod' }`. Throws `UsageError` when there is none, or
 * more than one.
 */
export const idOf = async (where: Where, path: string, word: string, filter: Record<string, string> = {}): Promise<string> =>
  isId(word) ? word : theOne(await allCalled(where, path, word, filter), path.replaceAll('-', ' '), word).id

/** As `idOf`, written for a path of the API. */
export const idFor = async (where: Where, path: string, word: string): Promise<string> => encodeURIComponent(await idOf(where, path, word))
