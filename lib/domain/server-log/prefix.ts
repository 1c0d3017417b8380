/** What a `log_line_prefix` gives; the rest of it is passed over. */
export type PrefixField = 'at' | 'pid' | 'user' | 'database' | 'application' | 'client' | 'code'

/** `pattern`: how far it goes; without one it goes to what stands behind it. */
const escapes: Record<string, { field?: PrefixField; pattern?: RegExp }> = {
  a: { field: 'application' },
  u: { field: 'user' },
  d: { field: 'database' },
  r: { field: 'client' },
  h: { field: 'client' },
  p: { field: 'pid', pattern: /\d+/y },
  P: { pattern: /\d*/y },
  t: { field: 'at', pattern: /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [A-Za-z0-9+-]+/y },
  m: { field: 'at', pattern: /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} [A-Za-z0-9+-]+/y },
  n: { field: 'at', pattern: /\d+\.\d{3}/y },
  s: { pattern: /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [A-Za-z0-9+-]+/y },
  e: { field: 'code', pattern: /[0-9A-Z]{5}/y },
  c: { pattern: /[0-9a-f]+\.[0-9a-f]+/y },
  l: { pattern: /\d+/y },
  x: { pattern: /\d+/y },
  Q: { pattern: /-?\d+/y },
}

type Part = { text: string } | { field: PrefixField | undefined; pattern: RegExp | undefined; isPadded: boolean } | 'rest'

const partsOf = (prefix: string): Part[] =>
  [...prefix.matchAll(/%(-?\d*)([A-Za-z%])|([^%]+|%)/g)].map(([, padding, letter, text]): Part => {
    if (text !== undefined) return { text }
    if (letter === '%') return { text: '%' }
    if (letter === 'q') return 'rest'
    const { field, pattern } = escapes[letter!] ?? {}
    return { field, pattern, isPadded: padding !== '' }
  })

/**
 * Reads what stands before the level of a message that was written with this `log_line_prefix`; null where it was written with another one. What follows
 * `%q` is left out by processes without a session. A field that is there twice counts the first time. One pass, no going back: what stands there is
 * chosen by whoever connects. Where a name holds what stands between names, only what has a form of its own (time, process, code) is told.
 */
export const prefixReader = (prefix: string): ((before: string) => Partial<Record<PrefixField, string>> | null) => {
  const parts = partsOf(prefix)
  return (before) => {
    const fields: Partial<Record<PrefixField, string>> = {}
    const named = new Set<PrefixField>()
    const formed = () => {
      const kept = Object.entries(fields).filter(([field]) => !named.has(field as PrefixField))
      return kept.length > 0 ? Object.fromEntries(kept) : null
    }
    let at = 0
    for (const [index, part] of parts.entries()) {
      if (part === 'rest') {
        if (at === before.length) return fields
        continue
      }
      if ('text' in part) {
        if (!before.startsWith(part.text, at)) return formed()
        at += part.text.length
        continue
      }
      const pass = () => {
        while (part.isPadded && before[at] === ' ') at += 1
      }
      pass()
      const end = endOf(part.pattern, before, at, parts[index + 1])
      if (end === null) return formed()
      if (part.field && !part.pattern) named.add(part.field)
      if (part.field) fields[part.field] ??= before.slice(at, end).trim()
      at = end
      if (part.pattern) pass()
    }
    return at === before.length ? fields : formed()
  }
}

const endOf = (pattern: RegExp | undefined, before: string, at: number, next: Part | undefined): number | null => {
  if (pattern) {
    pattern.lastIndex = at
    return pattern.test(before) ? pattern.lastIndex : null
  }
  if (next === undefined) return before.length
  if (next === 'rest' || !('text' in next)) return at
  const end = before.indexOf(next.text, at)
  return end < 0 ? null : end
}

/** Where the prefix is not known, or was another one when the line was written: what can be told by its looks. */
export const readAnyPrefix = (before: string): Partial<Record<PrefixField, string>> => ({
  at: /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? [A-Za-z0-9+-]+/.exec(before)?.[0],
  pid: /\[(\d{1,10})(?:-\d{1,10})?\]/.exec(before)?.[1],
})
