import type { ReactNode } from 'react'
import { State } from '@/components/ui/state'
import { formatMoment } from '@/components/ui/time'
import { useNow, useZone } from '@/components/ui/zone'
import { formatDuration } from '@/lib/domain/values/duration'
import type { JournalLine, StepFold } from '@/lib/kernel/ground/journal'
import type { JobView } from '@/lib/shapes/run'
import { stepSeconds } from './grid'
import { stepLook } from './step-look'

const Elapsed = ({ since }: { since: string }) => {
  const now = useNow(1_000)
  return now === null ? null : formatDuration(Math.max(0, Math.round((now - Date.parse(since)) / 1000)))
}

const Clock = ({ at }: { at: string }) => <time dateTime={at}>{formatMoment(at, useZone()).slice(11)}</time>

const Took = ({ step }: { step: StepFold }) => {
  const seconds = stepSeconds(step)
  if (seconds !== null) return formatDuration(seconds)
  return step.startedAt !== null && (step.state === 'running' || step.state === 'undoing') ? <Elapsed since={step.startedAt} /> : null
}

/** What a long step last said of itself: the bytes, rate and time left of a copy. */
const saidBy = (step: StepFold, lines: readonly JournalLine[]): string | null => {
  const line = lines.findLast((one) => one.kind === 'note' && one.stream === 'info' && one.step === step.name)
  return line?.kind === 'note' ? line.text : null
}

/** Steps in which something happened say what; the others are there to be counted. */
const quiet: readonly StepFold['state'][] = ['waiting', 'skipped', 'already-so', 'not-asked', 'not-needed', 'not-possible']

/** The steps of one target down the page: state, title, when it began and how long it took, what it does, and what it said. */
export const Steps = ({
  job,
  lines,
  titleOf,
  sentenceOf = () => null,
}: {
  job: JobView
  lines: readonly JournalLine[]
  titleOf: (step: string) => string
  /** What the plan said the step does; null: not known. */
  sentenceOf?: (step: string) => string | null
}) => (
  <ol className="run-steps">
    {job.fold.steps.map((step, index) => {
      const [tone, word] = stepLook[step.state]
      const isQuiet = quiet.includes(step.state)
      const said = isQuiet ? null : saidBy(step, lines)
      const sentence = isQuiet ? null : sentenceOf(step.name)
      return (
        <li
          key={step.name}
          data-state={step.state}
          data-quiet={isQuiet || undefined}
          aria-current={step.state === 'running' ? 'step' : undefined}
        >
          <State tone={tone}>{word}</State>
          <div className="run-step-what">
            <span className="run-step-title">
              {index + 1}. {titleOf(step.name)}
            </span>
            {sentence !== null && <Line>{sentence}</Line>}
            {step.because && <Line>{step.because}</Line>}
            {said !== null && said !== step.because && (
              <Line>{step.state === 'running' ? <output aria-label="Progress of the step">{said}</output> : said}</Line>
            )}
          </div>
          <span className="run-step-took">
            <Took step={step} />
          </span>
          <span className="run-step-at">{!isQuiet && step.startedAt !== null && <Clock at={step.startedAt} />}</span>
        </li>
      )
    })}
  </ol>
)

const Line = ({ children }: { children: ReactNode }) => <p className="text-ink-2">{children}</p>
