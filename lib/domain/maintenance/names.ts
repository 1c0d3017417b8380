/** Anchored regular expressions that PostgreSQL and JavaScript read alike; null: any schema. */
export interface NamePattern {
  /** As it was given. */
  text: string
  schema: string | null
  name: string
}

const plain = /[A-Za-z0-9_$\u0080-\uffff]/
const wild: Readonly<Record<string, string>> = { '*': '.*', '?': '.' }

const literally = (character: string): string => (/[A-Za-z0-9_\u0080-\uffff]/.test(character) ? character : `\\${character}`)

/**
 * Names and patterns as psql takes them, with commas or line ends between them: `public.orders`, `app.*`, `"Odd table"`. What is not quoted is lower case, with
 * `*` and `?` for anything. A sentence: what is wrong with it.
 */
export const parseNames = (given: string): NamePattern[] | string => {
  const patterns: NamePattern[] = []
  let at = 0
  const blank = () => {
    while (at < given.length && /[ \t]/.test(given[at]!)) at += 1
  }
  /** One part of a name; a sentence where there is none. */
  const part = (): { regex: string } | string => {
    let regex = ''
    const begin = at
    while (at < given.length) {
      const character = given[at]!
      if (character === '"') {
        const end = closing(given, at)
        if (end === null) return `The quote before ${given.slice(at + 1, at + 21)} is not closed.`
        for (const one of given.slice(at + 1, end).replaceAll('""', '"')) regex += literally(one)
        at = end + 1
      } else if (character in wild) {
        regex += wild[character]
        at += 1
      } else if (plain.test(character)) {
        regex += literally(character.toLowerCase())
        at += 1
      } else break
    }
    return at === begin || regex === '' ? `A name is missing at “${given.slice(begin, begin + 20)}”.` : { regex: `^(?:${regex})$` }
  }
  while (at < given.length) {
    blank()
    if (/[,\r\n]/.test(given[at] ?? ',')) {
      at += 1
      continue
    }
    const begin = at
    const first = part()
    if (typeof first === 'string') return first
    let second: { regex: string } | string | null = null
    if (given[at] === '.') {
      at += 1
      second = part()
      if (typeof second === 'string') return second
    }
    const text = given.slice(begin, at)
    blank()
    if (at < given.length && !/[,\r\n]/.test(given[at]!))
      return `After ${text} comes a comma or the end of the line, not “${given.slice(at, at + 10)}”. Names with blanks or capitals stand in double quotes.`
    patterns.push(
      second === null
        ? { text, schema: null, name: first.regex }
        : { text, schema: first.regex, name: (second as { regex: string }).regex },
    )
  }
  return patterns
}

/** Of the quote at `from`: where it ends; two together are one quote of the name. */
const closing = (text: string, from: number): number | null => {
  for (let at = from + 1; at < text.length; at += 1) {
    if (text[at] !== '"') continue
    if (text[at + 1] !== '"') return at
    at += 1
  }
  return null
}

export const matches = ({ schema, name }: NamePattern, object: { schema: string; name: string }): boolean =>
  (schema === null || new RegExp(schema, 's').test(object.schema)) && new RegExp(name, 's').test(object.name)
