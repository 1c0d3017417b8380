'use client'

import { X } from 'lucide-react'
import Link from 'next/link'
import { useEffect, useRef } from 'react'
import { DrillFindings } from '@/components/drill/report'
import { Button } from '@/components/ui/button'
import { CopyButton } from '@/components/ui/copy-button'
import { State } from '@/components/ui/state'
import { Moment } from '@/components/ui/zone'
import { drillReport } from '@/lib/domain/drill/report'
import type { JobResult } from '@/lib/shapes/results'
import type { JobView } from '@/lib/shapes/run'
import { Attention } from './attention'
import { CertificateLink } from './certificate-link'
import { Log } from './log'
import { hasMoved, jobStyle, type RunActions, type RunOperation, stepTitle } from './shared'
import { gridOf } from './sql-grid'
import { SqlTable } from './sql-results'
import { Steps } from './steps'
import type { RunStore } from './store'
import { CanaryStrip } from './strip'

/** Everything about one target of a run over several. It opens beside the grid and is in the address, so a reload or a pasted link shows it again. */
export const JobPanel = ({
  job,
  result,
  store,
  operation,
  mayDecide,
  isRunOpen,
  decide,
  onClose,
}: {
  job: JobView
  /** What its statement answered with; null: nothing, or not for this reader. */
  result: JobResult | null
  store: RunStore
  operation: RunOperation
  mayDecide: boolean
  isRunOpen: boolean
  decide: RunActions['decide']
  onClose: () => void
}) => {
  const heading = useRef<HTMLHeadingElement>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: another job was chosen: its heading gets the focus.
  useEffect(() => heading.current?.focus({ preventScroll: false }), [job.id])
  const rows = store.snapshot().rows.filter((row) => row.jobId === job.id)
  const lines = store.linesOf(job.id)
  const strip = store.snapshot().strips.get(job.id)
  const commands = lines.flatMap((line) => (line.kind === 'note' && line.stream === 'command' ? [line.text] : []))
  const grid = result && gridOf(result)
  const found = operation.name === 'drill' ? drillReport(lines) : null
  return (
    <aside className="card run-panel" aria-label={job.title} onKeyDown={(event) => event.key === 'Escape' && onClose()}>
      <header>
        <h2 ref={heading} tabIndex={-1}>
          {job.title}
        </h2>
        <State tone={jobStyle[job.state][0]}>{jobStyle[job.state][1]}</State>
        <Button variant="quiet" isSmall isIcon className="ml-auto" aria-label="Close" onClick={onClose}>
          <X aria-hidden="true" />
        </Button>
      </header>
      <div className="body grid gap-3">
        {(job.waitsFor ?? job.because) && job.state !== 'attention' && <p>{job.waitsFor ?? job.because}</p>}
        <Attention job={job} mayDecide={mayDecide} decide={decide} />
        <p className="flex flex-wrap gap-x-4 gap-y-1 text-ink-2">
          {job.startedAt && (
            <span>
              Started <Moment at={job.startedAt} />
            </span>
          )}
          {job.finishedAt && (
            <span>
              Ended <Moment at={job.finishedAt} />
            </span>
          )}
          <Link href={`/${operation.path}/${job.targetId}`} prefetch={false}>
            Open the target
          </Link>
          {job.finishedAt && hasMoved(operation, lines) && <CertificateLink runId={store.snapshot().run!.id} jobId={job.id} />}
        </p>
        {found && <DrillFindings report={found} />}
        {strip && (found === null || job.finishedAt === null) && (
          <section aria-label="What a client sees">
            <h3>What a client sees</h3>
            <CanaryStrip strip={strip} isOpen={job.finishedAt === null} />
          </section>
        )}
        <section aria-label="Steps">
          <h3>Steps</h3>
          <Steps job={job} lines={lines} titleOf={(step) => stepTitle(operation.effects, step)} />
        </section>
        {commands.length > 0 && (
          <details>
            <summary>{commands.length === 1 ? 'The command that ran' : `The ${commands.length} commands that ran`}</summary>
            <code className="code">{commands.join('\n')}</code>
            <CopyButton text={commands.join('\n')} label="Copy" />
          </details>
        )}
        {grid && (
          <section aria-label="Result">
            <h3>Result</h3>
            <SqlTable
              columns={grid.columns}
              rows={grid.rows}
              note={grid.isCut ? 'Rows beyond the limit were left out.' : null}
              name={`${job.title}.csv`}
            />
          </section>
        )}
        <section aria-label="Log of this target">
          <h3>Log</h3>
          <Log rows={rows} name={`${job.title}.log`} isOpen={isRunOpen} hasTitles={false} />
        </section>
      </div>
    </aside>
  )
}
