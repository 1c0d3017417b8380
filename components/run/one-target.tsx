import Link from 'next/link'
import { Card } from '@/components/ui/card'
import { CopyButton } from '@/components/ui/copy-button'
import { State } from '@/components/ui/state'
import type { JournalLine } from '@/lib/kernel/ground/journal'
import type { JobView } from '@/lib/shapes/run'
import { jobStyle, type RunOperation, stepTitle } from './shared'
import { Steps } from './steps'

/** The one target of a run: its steps down the page, so that the one that runs is in sight. The log is the page's own. */
export const OneTarget = ({
  job,
  lines,
  operation,
  sentences,
}: {
  job: JobView
  lines: readonly JournalLine[]
  operation: RunOperation
  /** By step, what the plan said that it does; empty once the plan is gone. */
  sentences: Readonly<Record<string, string>>
}) => {
  const commands = lines.flatMap((line) => (line.kind === 'note' && line.stream === 'command' ? [line.text] : []))
  return (
    <Card title="Steps" isFlush>
      <section aria-label="Targets and steps">
        <p className="run-one">
          <Link href={`/${operation.path}/${job.targetId}`} prefetch={false}>
            {job.title}
          </Link>
          <State tone={jobStyle[job.state][0]}>{jobStyle[job.state][1]}</State>
          {(job.waitsFor ?? job.because) && job.state !== 'attention' && <span>{job.waitsFor ?? job.because}</span>}
        </p>
        <Steps
          job={job}
          lines={lines}
          titleOf={(step) => stepTitle(operation.effects, step)}
          sentenceOf={(step) => sentences[step] ?? null}
        />
        {commands.length > 0 && (
          <details className="run-one">
            <summary>{commands.length === 1 ? 'The command that ran' : `The ${commands.length} commands that ran`}</summary>
            <code className="code">{commands.join('\n')}</code>
            <CopyButton text={commands.join('\n')} label="Copy" />
          </details>
        )}
      </section>
    </Card>
  )
}
