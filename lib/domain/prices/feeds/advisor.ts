import { FeedError, fieldsOf, listOf, must, readJson, whole } from './read'

export interface Advice {
  /** Highest share of machines that AWS reclaimed in the last month, as a percentage. */
  evictionMax: number | null
  /** Mean saving against on-demand in the last month, as a percentage. */
  savingPercent: number | null
}

/** By region, then type; of Linux. */
export type Advisor = Readonly<Record<string, Readonly<Record<string, Advice>>>>

/** `spot-advisor-data.json`, the document behind the Spot Instance Advisor. Throws `FeedError`. */
export const readAdvisor = (text: string): Advisor => {
  const document = readJson(text)
  const highest = new Map<number, number>()
  for (const range of listOf(document.ranges).map(fieldsOf)) {
    const [index, max] = [whole(range.index), whole(range.max)]
    if (index !== null && max !== null) highest.set(index, max)
  }
  if (highest.size === 0) throw new FeedError('it has no ranges')
  const regions = Object.entries(must(document, 'spot_advisor')).map(([region, systems]) => [
    region,
    Object.fromEntries(
      Object.entries(fieldsOf(fieldsOf(systems).Linux)).map(([type, given]) => {
        const { r, s } = fieldsOf(given)
        const rate = whole(r)
        return [type, { evictionMax: (rate === null ? undefined : highest.get(rate)) ?? null, savingPercent: whole(s) }]
      }),
    ),
  ])
  return Object.fromEntries(regions) as Advisor
}
