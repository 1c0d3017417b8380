'use client'

import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { Note } from '@/components/ui/note'
import { formatDuration } from '@/lib/domain/values/duration'
import type { JobCounts } from '@/lib/kernel/engine/fold'
import type { Outcome } from '@/lib/shapes/outcome'
import type { RunView } from '@/lib/shapes/run'
import { isRunOpen, type RunActions, type RunOperation } from './shared'

/** What cancelling does, for each kind of target. */
const cancelWords = (counts: JobCounts, longestMs: number | null): string => {
  const atMost = longestMs === null ? '' : ` (at most ${formatDuration(longestMs / 1000)})`
  const words: string[] = []
  if (counts.waiting > 0)
    words.push(counts.waiting === 1 ? 'The waiting target never starts.' : `The ${counts.waiting} waiting targets never start.`)
  if (counts.running > 0)
    words.push(
      `${counts.running === 1 ? 'The running target finishes its current step' : `The ${counts.running} running targets finish their current step`}${atMost}, because stopping is safe only between two steps. Then the steps that can be undone are undone, and the clean-up runs.`,
    )
  if (counts.attention > 0) words.push('Targets that need attention still need it.')
  return [...words, 'Targets that have ended stay as they are.'].join(' ')
}

/** Cancel, with what it does said first; and run again, whole or on what failed: each makes a new plan. */
export const Steer = ({
  run,
  counts,
  operation,
  mayAct,
  actions,
  onPlan,
}: {
  run: RunView
  counts: JobCounts
  operation: RunOperation
  mayAct: boolean
  actions: RunActions
  onPlan: (planId: string) => void
}) => {
  const [isAsking, setAsking] = useState(false)
  const [isBusy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState<string | null>(null)
  const isOpen = isRunOpen(run.state)
  const failed = counts.failed + counts.refused + counts.undone
  const longestMs = operation.effects.reduce<number | null>(
    (longest, { timeoutMs }) => (longest === null || timeoutMs === null ? null : Math.max(longest, timeoutMs)),
    0,
  )
  const retry = (withCancelled: boolean) => work(actions.retryFailed(run.id, withCancelled), ({ planId }) => onPlan(planId))

  const work = async <T,>(call: Promise<Outcome<T>>, done: (value: T) => void) => {
    setBusy(true)
    setRefusal(null)
    const outcome = await call.catch(() => null)
    if (outcome === null) setRefusal('The console did not answer. The run continues; reload this page.')
    else if (outcome.ok) done(outcome.value)
    else setRefusal(outcome.message)
    setBusy(false)
  }

  return (
    <>
      <div className="flex flex-wrap items-center gap-2">
        {isOpen && run.state !== 'cancelling' && !isAsking && (
          <Button
            disabled={!mayAct}
            title={mayAct ? undefined : 'You need the permission to run this operation to cancel it'}
            onClick={() => setAsking(true)}
          >
            Cancel the run …
          </Button>
        )}
        {run.cancelRequestedBy && isOpen && (
          <span className="st warn">{run.cancelRequestedBy} requested to cancel: the run stops at the next safe point</span>
        )}
        {!isOpen && failed > 0 && (
          <Button variant="primary" disabled={!mayAct || isBusy} onClick={() => retry(false)}>
            {isBusy
              ? 'Making a plan …'
              : failed === run.jobs.length
                ? 'Run again'
                : `Run on the ${failed} failed ${failed === 1 ? 'one' : 'ones'}`}
          </Button>
        )}
        {!isOpen && failed < run.jobs.length && (
          <Button disabled={!mayAct || isBusy} onClick={() => work(actions.again(), ({ planId }) => onPlan(planId))}>
            Run again
          </Button>
        )}
        {!isOpen && counts.cancelled > 0 && (
          <Button disabled={!mayAct || isBusy} onClick={() => retry(true)}>
            {failed > 0 ? `Run on these and the ${counts.cancelled} cancelled` : `Run on the ${counts.cancelled} cancelled`}
          </Button>
        )}
      </div>
      {isAsking && isOpen && (
        <Note
          tone="warn"
          title="What Cancel does"
          actions={
            <>
              <Button variant="danger" isSmall disabled={isBusy} onClick={() => work(actions.cancel(run.id), () => setAsking(false))}>
                Cancel the rest
              </Button>
              <Button isSmall onClick={() => setAsking(false)}>
                Keep it running
              </Button>
            </>
          }
        >
          <p>{cancelWords(counts, longestMs)}</p>
        </Note>
      )}
      {refusal && <Note tone="bad" isAlert title={refusal} />}
    </>
  )
}
