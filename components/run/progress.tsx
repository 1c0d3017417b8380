import { formatDuration } from '@/lib/domain/values/duration'
import type { JobCounts } from '@/lib/kernel/engine/fold'
import type { JobState } from '@/lib/kernel/ground/journal'
import type { Tone } from '@/lib/kernel/resource/field'

const segments: readonly [JobState[], Tone, string][] = [
  [['done'], 'good', 'done'],
  [['failed', 'refused'], 'bad', 'failed'],
  [['attention'], 'warn', 'waiting for a decision'],
  [['undone'], 'warn', 'undone'],
  [['running'], 'info', 'running'],
  [['cancelled'], 'neutral', 'cancelled'],
]

/** The whole run as one bar, in words too. The estimate rests on earlier jobs of this operation; without any it says nothing. */
export const Progress = ({
  counts,
  total,
  secondsLeft,
  isOpen,
}: {
  counts: JobCounts
  total: number
  /** By what earlier ones took; null: not known. */
  secondsLeft: number | null
  isOpen: boolean
}) => {
  const parts = segments.map(([states, tone, word]) => ({ tone, word, count: states.reduce((sum, state) => sum + counts[state], 0) }))
  const ended = total - counts.waiting - counts.running - counts.attention
  const left = isOpen ? secondsLeft : null
  const words = [
    `${ended} of ${total} ended`,
    ...parts.filter((part) => part.count > 0).map((part) => `${part.count} ${part.word}`),
    ...(counts.waiting > 0 ? [`${counts.waiting} waiting`] : []),
  ].join(', ')
  return (
    <div className="grid gap-1">
      <div
        className="run-bar"
        role="progressbar"
        aria-label="Progress of the run"
        aria-valuemin={0}
        aria-valuemax={total}
        aria-valuenow={ended}
        aria-valuetext={words}
      >
        {parts.map((part) => part.count > 0 && <span key={part.word} className={part.tone} style={{ flexGrow: part.count }} />)}
        {counts.waiting > 0 && <span style={{ flexGrow: counts.waiting }} />}
      </div>
      <p className="flex flex-wrap gap-x-3">
        <span role="status">{words}</span>
        {left !== null && left > 0 && <span className="text-ink-2">about {formatDuration(left)} left, by what earlier ones took</span>}
      </p>
    </div>
  )
}
