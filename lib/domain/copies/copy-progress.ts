import { formatBytes } from '../values/bytes'
import { formatDuration } from '../values/duration'

/** So many bytes had arrived at a moment. */
export interface CopySample {
  bytes: number
  atMs: number
}

export interface CopyPace {
  /** Of the last stretch, oldest first. */
  samples: readonly CopySample[]
  /** What was last said, so that a copy of hours does not fill a journal. */
  saidAt: CopySample | null
  /** A rate was among it. */
  hasSaidRate: boolean
}

/** The rate is that of the last half minute: a copy that slows down shows it, and one hiccup does not. */
const stretchMs = 30_000
const sayRateAfterMs = 1_500
const sayAfterMs = 5_000
const sayAfterShare = 0.01
const sayAtLeastEveryMs = 60_000

export const newPace: CopyPace = { samples: [], saidAt: null, hasSaidRate: false }

export const addSample = (pace: CopyPace, sample: CopySample): CopyPace => {
  const later = pace.samples.filter(({ atMs }) => atMs >= sample.atMs - stretchMs)
  return { ...pace, samples: [...later, sample] }
}

/** Bytes a second; null: nothing can be said yet. */
export const rateOf = ({ samples }: CopyPace): number | null => {
  const [first, last] = [samples[0], samples.at(-1)]
  if (first === undefined || last === undefined || last.atMs <= first.atMs) return null
  return (Math.max(0, last.bytes - first.bytes) * 1000) / (last.atMs - first.atMs)
}

/** `412 MB of 2 GB (20 %), 84 MB/s, about 19 s left`. The total is an estimate: while the copy runs, its source grows. */
export const progressText = (pace: CopyPace, totalBytes: number | null): string => {
  const bytes = pace.samples.at(-1)?.bytes ?? 0
  const rate = rateOf(pace)
  const parts = [totalBytes ? `${formatBytes(bytes)} of ${formatBytes(totalBytes)} (${shareOf(bytes, totalBytes)} %)` : formatBytes(bytes)]
  if (rate !== null) parts.push(rate === 0 ? 'nothing arrived lately' : `${formatBytes(Math.round(rate))}/s`)
  if (rate !== null && rate > 0 && totalBytes && totalBytes > bytes)
    parts.push(`about ${formatDuration(Math.ceil((totalBytes - bytes) / rate))} left`)
  return parts.join(', ')
}

/** What is left at the end is not measured, so 100 % is said only by the end itself. */
const shareOf = (bytes: number, totalBytes: number): number => Math.min(99, Math.floor((bytes * 100) / totalBytes))

/** The first look, the first rate, then each hundredth of the whole but not more often than every five seconds, and at least once a minute. */
export const isWorthSaying = (pace: CopyPace, totalBytes: number | null): boolean => {
  const { samples, saidAt, hasSaidRate } = pace
  const last = samples.at(-1)
  if (last === undefined) return false
  if (saidAt === null) return true
  const since = last.atMs - saidAt.atMs
  if (since >= sayAtLeastEveryMs || (!hasSaidRate && since >= sayRateAfterMs)) return true
  const enough = totalBytes === null ? sayAtLeastEveryMs : totalBytes * sayAfterShare
  return since >= sayAfterMs && last.bytes - saidAt.bytes >= enough
}

export const said = (pace: CopyPace): CopyPace => ({ ...pace, saidAt: pace.samples.at(-1) ?? null, hasSaidRate: rateOf(pace) !== null })
