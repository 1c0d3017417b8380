import type { SampleSeries } from '@/lib/shapes/samples'

export type Points = SampleSeries['points']

/** As a chart takes them: undefined, another line has a point there; null, here nothing is known. */
export interface Table {
  moments: number[]
  /** Of each line its highest, lowest and mean figures. */
  lines: Record<'high' | 'low' | 'mean', (number | null | undefined)[]>[]
}

/** Two samples that were missed are a gap: with fewer, what is drawn between two points would hide a short outage or tear at each late sample. */
const missedMin = 2.5

/** How far apart points of a line usually lie: the sample rate, or the step where that is longer. */
const cadence = (points: Points, step: number): number => {
  const apart = points.slice(1).map(([at], n) => at - points[n]![0])
  apart.sort((a, b) => a - b)
  return Math.max(step, apart[Math.floor(apart.length / 2)] ?? step)
}

/** When a line is not known for a while: from the first moment without a point to the next with one. */
const gapsOf = (points: Points, step: number): [from: number, to: number][] => {
  const apartMax = missedMin * cadence(points, step)
  return points.slice(1).flatMap(([at], n) => (at - points[n]![0] > apartMax ? [[points[n]![0] + step, at]] : []))
}

/** Several lines over the moments of all of them. `step`: the seconds a point stands for. */
export const tableOf = (series: readonly Points[], step: number): Table => {
  const gaps = series.map((points) => gapsOf(points, step))
  const moments = [...new Set([...series.flatMap((points) => points.map(([at]) => at)), ...gaps.flat().map(([from]) => from)])].sort(
    (a, b) => a - b,
  )
  const place = new Map(moments.map((at, n) => [at, n]))
  const lines = series.map((points, n) => {
    const [high, low, mean] = [0, 1, 2].map(() => new Array<number | null | undefined>(moments.length).fill(undefined))
    const put = (at: number, ...figures: (number | null)[]) => {
      for (const [m, line] of [low!, mean!, high!].entries()) line[place.get(at)!] = figures[m]
    }
    for (const [from, to] of gaps[n]!) for (const at of moments) if (at >= from && at < to) put(at, null, null, null)
    for (const [at, ...figures] of points) put(at, ...figures)
    return { high: high!, low: low!, mean: mean! }
  })
  return { moments, lines }
}
