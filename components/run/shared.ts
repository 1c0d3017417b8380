import type { JobState, JournalLine, RunState } from '@/lib/kernel/ground/journal'
import type { Tone } from '@/lib/kernel/resource/field'
import type { Outcome } from '@/lib/shapes/outcome'

export interface RunOperation {
  name: string
  title: string
  verb: string
  /** Plural path of the resource its targets are of. */
  path: string
  /** Each of its jobs that moves a primary ends with a certificate. */
  isCertified: boolean
  /** `timeoutMs` null: it depends on the target. */
  effects: { name: string; title: string; timeoutMs: number | null }[]
  gates: { name: string; title: string }[]
}

export interface RunActions {
  cancel: (runId: string) => Promise<Outcome<null>>
  decide: (jobId: string, decision: 'resume' | 'abandon') => Promise<Outcome<null>>
  /** A new plan for all targets with the same input. */
  again: () => Promise<Outcome<{ planId: string }>>
  retryFailed: (runId: string, withCancelled: boolean) => Promise<Outcome<{ planId: string }>>
}

export const jobLook: Record<JobState, [Tone, string]> = {
  waiting: ['neutral', 'waiting'],
  running: ['info', 'running'],
  attention: ['warn', 'needs attention'],
  done: ['good', 'done'],
  undone: ['warn', 'undone'],
  failed: ['bad', 'failed'],
  refused: ['bad', 'refused'],
  cancelled: ['neutral', 'cancelled'],
}

export const runLook: Record<RunState, [Tone, string]> = {
  waiting: ['neutral', 'waiting'],
  running: ['info', 'running'],
  cancelling: ['warn', 'cancelling'],
  attention: ['warn', 'needs attention'],
  done: ['good', 'done'],
  failed: ['bad', 'failed'],
  cancelled: ['neutral', 'cancelled'],
}

/** From here on there is a certificate once the job has ended: somebody was told to lead, in a step of its own or within the one that clients wait for. */
export const hasMoved = (lines: readonly JournalLine[]): boolean =>
  lines.some(
    (line) =>
      (line.kind === 'intended' && line.step === 'promote') ||
      (line.kind === 'marked' && line.step === 'hand-over' && (line.mark as { isPassed?: boolean } | null)?.isPassed === true),
  )

export const isRunOpen = (state: RunState): boolean => !['done', 'failed', 'cancelled'].includes(state)
