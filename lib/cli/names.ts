import { UsageError } from './args'
import { getJson, type Where } from './client'
import { Described } from './described'

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const shownMax = 5

interface Named {
  id: string
  title: string
}

/**
 * The id of the one object that is called so, case aside; an id stays as it is. `filter` narrows it: `{ env: 'prod' }`. Throws `UsageError` when there is none, or
 * more than one.
 */
export const idOf = async (where: Where, path: string, word: string, filter: Record<string, string> = {}): Promise<string> => {
  if (uuid.test(word)) return word
  const namedBy = (await new Described(where).list(path))?.namedBy
  if (!namedBy) throw new UsageError(`Give an id: the ${path.replaceAll('-', ' ')} have no names.`)
  // Contained in it, so that case does not matter; the backslash keeps a comma from parting it.
  const query = new URLSearchParams({ ...filter, [namedBy]: `~${word.replace(/[\\,]/g, '\\$&')}`, per: '500' })
  const { items } = await getJson<{ items: Named[] }>(where, `/api/v1/${path}?${query}`)
  const called = items.filter(({ title }) => title.toLowerCase() === word.toLowerCase())
  if (called.length === 1) return called[0]!.id
  const what = path.replaceAll('-', ' ')
  if (called.length === 0) throw new UsageError(`None of the ${what} is called ${word}.`)
  const shown = called.slice(0, shownMax).map(({ id }) => id)
  const more = called.length > shownMax ? ` and ${called.length - shownMax} more` : ''
  throw new UsageError(`${called.length} ${what} are called ${word}: choose one by its id (${shown.join(', ')}${more}), or with --env.`)
}

/** As `idOf`, written for a path of the API. */
export const idFor = async (where: Where, path: string, word: string): Promise<string> => encodeURIComponent(await idOf(where, path, word))
