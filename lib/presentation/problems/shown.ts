import type { ProblemItem, ProblemKind, Severity, Subjects } from '@/lib/domain/problems/problem'

export interface Step {
  label: string
  href: string
}

export interface ShownItem {
  key: string
  environmentId: string | null
  label: string
  href: string
  /** What is wrong with this one, in words. */
  detail: string
  /** ISO time since when it is so; null: not known. */
  since: string | null
  /** ISO time of the look that tells it, where that may be old; null: there was none. */
  seenAt?: string | null
  /** ISO time at which it will happen. */
  due?: string
  /** What a person would do about it. */
  next?: Step
}

export interface ShownProblem {
  kind: ProblemKind
  severity: Severity
  title: string
  items: ShownItem[]
  /** How many there are, those not listed included. */
  total: number
  /** All of them as a list; null: the items are all. */
  href: string | null
  /** What a person would do about all of them at once. */
  next?: Step
}

/** Where things are in the console. `resource` is a resource's name. */
export interface Addresses {
  object: (resource: string, id: string) => string
  /** `query` as a list's address takes it: `state=stopped`. */
  list: (resource: string, query: string) => string
  run: (resource: string, operation: string, given: Readonly<Record<string, string>>) => string
}

/** Resource name → path segment. */
export type PathOf = Readonly<Record<string, string>>

export const addressesOf = (pathOf: PathOf): Addresses => ({
  object: (resource, id) => `/${pathOf[resource]}/${id}`,
  list: (resource, query) => `/${pathOf[resource]}?${query}`,
  run: (resource, operation, given) =>
    `/${pathOf[resource]}/run/${operation}?${Object.entries(given)
      .map(([name, value]) => `${name}=${name === 'ids' ? value : encodeURIComponent(value)}`)
      .join('&')}`,
})

/** What the words may say besides the subject. */
export interface Context {
  addresses: Addresses
  /** ISO time of the reading. */
  at: string
  /** An ISO time as the reader's clock shows it. */
  clock: (at: string) => string
}

/** The words of one kind of problem. */
export interface Words<Kind extends ProblemKind> {
  title: (total: number, items: readonly ProblemItem<Subjects[Kind]>[]) => string
  /** All of them as a list; absent: the items are all. */
  list?: (addresses: Addresses) => string
  item: (subject: Subjects[Kind], context: Context) => Omit<ShownItem, 'key' | 'environmentId'>
  /** Nothing is listed one by one. */
  isCountOnly?: true
  next?: (total: number, items: readonly ProblemItem<Subjects[Kind]>[], addresses: Addresses) => Step | undefined
}
