'use client'

import { memo, useState } from 'react'
import { EnvironmentBadge } from '@/components/ui/environment'
import { State } from '@/components/ui/state'
import { formatDuration } from '@/lib/domain/values/duration'
import type { JobCounts } from '@/lib/kernel/engine/fold'
import type { JobState, StepFold } from '@/lib/kernel/ground/journal'
import type { BadgedEnvironment } from '@/lib/shapes/environment'
import type { JobView } from '@/lib/shapes/run'
import { jobStyle, type RunOperation, stepTitle } from './shared'
import { stepLook } from './step-look'
import { stepProgress } from './step-progress'

export const stepSeconds = (step: StepFold): number | null =>
  step.startedAt === null || step.endedAt === null ? null : (Date.parse(step.endedAt) - Date.parse(step.startedAt)) / 1000

export const StepStateMark = ({ step }: { step: StepFold }) => {
  const [tone, word] = stepLook[step.state]
  const seconds = stepSeconds(step)
  return (
    <>
      <State tone={tone}>{word}</State>
      {seconds !== null && <span className="ml-1.5 text-ink-3">{formatDuration(seconds)}</span>}
    </>
  )
}

const Row = memo(
  ({
    job,
    environment,
    isChosen,
    onChoose,
    rolling,
  }: {
    job: JobView
    /** Of a rolling operation, whose jobs have steps of their own. */
    rolling: RunOperation | null
    environment: BadgedEnvironment | undefined
    isChosen: boolean
    onChoose: (jobId: string) => void
  }) => (
    <tr data-chosen={isChosen || undefined}>
      <th scope="row">
        <button type="button" className="run-target" aria-expanded={isChosen} onClick={() => onChoose(job.id)}>
          {job.title}
        </button>
      </th>
      <td>{environment && <EnvironmentBadge environment={environment} />}</td>
      <td>
        <State tone={jobStyle[job.state][0]}>{jobStyle[job.state][1]}</State>
      </td>
      {rolling ? (
        <td>{job.fold.steps.length > 0 && stepProgress(job, (step) => stepTitle(rolling.effects, step)).words}</td>
      ) : (
        job.fold.steps.map((step) => (
          <td key={step.name}>
            <StepStateMark step={step} />
          </td>
        ))
      )}
      <td className="run-because">{job.waitsFor ?? job.because}</td>
    </tr>
  ),
)
Row.displayName = 'Row'

const stateOrder: readonly JobState[] = ['attention', 'failed', 'refused', 'running', 'waiting', 'undone', 'cancelled', 'done']

/** Target × step with the live state of each. Rows keep their place while the run goes; the counts above filter them. */
export const Grid = ({
  jobs,
  counts,
  operation,
  environments,
  chosen,
  onChoose,
}: {
  jobs: readonly JobView[]
  counts: JobCounts
  operation: RunOperation
  environments: Readonly<Record<string, BadgedEnvironment>>
  chosen: string | null
  onChoose: (jobId: string) => void
}) => {
  const [only, setOnly] = useState<JobState | null>(null)
  const shown = only === null ? jobs : jobs.filter((job) => job.state === only)
  return (
    <>
      <fieldset className="run-filters" aria-label="Show">
        <button type="button" aria-pressed={only === null} onClick={() => setOnly(null)}>
          All {jobs.length}
        </button>
        {stateOrder
          .filter((state) => counts[state] > 0 || only === state)
          .map((state) => (
            <button type="button" key={state} aria-pressed={only === state} onClick={() => setOnly(only === state ? null : state)}>
              <State tone={jobStyle[state][0]}>
                {jobStyle[state][1]} {counts[state]}
              </State>
            </button>
          ))}
      </fieldset>
      <section
        className="run-grid"
        aria-label="Targets and steps"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard.
        tabIndex={0}
      >
        <table>
          <thead>
            <tr>
              <th scope="col">Target</th>
              <th scope="col">Environment</th>
              <th scope="col">State</th>
              {operation.isRolling ? (
                <th scope="col">Steps</th>
              ) : (
                operation.effects.map((effect) => (
                  <th key={effect.name} scope="col">
                    {effect.title}
                  </th>
                ))
              )}
              <th scope="col">Because</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((job) => (
              <Row
                key={job.id}
                job={job}
                environment={job.environmentId === null ? undefined : environments[job.environmentId]}
                isChosen={chosen === job.id}
                onChoose={onChoose}
                rolling={operation.isRolling ? operation : null}
              />
            ))}
          </tbody>
        </table>
        {shown.length === 0 && <p className="p-4 text-ink-2">No target is in this state.</p>}
      </section>
    </>
  )
}
