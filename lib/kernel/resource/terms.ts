import { parseBytes } from '@/lib/domain/values/bytes'
import { parseDuration } from '@/lib/domain/values/duration'
import { formatLsn, parseLsn } from '@/lib/domain/values/lsn'
import type { Json } from '../ground/json'
import type { FieldKind, FieldSpec } from './field'

/**
 * One condition on one field, as it stands in a URL: an operator sign and a value. `online`, `!stopped`, `~shop`, `>1073741824`, `isnull`.
 * Terms on one field combine so: (any of the plain ones, or all of the comparisons together) and none of the `!` ones.
 */
export type Operator = 'is' | 'not' | 'contains' | 'above' | 'atLeast' | 'below' | 'atMost' | 'empty' | 'filled'

/** `value` is canonical text for the field's kind: bytes and seconds as plain numbers, times as ISO or as an age (`-300`, seconds before now). */
export interface Term {
  operator: Operator
  value: string
}

const signs: readonly [string, Operator][] = [
  ['>=', 'atLeast'],
  ['<=', 'atMost'],
  ['!=', 'not'],
  ['>', 'above'],
  ['<', 'below'],
  ['!', 'not'],
  ['~', 'contains'],
  ['=', 'is'],
]
const signOf: Record<Operator, string> = {
  is: '',
  not: '!',
  contains: '~',
  above: '>',
  atLeast: '>=',
  below: '<',
  atMost: '<=',
  empty: 'isnull',
  filled: 'notnull',
}

const words: readonly Operator[] = ['is', 'not', 'contains', 'empty', 'filled']
const names: readonly Operator[] = ['is', 'not', 'empty', 'filled']
const measures: readonly Operator[] = ['is', 'not', 'above', 'atLeast', 'below', 'atMost', 'empty', 'filled']

interface TermKind {
  operators: readonly Operator[]
  /** Canonical text, or null when it is no value of the kind. */
  canonical: (text: string, spec: FieldSpec) => string | null
  /** What to write instead: ends the sentence "… is not ". */
  expected: string
}

const text: TermKind = { operators: words, canonical: (value) => value, expected: 'a text' }
const number = (parse: (text: string) => number | null, expected: string): TermKind => ({
  operators: measures,
  canonical: (value) => {
    const parsed = parse(value)
    return parsed === null || !Number.isFinite(parsed) ? null : String(parsed)
  },
  expected,
})
const whole = number((value) => (/^-?\d{1,15}$/.test(value) ? Number(value) : null), 'a whole number')
const flags: Record<string, string> = {
  true: 'true',
  yes: 'true',
  '1': 'true',
  on: 'true',
  false: 'false',
  no: 'false',
  '0': 'false',
  off: 'false',
}

const flagOf = (value: string, words: Readonly<Record<string, string>> = flags): string | null =>
  Object.hasOwn(words, value.toLowerCase()) ? words[value.toLowerCase()]! : null

const canonicalMoment = (value: string): string | null => {
  if (value.startsWith('-')) {
    const seconds = parseDuration(value.slice(1))
    return seconds === null ? null : `-${seconds}`
  }
  const time = /^\d{4}-\d{2}-\d{2}/.test(value) ? Date.parse(value) : Number.NaN
  return Number.isNaN(time) ? null : new Date(time).toISOString()
}

export const termKinds = {
  text,
  longText: text,
  hostname: text,
  path: text,
  port: whole,
  integer: number((value) => (/^-?\d{1,15}(\.\d+)?$/.test(value) ? Number(value) : null), 'a number'),
  bytes: number(parseBytes, 'a size such as 1GB'),
  seconds: number(parseDuration, 'a duration such as 5m'),
  flag: { operators: names, canonical: (value) => flagOf(value), expected: 'yes or no' },
  secret: {
    operators: names,
    canonical: (value) => flagOf(value, { ...flags, set: 'true', 'not set': 'false' }),
    expected: 'yes or no',
  },
  choice: {
    operators: names,
    canonical: (value, spec) => {
      const wanted = value.toLowerCase()
      const choices = spec.kind === 'choice' ? spec.choices : []
      return choices.find((choice) => choice.value.toLowerCase() === wanted || choice.label.toLowerCase() === wanted)?.value ?? null
    },
    expected: 'one of its choices',
  },
  moment: { operators: measures, canonical: canonicalMoment, expected: 'a time such as 2026-01-31T08:00Z, or an age such as -5m' },
  lsn: {
    operators: measures,
    canonical: (value) => {
      const position = parseLsn(value)
      return position === null ? null : formatLsn(position)
    },
    expected: 'a WAL position such as 0/3000148',
  },
  tags: { operators: words, canonical: (value) => value, expected: 'a tag' },
  reference: { operators: names, canonical: (value) => (uuidPattern.test(value) ? value.toLowerCase() : value), expected: 'a name' },
  json: { operators: ['empty', 'filled'], canonical: () => null, expected: 'something that can be filtered by value' },
} satisfies Record<FieldKind, TermKind>

