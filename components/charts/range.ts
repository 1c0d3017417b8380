/** What time the charts of a page show: so long up to now, or between two moments. Seconds since 1970. */
export type Range = { last: RangeName } | { from: number; to: number }

const hour = 3600
export const rangeSeconds = { '1h': hour, '6h': 6 * hour, '24h': 24 * hour, '7d': 168 * hour } as const
export type RangeName = keyof typeof rangeSeconds
export const rangeWords: Record<RangeName, string> = { '1h': 'Last hour', '6h': '6 hours', '24h': 'Day', '7d': 'Week' }
export const rangeNames = Object.keys(rangeSeconds) as RangeName[]

/** Nothing is kept finer than ten seconds, and nothing longer than years. */
const shortest = 60
const longest = 2 * 366 * 24 * hour

/** Of a page's address; what is not understood is the last hour. */
export const rangeOf = (query: { get: (name: string) => string | null }): Range => {
  const last = query.get('range')
  if (last !== null && Object.hasOwn(rangeSeconds, last)) return { last: last as RangeName }
  const [from, to] = ['from', 'to'].map((name) => Date.parse(query.get(name) ?? '') / 1000) as [number, number]
  return to - from >= 1 && to - from <= longest ? { from, to } : { last: '1h' }
}

export const rangeQuery = (range: Range): string =>
  new URLSearchParams(
    'last' in range
      ? { range: range.last }
      : { from: new Date(range.from * 1000).toISOString(), to: new Date(range.to * 1000).toISOString() },
  ).toString()

export const windowOf = (range: Range, now: number): { from: number; to: number } =>
  'last' in range ? { from: now - rangeSeconds[range.last], to: now } : range

/** `factor` below 1 shows less time around `middle`, above 1 more; never beyond now, and never less than a minute. */
export const zoomed = (range: Range, factor: number, now: number, middle?: number): Range => {
  const { from, to } = windowOf(range, now)
  const length = Math.min(longest, Math.max(shortest, (to - from) * factor))
  const start = (middle ?? (from + to) / 2) - length / 2
  const end = Math.min(now, start + length)
  return between(end - length, end)
}

/** Earlier (negative) or later by so many times its length, at most up to now. */
export const moved = (range: Range, by: number, now: number): Range => {
  const { from, to } = windowOf(range, now)
  const end = Math.min(now, to + by * (to - from))
  return between(end - (to - from), end)
}

export const between = (from: number, to: number): Range => ({ from: Math.round(from), to: Math.round(to) })
