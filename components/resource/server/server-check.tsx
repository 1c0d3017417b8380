'use client'

import { useRouter } from 'next/navigation'
import { useCallback, useEffect, useRef, useState } from 'react'
import type { RunShown, StreamedLine } from '@/components/run/shared'
import { useLive } from '@/components/run/use-live'
import { Button, LinkButton } from '@/components/ui/button'
import { Note } from '@/components/ui/note'
import { State } from '@/components/ui/state'
import type { JournalLine } from '@/lib/kernel/journal'
import type { Json } from '@/lib/kernel/json'
import { fingerprintIn, stepsOf, verdictLooks } from './check-steps'

export interface CheckServerActions {
  startCheck: (serverId: string) => Promise<{ runId: string } | { problem: { detail: string } }>
  saveRecord: (
    resource: string,
    id: string | null,
    values: Record<string, Json>,
    revision: number | null,
  ) => Promise<{ id: string } | { problem: { detail: string } }>
}

const openStates: readonly RunShown['state'][] = ['waiting', 'running', 'cancelling']

/** Runs the check of a server and shows each step as it comes; a key nobody has pinned can be accepted here. It changes nothing on the host. */
export const ServerCheck = ({
  serverId,
  revision,
  pinned,
  because,
  actions,
}: {
  serverId: string
  revision: number
  pinned: string | null
  /** Why this person may not run it; null: they may. */
  because: string | null
  actions: CheckServerActions
}) => {
  const router = useRouter()
  const [runId, setRunId] = useState<string | null>(null)
  const [lines, setLines] = useState<readonly JournalLine[]>([])
  const [run, setRun] = useState<RunShown | null>(null)
  const [isStarting, setStarting] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)
  const wasStarted = useRef(false)

  const stream = useLive(runId === null ? null : `/api/live/runs/${runId}`, {
    lines: (data) => setLines((known) => [...known, ...(data as StreamedLine[]).map(({ line }) => line)]),
    run: (data) => setRun(data as RunShown),
  })
  const isOpen = isStarting || (runId !== null && stream !== 'refused' && (run === null || openStates.includes(run.state)))

  const start = useCallback(async () => {
    setStarting(true)
    setProblem(null)
    setLines([])
    setRun(null)
    setRunId(null)
    const answer = await actions.startCheck(serverId)
    setStarting(false)
    if ('problem' in answer) setProblem(answer.problem.detail)
    else setRunId(answer.runId)
  }, [actions, serverId])

  useEffect(() => {
    // The form that added the server leads here with this mark: check it without being asked.
    if (window.location.hash !== '#added' || because !== null || wasStarted.current) return
    wasStarted.current = true
    window.history.replaceState(null, '', window.location.pathname)
    void start()
  }, [because, start])

  const accept = async (fingerprint: string) => {
    const answer = await actions.saveRecord('server', serverId, { hostKey: fingerprint }, revision)
    if ('problem' in answer) setProblem(answer.problem.detail)
    else {
      router.refresh()
      void start()
    }
  }

  const steps = stepsOf(lines)
  const failed = steps.filter((step) => step.verdict === 'fail').length
  const warned = steps.filter((step) => step.verdict === 'warn').length
  const skipped = steps.filter((step) => step.verdict === 'skipped').length
  const offered = steps
    .map((step) => (/key/i.test(step.title) ? fingerprintIn(step.because) : null))
    .find((key) => key !== null && key !== pinned)
  return (
    <div className="grid gap-3">
      <div className="flex flex-wrap items-center gap-3">
        <Button onClick={() => void start()} disabled={isOpen || because !== null} title={because ?? undefined}>
          {steps.length > 0 ? 'Check again' : 'Check now'}
        </Button>
        {isOpen && <span className="spin" aria-hidden="true" />}
        <span role="status">
          {isStarting
            ? 'Asking a worker…'
            : isOpen
              ? 'Checking…'
              : run
                ? failed > 0
                  ? `The check failed at ${failed} ${failed === 1 ? 'step' : 'steps'}. The server is saved all the same.`
                  : skipped > 0
                    ? `Not finished: ${skipped} steps wait for one above. The server is saved all the same.`
                    : warned > 0
                      ? 'Passed, with warnings.'
                      : 'Everything passed.'
                : (because ?? 'Reachable, host key, login, programs, versions, clusters, disk, clock. Changes nothing.')}
        </span>
        {runId && (
          <LinkButton look="quiet" isSmall href={`/runs/${runId}`}>
            The run
          </LinkButton>
        )}
      </div>
      {problem && (
        <Note tone="bad" isAlert title={problem}>
          The server is saved all the same; the check can be run at any time.
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
      {offered && !isOpen && because === null && (
        <Note
          tone="warn"
          title="Is this the host’s key?"
          actions={
            <Button look="primary" onClick={() => void accept(offered)}>
              Accept this key
            </Button>
          }
        >
          <p>
            <code>{offered}</code>
          </p>
          <p>
            On the host: <code>ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub</code>. Accept only what you have compared there.
          </p>
        </Note>
      )}
    </div>
  )
}
