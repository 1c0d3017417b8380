export interface SpotPoint {
  type: string
  zone: string
  /** The price holds from here until the next point of the same type and zone. */
  atMs: number
  usd: number
}

export interface SpotSeries {
  /** The price that holds at the end. */
  now: number
  /** When it was set, ms since 1970. */
  atMs: number
  /** Mean of each day by the time that each price held, the oldest first; null: nothing is known of that day. */
  days: (number | null)[]
}

export const dayMs = 86_400_000
export const historyDays = 30

/** By type, then zone: the days until `nowMs`. Points may come in any order. Source: DescribeSpotPriceHistory gives changes, not samples. */
export const seriesOf = (points: readonly SpotPoint[], nowMs: number): Record<string, Record<string, SpotSeries>> => {
  const grouped = new Map<string, SpotPoint[]>()
  for (const point of points) {
    const key = `${point.type} ${point.zone}`
    const group = grouped.get(key)
    if (group) group.push(point)
    else grouped.set(key, [point])
  }
  const all: Record<string, Record<string, SpotSeries>> = {}
  for (const group of grouped.values()) {
    group.sort((a, b) => a.atMs - b.atMs)
    const { type, zone, usd, atMs } = group.at(-1)!
    all[type] ??= {}
    all[type][zone] = { now: usd, atMs, days: daysOf(group, nowMs) }
  }
  return all
}

const daysOf = (points: readonly SpotPoint[], nowMs: number): (number | null)[] => {
  const beginMs = nowMs - historyDays * dayMs
  const [paid, held] = [new Array<number>(historyDays).fill(0), new Array<number>(historyDays).fill(0)]
  points.forEach(({ atMs, usd }, index) => {
    const endMs = Math.min(points[index + 1]?.atMs ?? nowMs, nowMs)
    for (let from = Math.max(atMs, beginMs); from < endMs; ) {
      const day = Math.floor((from - beginMs) / dayMs)
      const until = Math.min(endMs, beginMs + (day + 1) * dayMs)
      paid[day]! += usd * (until - from)
      held[day]! += until - from
      from = until
    }
  })
  return paid.map((sum, day) => (held[day]! > 0 ? Number((sum / held[day]!).toFixed(6)) : null))
}
