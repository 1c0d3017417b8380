import { formatDuration } from '@/lib/domain/values/duration'
import type { JobCounts } from '@/lib/kernel/engine/fold'
import type { JobState } from '@/lib/kernel/ground/journal'
import type { Tone } from '@/lib/kernel/resource/field'
import type { StepProgress } from './step-progress'

const segments: readonly [JobState[], Tone, string][] = [
  [['done'], 'good', 'done'],
  [['failed', 'refused'], 'bad', 'failed'],
  [['attention'], 'warn', 'needs attention'],
  [['undone'], 'warn', 'undone'],
  [['running'], 'info', 'running'],
  [['cancelled'], 'neutral', 'cancelled'],
]

/** The whole run as one bar, in words too. The estimate rests on earlier jobs of this operation; without any it says nothing. */
export const Progress = ({
  counts,
  total,
  secondsLeft,
}: {
  counts: JobCounts
  total: number
  /** By what earlier ones took; null: not known. */
  secondsLeft: number | null
}) => {
  const parts = segments.map(([states, tone, word]) => ({ tone, word, count: states.reduce((sum, state) => sum + counts[state], 0) }))
  const ended = total - counts.waiting - counts.running - counts.attention
  const words = [
    `${ended} of ${total} ended`,
    ...parts.filter((part) => part.count > 0).map((part) => `${part.count} ${part.word}`),
    ...(counts.waiting > 0 ? [`${counts.waiting} waiting`] : []),
  ].join(', ')
  return (
    <Bar
      words={words}
      now={ended}
      max={total}
      left={secondsLeft}
      pieces={[
        ...parts.map(({ word, tone, count }) => ({ key: word, tone, size: count })),
        { key: 'waiting', tone: null, size: counts.waiting },
      ]}
    />
  )
}

/** The same for a run of one target: how far it is by its steps. */
export const ProgressBySteps = ({ progress, secondsLeft }: { progress: StepProgress; secondsLeft: number | null }) => (
  <Bar
    words={progress.words}
    now={progress.done}
    max={progress.pieces.length}
    left={secondsLeft}
    pieces={progress.pieces.map(({ name, tone }) => ({ key: name, tone, size: 1 }))}
  />
)

const Bar = ({
  words,
  now,
  max,
  pieces,
  left,
}: {
  words: string
  now: number
  max: number
  /** `tone` null: nothing has begun there. */
  pieces: readonly { key: string; tone: Tone | null; size: number }[]
  /** Seconds; null: not known, or over. */
  left: number | null
}) => (
  <div className="grid gap-1">
    <div
      className="run-bar"
      role="progressbar"
      aria-label="Progress of the run"
      aria-valuemin={0}
      aria-valuemax={max}
      aria-valuenow={now}
      aria-valuetext={words}
    >
      {pieces.map(({ key, tone, size }) => size > 0 && <span key={key} className={tone ?? undefined} style={{ flexGrow: size }} />)}
    </div>
    <p className="flex flex-wrap gap-x-3">
      <span role="status">{words}</span>
      {left !== null && left > 0 && <span className="text-ink-2">about {formatDuration(left)} left, by earlier runs</span>}
    </p>
  </div>
)
