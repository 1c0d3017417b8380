'use client'

import { Button, LinkButton } from '@/components/ui/button'
import { Note } from '@/components/ui/note'
import { State } from '@/components/ui/state'
import { Age } from '@/components/ui/zone'
import { type LastCheck, outcomeOf, verdictLooks } from './check-steps'
import type { Check } from './use-check'

/** The button of a check, what became of it in one sentence, and each step as it comes; before it is run here, those of the last time. */
export const CheckView = ({
  check,
  noun,
  what,
  because,
  last = null,
}: {
  check: Check
  noun: string
  what: string
  because: string | null
  last?: LastCheck | null
}) => {
  const { start, run, runId, isStarting, isOpen, problem } = check
  const isLast = last !== null && runId === null && !isOpen
  const steps = isLast ? last.steps : check.steps
  return (
    <>
      <div className="flex flex-wrap items-center gap-3">
        <Button onClick={() => void start()} disabled={isOpen || because !== null} title={because ?? undefined}>
          {steps.length > 0 ? 'Check again' : 'Check now'}
        </Button>
        {isOpen && <span className="spin" aria-hidden="true" />}
        <span role="status">
          {isStarting ? 'Asking a worker…' : isOpen ? 'Checking…' : run || isLast ? outcomeOf(steps, noun) : (because ?? what)}
        </span>
        {isLast && (
          <span className="text-ink-2">
            Checked <Age at={last.at} />
          </span>
        )}
        {runId && (
          <LinkButton variant="quiet" isSmall href={`/runs/${runId}`}>
            The run
          </LinkButton>
        )}
      </div>
      {problem && (
        <Note tone="bad" isAlert title={problem}>
          The {noun} is saved all the same; the check can be run at any time.
        </Note>
      )}
      {run?.state === 'failed' && steps.length === 0 && (
        <Note tone="bad" isAlert title={run.jobs[0]?.because ?? 'The check could not be made.'} />
      )}
      {steps.length > 0 && (
        <ol className="grid gap-1.5">
          {steps.map((step) => (
            <li key={step.title} className="grid grid-cols-[16rem_5rem_minmax(0,1fr)] gap-2 max-sm:grid-cols-2">
              <span className="font-medium">{step.title}</span>
              <State tone={verdictLooks[step.verdict].tone}>{verdictLooks[step.verdict].word}</State>
              <span className="text-ink-2 [overflow-wrap:anywhere] max-sm:col-span-2">{step.because}</span>
            </li>
          ))}
        </ol>
      )}
    </>
  )
}
