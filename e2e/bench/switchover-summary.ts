import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { median, quantile } from './numbers'
import type { Losses, WindowAnswer } from './switchover-clients'
import type { Part } from './switchover-ours'

/** One part of a long series: its switchovers, what each took by its journal, and what the writers lost in all of them. */
export interface SeriesPart {
  rounds: readonly WindowAnswer[]
  parts: readonly (readonly Part[])[]
  losses: Losses
}

const slowShare = 0.05
const namedMost = 3

/** A line of JSON for each part, the oldest first. */
export const addSeriesPart = (file: string, part: SeriesPart): void => appendFileSync(file, `${JSON.stringify(part)}\n`)

export const readSeries = (file: string): SeriesPart[] =>
  existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as SeriesPart)
    : []

/** All parts as one series; milliseconds. `slow`: what the slowest 5 % spent more time on than the rest, by medians, the most first. */
export const sumSeries = (series: readonly SeriesPart[]) => {
  const rounds = series.flatMap((part) => part.rounds.map((round, index) => ({ ...round, steps: part.parts[index] ?? [] })))
  const gaps = rounds.map(({ gapMs }) => gapMs)
  const limit = quantile(gaps, 1 - slowShare)
  const [slow, rest] = [rounds.filter(({ gapMs }) => gapMs >= limit), rounds.filter(({ gapMs }) => gapMs < limit)]
  const timeOf = (some: typeof rounds, step: string): number =>
    median(some.flatMap(({ steps }) => steps.filter((one) => one.step === step).map(({ ms }) => ms)))
  const known = new Set((rest[0]?.steps ?? []).map(({ step }) => step))
  const more = [...known]
    .map((step) => ({ step, ms: Math.round(timeOf(slow, step) - timeOf(rest, step)) }))
    .filter(({ ms }) => ms > 0)
    .toSorted((a, b) => b.ms - a.ms)
  const sum = (of: (losses: Losses) => number) => series.reduce((total, { losses }) => total + of(losses), 0)
  return {
    switchovers: rounds.length,
    parts: series.length,
    gapMedian: Math.round(median(gaps)),
    gapP95: Math.round(quantile(gaps, 0.95)),
    gapLongest: Math.round(Math.max(...gaps)),
    errors: rounds.reduce((total, { errors }) => total + Object.values(errors).reduce((a, b) => a + b, 0), 0),
    acked: sum(({ acked }) => acked),
    lost: sum(({ lost }) => lost),
    duplicate: sum(({ duplicate, phantom }) => duplicate + phantom),
    slow: more
      .slice(0, namedMost)
      .map(({ step, ms }) => `${step} +${ms}`)
      .join(', '),
  }
}
