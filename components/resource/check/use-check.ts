'use client'

import { useCallback, useEffect, useRef, useState } from 'react'
import { useLive } from '@/components/run/use-live'
import { type JournalLine, openRunStates } from '@/lib/kernel/ground/journal'
import type { Outcome } from '@/lib/shapes/outcome'
import type { RunView } from '@/lib/shapes/run'
import { streams } from '@/lib/shapes/streams'
import { type ShownStep, stepsOf } from './check-steps'

export type StartCheck = (operation: 'check-server' | 'check-zone', targetId: string) => Promise<Outcome<{ runId: string }>>

export interface Check {
  start: () => Promise<void>
  steps: readonly ShownStep[]
  run: RunView | null
  runId: string | null
  isStarting: boolean
  isOpen: boolean
  /** Why it could not be started; null: nothing is wrong. */
  problem: string | null
  setProblem: (problem: string) => void
}

/** Runs a check operation on one object and follows its steps. Starts by itself when the page is opened by the form that added the object. */
export const useCheck = (
  operation: Parameters<StartCheck>[0],
  targetId: string,
  startCheck: StartCheck,
  /** Why this person may not run it; null: they may. */
  because: string | null,
): Check => {
  const [runId, setRunId] = useState<string | null>(null)
  const [lines, setLines] = useState<readonly JournalLine[]>([])
  const [run, setRun] = useState<RunView | null>(null)
  const [isStarting, setStarting] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)
  const wasStarted = useRef(false)

  const stream = useLive(runId === null ? null : streams.run(runId), {
    lines: (more) => setLines((known) => [...known, ...more.map(({ line }) => line)]),
    run: setRun,
  })
  const isOpen = isStarting || (runId !== null && stream !== 'refused' && (run === null || openRunStates.includes(run.state)))

  const start = useCallback(async () => {
    setStarting(true)
    setProblem(null)
    setLines([])
    setRun(null)
    setRunId(null)
    const answer = await startCheck(operation, targetId)
    setStarting(false)
    if (answer.ok) setRunId(answer.value.runId)
    else setProblem(answer.message)
  }, [startCheck, operation, targetId])

  useEffect(() => {
    // The form that added the object opens the page with this mark: check without being asked.
    if (window.location.hash !== '#added' || because !== null || wasStarted.current) return
    wasStarted.current = true
    window.history.replaceState(null, '', window.location.pathname)
    void start()
  }, [because, start])

  return { start, steps: stepsOf(lines), run, runId, isStarting, isOpen, problem, setProblem }
}
