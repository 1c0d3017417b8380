import type { ListPage } from '@/lib/shapes/list'

/**
 * A quiet refresh while somebody points at the rows: values change in place, nothing moves, nothing vanishes, nothing appears.
 * Rows that are no longer on the page keep what was last known of them. Facets and totals are the new ones.
 */
export const mergeInPlace = (shown: ListPage, news: ListPage): ListPage => {
  const at = new Map(news.ids.map((id, index) => [id, index]))
  const columns = shown.columns.map((name) => news.columns.indexOf(name))
  const place = <T>(old: readonly T[], fresh: readonly T[]): T[] =>
    shown.ids.map((id, index) => {
      const found = at.get(id)
      return found === undefined ? old[index]! : fresh[found]!
    })
  const references: ListPage['references'] = {}
  for (const name of new Set([...Object.keys(shown.references), ...Object.keys(news.references)]))
    references[name] = { ...shown.references[name], ...news.references[name] }
  return {
    ...news,
    columns: shown.columns,
    ids: shown.ids,
    rows: shown.ids.map((id, index) => {
      const found = at.get(id)
      return found === undefined ? shown.rows[index]! : columns.map((column) => news.rows[found]![column] ?? null)
    }),
    references,
    observedAt: shown.observedAt && news.observedAt ? place(shown.observedAt, news.observedAt) : news.observedAt,
    facets: news.facets ?? shown.facets,
  }
}

/** Whether the same rows stand in the same order. */
export const isSameOrder = (a: ListPage, b: ListPage): boolean =>
  a.ids.length === b.ids.length && a.ids.every((id, index) => id === b.ids[index])

/** Ids of rows that were there before and look different now. Markup is compared, so what is not shown does not count. */
export const changedIds = (before: ReadonlyMap<string, string>, ids: readonly string[], markup: readonly string[]): string[] =>
  ids.filter((id, index) => {
    const was = before.get(id)
    return was !== undefined && was !== markup[index]
  })
