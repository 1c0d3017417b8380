import { type Args, mustBeEmpty, take, UsageError } from '../args'
import { getJson, Refusal, type Where } from '../client'
import { allCalled, isId, theOne } from '../names'

const paths = { instance: 'instances', herd: 'herds', server: 'servers' } as const
export type Kind = keyof typeof paths

export interface Subject {
  kind: Kind
  /** Of its calls: `/api/v1/herds/ID`. */
  path: string
}

const orOf = (words: readonly string[]): string => (words.length < 2 ? words.join() : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`)

const pathOf = (kind: Kind, id: string): string => `/api/v1/${paths[kind]}/${encodeURIComponent(id)}`

const isThere = async (where: Where, path: string): Promise<boolean> => {
  try {
    await getJson(where, path)
    return true
  } catch (error) {
    if (error instanceof Refusal && error.problem.code === 'record.missing') return false
    throw error
  }
}

/** The kind of which there is one with this id. */
const kindOfId = async (where: Where, id: string, kinds: readonly Kind[]): Promise<Kind> => {
  if (kinds.length === 1) return kinds[0]!
  for (const kind of kinds) if (await isThere(where, pathOf(kind, id))) return kind
  throw new UsageError(`No ${orOf(kinds)} that you may see has the id ${id}.`)
}

/**
 * What the command's one word names: an instance, a herd or a server, whichever has that name. `--of` says which where several have it, `--env` where one is in
 * several environments. Takes the rest of the words; options must have been taken before. Throws `UsageError`.
 */
export const subjectOf = async (where: Where, args: Args, kinds: readonly Kind[]): Promise<Subject> => {
  const [wanted, env] = [kinds.length > 1 ? take(args, 'of') : undefined, take(args, 'env')]
  const [word, extra] = args.words
  if (!word || extra) throw new UsageError(`Give one ${orOf(kinds)}, by name or id.`)
  mustBeEmpty(args)
  const among = wanted === undefined ? kinds : kinds.filter((one) => one === wanted)
  if (among.length === 0) throw new UsageError(`--of takes ${orOf(kinds)}.`)
  if (isId(word)) {
    const kind = await kindOfId(where, word, among)
    return { kind, path: pathOf(kind, word) }
  }
  const called = await Promise.all(
    among.map(async (kind) => ({ kind, found: await allCalled(where, paths[kind], word, env === undefined ? {} : { env }) })),
  )
  const having = called.filter(({ found }) => found.length > 0)
  if (having.length === 0) throw new UsageError(`No ${orOf(among)} that you may see is called ${word}.`)
  if (having.length > 1) throw new UsageError(`Choose by --of ${orOf(having.map(({ kind }) => kind))}: each has one called ${word}.`)
  const { kind, found } = having[0]!
  return { kind, path: pathOf(kind, theOne(found, paths[kind], word).id) }
}

/** Options that a call takes under the same names. */
export const questionOf = (args: Args, names: readonly string[]): URLSearchParams =>
  new URLSearchParams(
    names.flatMap((name) => {
      const value = take(args, name)
      return value === undefined ? [] : [[name, value]]
    }),
  )
