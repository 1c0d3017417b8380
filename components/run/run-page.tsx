'use client'

import './run.css'
import Link from 'next/link'
import { useRouter } from 'next/navigation'
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react'
import { DrillFindings } from '@/components/drill/report'
import { Statement } from '@/components/operation/statement'
import { Button } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { Note } from '@/components/ui/note'
import { State } from '@/components/ui/state'
import { Moment } from '@/components/ui/zone'
import { drillReport } from '@/lib/domain/drill/report'
import { counted } from '@/lib/domain/values/counted'
import { formatDuration } from '@/lib/domain/values/duration'
import type { BadgedEnvironment } from '@/lib/shapes/environment'
import type { RunView } from '@/lib/shapes/run'
import { streams } from '@/lib/shapes/streams'
import { Attention } from './attention'
import { AfterMove } from './ended'
import { Grid } from './grid'
import { JobPanel } from './job-panel'
import { LiveMark } from './live-mark'
import { Log } from './log'
import { OneTarget } from './one-target'
import { Progress, ProgressBySteps } from './progress'
import { hasMoved, isRunOpen, type RunActions, type RunOperation, runStyle, stepTitle } from './shared'
import { keptIn } from './sql-grid'
import { SqlResults } from './sql-results'
import { Steer } from './steer'
import { stepProgress } from './step-progress'
import { RunStore } from './store'
import { CanaryStrip } from './strip'
import { type History, secondsLeft } from './time-left'
import { useLive } from './use-live'
import { useResults } from './use-results'

