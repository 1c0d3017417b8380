import { fleetWords, scenarioWords, stepWords } from './words'

/** As far as anybody here looks into a schema of zod. */
interface Shaped {
  shape?: Record<PropertyKey, Shaped>
  description?: string
  def?: { innerType?: Shaped; in?: Shaped; valueType?: Shaped; options?: readonly Shaped[] }
}

/** The object or record in it, through whatever is around that: a default, or other ways to write the same. */
const bare = (schema: Shaped | undefined): Shaped | undefined => {
  if (schema === undefined || schema.shape !== undefined || schema.def?.valueType !== undefined) return schema
  const { innerType, in: before, options = [] } = schema.def ?? {}
  return [innerType, before, ...options].map(bare).find((one) => one !== undefined)
}

/** The words that may stand at this place of what the schema describes. */
export const keysAt = (schema: unknown, path: readonly PropertyKey[]): string[] => {
  const found = path.reduce<Shaped | undefined>((outer, key) => {
    const { shape, def } = bare(outer) ?? {}
    return shape ? shape[key] : def?.valueType
  }, schema as Shaped)
  return Object.keys(bare(found)?.shape ?? {})
}

interface Meaning {
  /** How far it is from the left: a word of a step stands under its verb. */
  depth: number
  word: string
  meaning: string
}

/** Every word of the language in the order of a file. */
export const allWords = (): Meaning[] => {
  const of = (schema: unknown, depth: number): Meaning[] =>
    Object.entries((schema as Shaped).shape ?? {}).map(([word, one]) => ({ depth, word, meaning: one.description ?? '' }))
  return of(scenarioWords, 0).flatMap((one) => {
    if (one.word === 'fleet') return [one, ...of(fleetWords, 1)]
    if (one.word !== 'steps') return [one]
    const steps = Object.entries(stepWords).flatMap(([verb, schema]) =>
      of(schema, 2)
        .filter(({ word }) => word !== 'name')
        .flatMap((own) =>
          own.word === verb ? [{ ...own, depth: 1 }, ...(verb === 'expect' ? of(schema.shape[verb as never], 2) : [])] : [own],
        ),
    )
    return [one, ...of(stepWords.release, 1).filter(({ word }) => word === 'name'), ...steps]
  })
}

const column = 28

export const sayWords = (): string[] =>
  allWords().map(({ depth, word, meaning }) => `${`${'  '.repeat(depth)}${word}:`.padEnd(column)}${meaning}`)
