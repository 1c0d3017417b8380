/** Plain JSON: what may be stored in a journal, hashed into a digest, or sent to a browser. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json | undefined }
export type JsonObject = { [key: string]: Json | undefined }

/** The same, or `never` where JSON would not bring it back as it was: a `Date` arrives as a string, a `Map` empty. */
export type AsJson<T> = T extends Json | undefined
  ? T
  : T extends Date | bigint | symbol | ReadonlyMap<unknown, unknown> | ReadonlySet<unknown> | ((...given: never[]) => unknown)
    ? never
    : T extends object
      ? { [Key in keyof T]: AsJson<T[Key]> }
      : T

/** An object, and neither null nor a list. */
export const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Canonical text: keys sorted, undefined left out; equal values have equal text, so it can be hashed. */
export const canonicalJson = (value: Json | undefined): string => {
  if (value === undefined) return 'null'
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value).filter(([, v]) => v !== undefined)
    return `{${entries
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      .map(([k, v]) => `${JSON.stringify(k)}:${canonicalJson(v)}`)
      .join(',')}}`
  }
  return JSON.stringify(value)
}

/** Whether two values are one as JSON, whatever the order of their keys. */
export const isSameJson = (one: unknown, other: unknown): boolean => canonicalJson(one as Json) === canonicalJson(other as Json)

/** Deeper than anything the console is sent; what walks a value by calling itself is safe to here. */
const depthMax = 64
/** No text of PostgreSQL holds them: the NUL, and halves of a character beyond the first 65 536. */
const unstorableText = /\0|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/

/** The first part of a value from outside that could not be stored, by its dotted path; null: there is none. It is looked at without going deep itself. */
export const unstorable = (value: unknown): { path: string; message: string } | null => {
  const waiting: { path: readonly string[]; value: unknown }[] = [{ path: [], value }]
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { path } = next
    const refuse = (message: string) => ({ path: path.join('.').slice(0, 200), message })
    if (typeof next.value === 'string' && unstorableText.test(next.value)) return refuse('holds a character that cannot be stored')
    if (typeof next.value !== 'object' || next.value === null) continue
    if (path.length >= depthMax) return refuse(`is nested more than ${depthMax} deep`)
    for (const [name, part] of Object.entries(next.value)) {
      if (unstorableText.test(name)) return refuse('has a name with a character that cannot be stored')
      if (typeof part === 'string' || (typeof part === 'object' && part !== null)) waiting.push({ path: [...path, name], value: part })
    }
  }
  return null
}