/** A run as it goes: everything on it is folded from the stream, so any machine that opens it shows the same, and a reload loses nothing. */
export const RunPage = ({
  initial,
  operation,
  statement,
  environments,
  history,
  sentences,
  resultsFor,
  mayAct,
  actions,
}: {
  initial: RunView
  operation: RunOperation
  /** What the run executes, word for word; null: its operation has no statement. */
  statement: string | null
  environments: Readonly<Record<string, BadgedEnvironment>>
  history: History | null
  /** Of a run of one target: by step, what the plan said that it does. */
  sentences: Readonly<Record<string, string>>
  /** The role that may read what its statement answered with; null: the one who reads this page may. */
  resultsFor: string | null
  mayAct: boolean
  actions: RunActions
}) => {
  const router = useRouter()
  // biome-ignore lint/correctness/useExhaustiveDependencies: one store a run; what the server sends later comes through the stream.
  const store = useMemo(() => new RunStore(initial, operation), [initial.id])
  const { run, rows, counts, strips, isComplete } = useSyncExternalStore(store.subscribe, store.snapshot, store.snapshot)
  const [chosen, setChosen] = useState<string | null>(null)
  const returnTo = useRef<HTMLElement | null>(null)
  const live = useLive(streams.run(run.id), {
    lines: (lines) => store.addLines(lines),
    run: (read) => store.setRun(read),
    strips: (pieces) => store.addStrips(pieces),
    'caught-up': () => store.setComplete(),
  })

  const choose = useCallback((jobId: string | null) => {
    if (jobId !== null) returnTo.current = document.activeElement as HTMLElement
    setChosen(jobId)
    const address = new URL(window.location.href)
    if (jobId === null) address.searchParams.delete('job')
    else address.searchParams.set('job', jobId)
    window.history.replaceState(null, '', address)
    if (jobId === null) returnTo.current?.focus()
  }, [])
  useEffect(() => setChosen(new URL(window.location.href).searchParams.get('job')), [])

  const isOpen = isRunOpen(run.state)
  const answered = resultsFor === null ? run.jobs.filter((one) => keptIn(store.linesOf(one.id)) !== null).length : 0
  const results = useResults(run.id, answered, isOpen)
  const only = run.jobs.length === 1 && run.jobsHidden === 0 ? run.jobs[0]! : null
  const job = only ? null : (run.jobs.find((one) => one.id === chosen) ?? null)
  const left = isOpen ? secondsLeft(run, history) : null
  const titleOf = (step: string) => stepTitle(operation.effects, step)
  const found = only !== null && operation.name === 'drill' ? drillReport(store.linesOf(only.id)) : null
  const waiting = run.jobs.filter((one) => one.state === 'attention')
  const runSeconds = run.startedAt && run.finishedAt ? (Date.parse(run.finishedAt) - Date.parse(run.startedAt)) / 1000 : null
  return (
    <div className="page-body" data-chosen={job !== null || undefined}>
      {statement !== null && <Statement statement={statement} />}
      <section className="card run-head" aria-label="The run">
        <div className="flex flex-wrap items-center gap-x-4 gap-y-1">
          <State tone={runStyle[run.state][0]}>{runStyle[run.state][1]}</State>
          <span className="text-ink-2">
            {run.actorName}, <Moment at={run.createdAt} />
            {runSeconds !== null && `, took ${formatDuration(runSeconds)}`}
          </span>
          {run.reason && <span>{run.reason}</span>}
          {run.ticket && <span className="tag">{run.ticket}</span>}
          {run.retryOf && (
            <Link href={`/runs/${run.retryOf}`} prefetch={false}>
              retry of an earlier run
            </Link>
          )}
          <span className="ml-auto">{isOpen || live !== 'finished' ? <LiveMark state={live} /> : null}</span>
        </div>
        {only ? (
          <ProgressBySteps progress={stepProgress(only, titleOf)} secondsLeft={left} />
        ) : (
          <Progress counts={counts} total={run.jobs.length} secondsLeft={left} />
        )}
        <Steer
          run={run}
          counts={counts}
          operation={operation}
          mayAct={mayAct}
          actions={actions}
          onPlan={(planId) => router.push(`/${operation.path}/run/${operation.name}?plan=${planId}`)}
        />
      </section>
      {live === 'refused' && (
        <Note tone="bad" isAlert title="You are signed out, or may no longer see this run">
          This page shows the state at that time. <Link href={`/login?callbackUrl=${encodeURIComponent(`/runs/${run.id}`)}`}>Sign in</Link>{' '}
          to continue.
        </Note>
      )}
      {run.jobsHidden > 0 && (
        <Note tone="neutral" title={`${counted(run.jobsHidden, 'more target')}, in environments you may not see`}>
          Only somebody who may run this in all of its environments can cancel it, retry it or answer for its jobs.
        </Note>
      )}
      {waiting
        .slice(0, 3)
        .map((one) => one.id !== job?.id && <Attention key={one.id} job={one} mayDecide={mayAct} decide={actions.decide} />)}
      {waiting.length > 3 && (
        <Note tone="warn" title={`${waiting.length - 3} more targets need attention: choose “needs attention” below.`} />
      )}
      {only && !isOpen && only.herdId !== null && hasMoved(operation, store.linesOf(only.id)) && (
        <AfterMove runId={run.id} jobId={only.id} herdId={only.herdId} />
      )}
      {found && <DrillFindings report={found} />}
      {only && strips.has(only.id) && (found === null || isOpen) && (
        <Card title={isOpen ? 'What a client sees' : 'What a client saw'}>
          <CanaryStrip strip={strips.get(only.id)!} isOpen={isOpen} />
        </Card>
      )}
      {only ? (
        <OneTarget job={only} lines={store.linesOf(only.id)} operation={operation} sentences={sentences} />
      ) : (
        <div className="run-split">
          <Card title="Targets" isFlush>
            <Grid
              jobs={run.jobs}
              counts={counts}
              operation={operation}
              environments={environments}
              chosen={chosen}
              onChoose={(id) => choose(id === chosen ? null : id)}
            />
          </Card>
          {job && (
            <JobPanel
              job={job}
              result={results?.jobs.find(({ jobId }) => jobId === job.id) ?? null}
              store={store}
              operation={operation}
              mayDecide={mayAct}
              isRunOpen={isOpen}
              decide={actions.decide}
              onClose={() => choose(null)}
            />
          )}
        </div>
      )}
      <SqlResults jobs={run.jobs} store={store} results={results} role={resultsFor} name={run.title} />
      <Card title="Log" isFlush actions={!isComplete && <span className="text-ink-2">loading …</span>}>
        <Log rows={rows} name={`${run.title}.log`} isOpen={isOpen} hasTitles={!only} />
      </Card>
      {!isOpen && (
        <p>
          <Button onClick={() => window.print()} isSmall>
            Print this page
          </Button>
        </p>
      )}
    </div>
  )
}
