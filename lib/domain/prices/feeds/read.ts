/** What is no such document, in words; the caller says whose it is. */
export class FeedError extends Error {}

export type Fields = Readonly<Record<string, unknown>>

export const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {}

export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** The object under a name. Throws `FeedError` where there is none. */
export const must = (fields: Fields, name: string): Fields => {
  const found = fields[name]
  if (typeof found !== 'object' || found === null || Array.isArray(found)) throw new FeedError(`it has no ${name}`)
  return found as Fields
}

/** A price above zero; null for anything else: AWS writes `N/A*` and 0 for what it does not sell. */
export const price = (value: unknown): number | null => {
  const found = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return typeof found === 'number' && Number.isFinite(found) && found > 0 ? found : null
}

export const whole = (value: unknown): number | null => (typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : null)

/** Throws `FeedError` for what is no JSON. */
export const readJson = (text: string): Fields => {
  try {
    return fieldsOf(JSON.parse(text))
  } catch {
    throw new FeedError('it is no JSON')
  }
}
