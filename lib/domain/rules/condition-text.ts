import { hostMetrics, instanceMetrics } from '../samples/metrics'
import { type ComparedSubject, type Comparison, type Condition, comparedSubjects, comparisonSigns } from './conditions'
import { derivedMetrics, isLive } from './figures'

const metrics = [...instanceMetrics, ...hostMetrics, ...derivedMetrics]
const comparisonsMax = 40
const depthMax = 8
const minutesMax = 24 * 60
/** Of these the sum over members says something; ratios and percents are weighed by vCPUs. */
export const combinedMetrics: ReadonlySet<string> = new Set([
  'load',
  'loadPerCpu',
  'activePerCpu',
  'cpu',
  'active',
  'busy',
  'waiting',
  'commits',
  'walBytes',
])

const signs: Readonly<Record<string, Comparison['sign']>> = {
  ...Object.fromEntries(comparisonSigns.map((sign) => [sign, sign])),
  '>=': '≥',
  '<=': '≤',
}

class Unreadable extends Error {}

/**
 * Conditions as people write them: `lagSeconds < 60 and (loadPerCpu < 0.5 for 30 min or primary.active < 5)`. `and` binds before `or`; line ends count as
 * blanks; empty: none. Otherwise what is wrong with them, in words.
 */
export const parseConditions = (text: string): Condition | string => {
  const tokens = text.match(/\(|\)|>=|<=|[<>≥≤=]|[^\s()<>≥≤=]+/gu) ?? []
  if (tokens.length === 0) return { all: [] }
  try {
    const reader = new Reader(tokens)
    const condition = reader.either(0)
    return reader.next() === undefined ? condition : `“${reader.next()}” stands where “and”, “or” or the end is expected.`
  } catch (error) {
    if (error instanceof Unreadable) return error.message
    throw error
  }
}

class Reader {
  #at = 0
  #comparisons = 0
  readonly #tokens: readonly string[]

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens
  }

  next(): string | undefined {
    return this.#tokens[this.#at]
  }

  either(depth: number): Condition {
    const parts = this.#joined('or', () => this.#both(depth))
    return parts.length === 1 ? parts[0]! : { any: parts }
  }

  #both(depth: number): Condition {
    const parts = this.#joined('and', () => this.#one(depth))
    return parts.length === 1 ? parts[0]! : { all: parts }
  }

  #joined(word: string, read: () => Condition): Condition[] {
    const parts = [read()]
    while (this.next()?.toLowerCase() === word) {
      this.#at += 1
      parts.push(read())
    }
    return parts
  }

  #one(depth: number): Condition {
    if (this.next() !== '(') return this.#comparison()
    if (depth >= depthMax) throw new Unreadable(`Parentheses go at most ${depthMax} deep.`)
    this.#at += 1
    const inner = this.either(depth + 1)
    if (this.#take() !== ')') throw new Unreadable('A parenthesis is not closed.')
    return inner
  }

  #take(): string | undefined {
    const token = this.next()
    this.#at += 1
    return token
  }

  #comparison(): Comparison {
    this.#comparisons += 1
    if (this.#comparisons > comparisonsMax) throw new Unreadable(`Write at most ${comparisonsMax} comparisons.`)
    const { metric, of, isAhead } = figureOf(this.#take())
    const written = this.#take()
    const sign = written === undefined ? undefined : signs[written]
    if (sign === undefined) throw new Unreadable(`${metric} is followed by ${said(written)}. Write one of > >= < <= =.`)
    const bound = numberOf(this.#take(), `${metric} ${written}`)
    const minutes = this.next()?.toLowerCase() === 'for' ? this.#minutes() : 0
    if (isLive(metric) && (isAhead || minutes > 0))
      throw new Unreadable(
        `${metric} is counted when the rule decides, so nothing is known of other minutes. Write ${metric} ${written} ${bound}.`,
      )
    if (isAhead && minutes === 0) throw new Unreadable(`Say how far ahead: forecast.${metric} ${written} ${bound} for 480 min.`)
    return { metric, sign, bound, minutes, ...(of === 'member' ? {} : { of }), ...(isAhead ? { isAhead: true as const } : {}) }
  }

  #minutes(): number {
    this.#at += 1
    const token = this.#take()
    const [, count, glued] = /^(\d{1,5})(min|m|minutes?)?$/i.exec(token ?? '') ?? []
    const minutes = Number(count)
    if (count === undefined || minutes < 1 || minutes > minutesMax)
      throw new Unreadable(`“for” is followed by ${said(token)}. Write whole minutes from 1 to ${minutesMax}: for 30 min.`)
    if (glued === undefined && /^(min|m|minutes?)$/i.test(this.next() ?? '')) this.#at += 1
    return minutes
  }
}

const said = (token: string | undefined): string => (token === undefined ? 'nothing' : `“${token}”`)

const numberOf = (token: string | undefined, after: string): number => {
  if (token === undefined || !/^-?\d{1,15}(\.\d{1,6})?$/.test(token))
    throw new Unreadable(`“${after}” is followed by ${said(token)}. Write a number, in the unit of the figure.`)
  return Number(token)
}

const figureOf = (token: string | undefined): { metric: Comparison['metric']; of: ComparedSubject; isAhead: boolean } => {
  const written = token?.split('.') ?? []
  const isAhead = written[0]?.toLowerCase() === 'forecast'
  const parts = isAhead ? written.slice(1) : written
  const of = parts.length === 2 ? comparedSubjects.find((one) => one === parts[0]!.toLowerCase()) : 'member'
  const named = parts.at(-1)?.toLowerCase()
  const metric = metrics.find(({ name }) => name.toLowerCase() === named)?.name
  if (of === undefined || metric === undefined || parts.length > 2)
    throw new Unreadable(
      `${said(token)} is no figure. Write one of ${metrics.map(({ name }) => name).join(', ')}; with primary. or combined. before it where it is not the member’s, and forecast. before that where it is of the time ahead.`,
    )
  if (of === 'combined' && !combinedMetrics.has(metric))
    throw new Unreadable(`combined.${metric} says nothing. It is for ${[...combinedMetrics].join(', ')}.`)
  return { metric, of, isAhead }
}

/** What each comparison of a condition needs to have been recorded. */
export const comparisonsIn = (condition: Condition): Comparison[] =>
  'metric' in condition ? [condition] : ('all' in condition ? condition.all : condition.any).flatMap(comparisonsIn)
