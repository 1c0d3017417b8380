import { type PriceField, priceQuery, requirementsFrom } from '@/lib/shapes/prices'

export type Given = Readonly<Record<string, string | string[] | undefined>>

const views = ['fit', 'unfit'] as const
export type View = (typeof views)[number]

export const perPage = 50
const pagesMax = 10_000
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** The address as a question. */
export const readQuery = (given: Given) => {
  const one = (name: string) => [given[name]].flat()[0]
  const texts = Object.fromEntries(Object.keys(priceQuery.shape).map((name) => [name, one(name)]))
  const page = Number(one('page') ?? 1)
  const account = one('account') ?? ''
  return {
    ...requirementsFrom(texts),
    accountId: uuid.test(account) ? account : null,
    view: views.find((view) => view === one('view')) ?? 'fit',
    page: Number.isInteger(page) && page >= 1 && page <= pagesMax ? page : 1,
  }
}

/** The same address with another page or view; what is empty is left out. */
export const writeQuery = (given: Given, more: { page?: number; view?: View }): string => {
  const kept = new URLSearchParams()
  for (const name of ['account', ...Object.keys(priceQuery.shape)] as ('account' | PriceField)[]) {
    const value = [given[name]].flat()[0]
    if (value) kept.set(name, value)
  }
  if (more.view === 'unfit') kept.set('view', 'unfit')
  if (more.page !== undefined && more.page > 1) kept.set('page', String(more.page))
  const text = kept.toString()
  return text === '' ? '/prices' : `/prices?${text}`
}

/** The form of a new blueprint with the same requirements: its fields have the same names. */
export const blueprintQuery = (given: Given): string => {
  const [, query = ''] = writeQuery(given, {}).split('?')
  const asked = new URLSearchParams(query)
  const account = asked.get('account')
  asked.delete('account')
  asked.delete('seed')
  if (account !== null) asked.set('accountId', account)
  return asked.size === 0 ? '/blueprints/add' : `/blueprints/add?${asked}`
}
