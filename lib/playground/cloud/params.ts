import { CloudFault } from './fault'

/** The parameters of a request in the Query protocol: `Filter.1.Value.2=running`. */
export class Params {
  private readonly pairs: URLSearchParams

  constructor(body: string) {
    this.pairs = new URLSearchParams(body)
  }

  get(name: string): string | undefined {
    return this.pairs.get(name) ?? undefined
  }

  must(name: string): string {
    const value = this.get(name)
    if (value === undefined || value === '') throw new CloudFault('MissingParameter', `The request must contain the parameter ${name}`)
    return value
  }

  isTrue(name: string): boolean {
    return this.get(name) === 'true'
  }

  int(name: string): number | undefined {
    const value = this.get(name)
    if (value === undefined) return undefined
    if (!/^\d{1,9}$/.test(value)) throw new CloudFault('InvalidParameterValue', `Value (${value}) for parameter ${name} is invalid.`)
    return Number(value)
  }

  /** `Name.1`, `Name.2` … in order. */
  list(name: string): string[] {
    return this.numbers(name).map((number) => this.get(`${name}.${number}`) ?? '')
  }

  /** `Name.1.…`, `Name.2.…` each as parameters of their own. */
  groups(name: string): Params[] {
    return this.numbers(name).map((number) => {
      const prefix = `${name}.${number}.`
      const own = [...this.pairs].filter(([key]) => key.startsWith(prefix)).map(([key, value]) => [key.slice(prefix.length), value])
      return new Params(new URLSearchParams(own).toString())
    })
  }

  /** `Name.…` as parameters of their own. */
  under(name: string): Params {
    const own = [...this.pairs].filter(([key]) => key.startsWith(`${name}.`)).map(([key, value]) => [key.slice(name.length + 1), value])
    return new Params(new URLSearchParams(own).toString())
  }

  /** The same for two requests that ask for the same; `but`: names that do not count. */
  print(but: readonly string[]): string {
    return JSON.stringify([...this.pairs].filter(([key]) => !but.includes(key)).sort())
  }

  private numbers(name: string): number[] {
    const found = [...this.pairs.keys()].flatMap((key) =>
      key.startsWith(`${name}.`) ? [Number(key.slice(name.length + 1).split('.')[0])] : [],
    )
    return [...new Set(found.filter((number) => Number.isInteger(number)))].sort((a, b) => a - b)
  }
}

const pageMin = 5
const pageMax = 1000

/** One page of `all`: MaxResults and NextToken as EC2 takes them. `secret` binds a token to its question. */
export const paged = <T>(params: Params, all: readonly T[], secret: string): { page: T[]; nextToken: string | undefined } => {
  const max = params.int('MaxResults')
  if (max !== undefined && (max < pageMin || max > pageMax))
    throw new CloudFault(
      'InvalidParameterValue',
      `Value ( ${max} ) for parameter maxResults is invalid. Expecting a value between ${pageMin} and ${pageMax}.`,
    )
  const token = params.get('NextToken')
  const [of, from] = token === undefined ? [secret, '0'] : Buffer.from(token, 'base64url').toString('utf8').split('\u0000')
  const start = Number(from)
  if (of !== secret || !Number.isInteger(start)) throw new CloudFault('InvalidNextToken', 'The specified token is not valid.')
  const end = start + (max ?? pageMax)
  return {
    page: all.slice(start, end),
    nextToken: end < all.length ? Buffer.from(`${secret}\u0000${end}`).toString('base64url') : undefined,
  }
}

/** `*` and `?` stand for any letters, and for one. */
export const asPattern = (text: string, flags = ''): RegExp =>
  new RegExp(
    `^${text
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
    `s${flags}`,
  )

/** Keeps what every `Filter` matches; the values of one filter are alternatives, with `*` and `?`. `valuesOf` answers null for a filter that is unknown. */
export const filtered = <T>(params: Params, all: readonly T[], valuesOf: (one: T, filter: string) => readonly string[] | null): T[] => {
  const filters = params
    .groups('Filter')
    .map((group) => ({ name: group.must('Name'), patterns: group.list('Value').map((value) => asPattern(value)) }))
  return filters.reduce<T[]>(
    (left, { name, patterns }) =>
      left.filter((one) => {
        const values = valuesOf(one, name)
        if (values === null) throw new CloudFault('InvalidParameterValue', `The filter '${name}' is invalid`)
        return values.some((value) => patterns.some((pattern) => pattern.test(value)))
      }),
    [...all],
  )
}