export const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Reads one term; a sentence when it is none. An empty text is no term. */
export const readTerm = (spec: FieldSpec, source: string): Term | { because: string } => {
  const kind: TermKind = termKinds[spec.kind]
  const trimmed = source.trim()
  if (trimmed === 'isnull') return { operator: 'empty', value: '' }
  if (trimmed === 'notnull') return { operator: 'filled', value: '' }
  const [sign, operator] = signs.find(([start]) => trimmed.startsWith(start)) ?? ['', 'is' as const]
  const rest = trimmed.slice(sign.length).trim()
  if (!kind.operators.includes(operator)) return { because: `${spec.label} cannot be filtered with “${sign}”.` }
  const value = rest === '' ? null : kind.canonical(rest, spec)
  return value === null ? { because: `${spec.label}: “${rest}” is not ${kind.expected}.` } : { operator, value }
}

/** The canonical text of a term; `readTerm` gives the same term back. */
export const writeTerm = ({ operator, value }: Term): string => {
  const isAmbiguous = operator === 'is' && (value === 'isnull' || value === 'notnull' || signs.some(([sign]) => value.startsWith(sign)))
  return `${isAmbiguous ? '=' : signOf[operator]}${value}`
}

const comparisons: readonly Operator[] = ['above', 'atLeast', 'below', 'atMost']

/** The three groups a condition is made of. */
export const splitTerms = (terms: readonly Term[]): { plain: Term[]; ranges: Term[]; not: Term[] } => ({
  plain: terms.filter(({ operator }) => operator !== 'not' && !comparisons.includes(operator)),
  ranges: terms.filter(({ operator }) => comparisons.includes(operator)),
  not: terms.filter(({ operator }) => operator === 'not'),
})

/** `*` stands for any characters. */
export const hasWildcard = (value: string): boolean => value.includes('*')

const globMatches = (pattern: string, value: string): boolean => {
  const source = pattern
    .split('*')
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*')
  return new RegExp(`^${source}$`, 'is').test(value)
}

const isValue = (spec: FieldSpec, wanted: string, value: Json): boolean => {
  if (Array.isArray(value)) return value.some((one) => isValue({ ...spec, kind: 'text' } as FieldSpec, wanted, one))
  const text = String(value)
  const takesGlob = spec.kind === 'text' || spec.kind === 'longText' || spec.kind === 'hostname' || spec.kind === 'path'
  if (takesGlob && hasWildcard(wanted)) return globMatches(wanted, text)
  return spec.kind === 'hostname' ? text.toLowerCase() === wanted.toLowerCase() : text === wanted
}

const isEmpty = (value: Json): boolean => value === null || value === '' || (Array.isArray(value) && value.length === 0)

const compare: Partial<Record<Operator, (value: number, wanted: number) => boolean>> = {
  above: (value, wanted) => value > wanted,
  atLeast: (value, wanted) => value >= wanted,
  below: (value, wanted) => value < wanted,
  atMost: (value, wanted) => value <= wanted,
}

/** Whether a value passes a field's terms: the same answer as SQL gives, for every kind but times and WAL positions. */
export const matchesTerms = (spec: FieldSpec, terms: readonly Term[], value: Json): boolean => {
  const { plain, ranges, not } = splitTerms(terms)
  const passes = ({ operator, value: wanted }: Term): boolean => {
    if (operator === 'empty') return isEmpty(value)
    if (isEmpty(value)) return false
    if (operator === 'filled') return true
    if (operator === 'contains') {
      const texts = Array.isArray(value) ? value : [value]
      return texts.some((one) => String(one).toLowerCase().includes(wanted.toLowerCase()))
    }
    return isValue(spec, wanted, value)
  }
  const isInRange =
    ranges.length > 0 && !isEmpty(value) && ranges.every((term) => compare[term.operator]!(Number(value), Number(term.value)))
  const hasNoAlternative = plain.length === 0 && ranges.length === 0
  return (hasNoAlternative || isInRange || plain.some(passes)) && !not.some((term) => !isEmpty(value) && isValue(spec, term.value, value))
}
