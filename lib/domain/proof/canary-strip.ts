import { formatDuration } from '../values/duration'

/** One commit of a canary: when it was sent and how long it took (ms since the canary began), and the timeline it was acknowledged on, or the code of its error. */
export type StripSample = [sentMs: number, tookMs: number, what: number | string]

/** What came since the piece before. `atMs`: everything up to here is known, be it that nothing was answered. */
export interface StripPiece {
  /** ISO; another canary of the same job has another one. */
  startedAt: string
  atMs: number
  samples: StripSample[]
}

/** What a canary saw. The figures count every commit; the samples are thinned where there are many. */
export interface Strip extends StripPiece {
  isOver: boolean
  acked: number
  errors: number
  /** When the last commit was acknowledged. */
  lastAckMs: number | null
  /** The longest time between two acknowledgements. */
  gap: [fromMs: number, toMs: number] | null
}

/** Half a minute of samples; of a longer time the slower ones stay. */
const samplesMax = 600

/** A whole strip takes the place of the pieces before it. */
export const addPiece = (strip: Strip | null, piece: StripPiece | Strip): Strip => {
  if ('isOver' in piece) return piece
  const before = strip?.startedAt === piece.startedAt ? strip : null
  const next: Pick<Strip, 'acked' | 'errors' | 'lastAckMs' | 'gap'> = {
    acked: before?.acked ?? 0,
    errors: before?.errors ?? 0,
    lastAckMs: before?.lastAckMs ?? null,
    gap: before?.gap ?? null,
  }
  for (const sample of piece.samples) {
    if (isError(sample)) next.errors += 1
    else {
      const at = answeredMs(sample)
      if (next.lastAckMs !== null && at - next.lastAckMs > lengthOf(next.gap)) next.gap = [next.lastAckMs, at]
      next.acked += 1
      next.lastAckMs = at
    }
  }
  const samples = [...(before?.samples ?? []), ...piece.samples]
  const shown = samples.length > 2 * samplesMax ? thin(samples, next.gap, samplesMax) : samples
  return { startedAt: piece.startedAt, atMs: piece.atMs, samples: shown, isOver: false, ...next }
}

/** The strip of everything at once. */
export const wholeStrip = (piece: StripPiece, isOver: boolean): Strip => {
  const strip = addPiece(null, piece)
  return { ...strip, samples: thin(strip.samples, strip.gap, samplesMax), isOver }
}

/** Hundredths of a millisecond: fewer digits than the ledger has, and the same figures. */
export const sampleOf = (sentMs: number, answeredAtMs: number, what: number | string): StripSample => [
  hundredths(sentMs),
  hundredths(answeredAtMs - sentMs),
  what,
]

const hundredths = (ms: number): number => Math.round(ms * 100) / 100
export const answeredMs = ([sentMs, tookMs]: StripSample): number => hundredths(sentMs + tookMs)
export const isError = ([, , what]: StripSample): boolean => typeof what === 'string'
const lengthOf = (gap: Strip['gap']): number => (gap === null ? 0 : gap[1] - gap[0])

/** The first commit on each timeline, but for the first of all: where another primary began to answer. */
export const arrivalsOf = (samples: readonly StripSample[]): StripSample[] => {
  const acks = samples.filter((sample) => !isError(sample))
  return acks.filter((sample, index) => index > 0 && sample[2] !== acks[index - 1]![2])
}

/** At most `max`, in order: of neighbours the slowest, and always the errors (as far as there is room), both sides of the gap and the first on each timeline. */
const thin = (samples: StripSample[], gap: Strip['gap'], max: number): StripSample[] => {
  if (samples.length <= max) return samples
  const atGap = samples.filter((sample) => !isError(sample) && (gap?.includes(answeredMs(sample)) ?? false))
  const kept = new Set([...atGap, ...arrivalsOf(samples), ...samples.filter(isError)].slice(0, max / 2))
  const size = Math.ceil(samples.length / (max - kept.size))
  for (let from = 0; from < samples.length; from += size)
    kept.add(samples.slice(from, from + size).reduce((slowest, one) => (one[1] > slowest[1] ? one : slowest)))
  return samples.filter((sample) => kept.has(sample))
}

/** `96 ms`, `1.2 s`. */
export const sayMs = (ms: number): string => (ms < 1000 ? `${Math.round(ms)} ms` : formatDuration(ms / 1000))

/** How long nobody has been answered, while that is longer than any gap that ended. */
export const silenceMs = ({ isOver, atMs, lastAckMs }: Strip): number => (isOver || lastAckMs === null ? 0 : Math.max(0, atMs - lastAckMs))

/** The figures in words, for people who cannot see the picture. */
export const figuresOf = (strip: Strip): { label: string; value: string }[] => {
  const slowest = strip.samples.reduce((most, sample) => (isError(sample) ? most : Math.max(most, sample[1])), 0)
  return [
    { label: 'Commits', value: `${strip.acked} acknowledged in ${sayMs(strip.atMs)}` },
    { label: 'Longest gap', value: strip.gap === null ? 'none yet' : sayMs(lengthOf(strip.gap)) },
    { label: 'Slowest commit', value: sayMs(slowest) },
    { label: 'Errors', value: strip.errors === 0 ? 'none' : `${strip.errors} (${codesOf(strip.samples)})` },
  ]
}

const codesOf = (samples: readonly StripSample[]): string => [...new Set(samples.filter(isError).map(([, , code]) => code))].join(', ')
