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
