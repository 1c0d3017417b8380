import type { Strip, StripPiece } from '@/lib/domain/proof/canary-strip'
import type { FaultCode, FieldProblem } from '@/lib/kernel/ground/errors'
import type { JobFold, JobState, JournalLine, RunState } from '@/lib/kernel/ground/journal'
import type { JsonObject } from '@/lib/kernel/ground/json'
import type { RunPolicy } from '@/lib/kernel/operation/plan'
import type { Tone } from '@/lib/kernel/resource/field'

export type Outcome<T> = { ok: true; value: T } | { ok: false; code: FaultCode; message: string; fields: FieldProblem[] }

/** One journal line of a run with its place in the run's stream. */
export interface StreamedLine {
  eventId: number
  jobId: string
  line: JournalLine
}

/** What a canary saw, as the run's stream sends it. */
export interface StreamedStrip {
  jobId: string
  seq: number
  piece: StripPiece | Strip
}

export interface JobShown {
  id: string
  title: string
  targetId: string
  environmentId: string | null
  herdId: string | null
  wave: number
  state: JobState
  /** Why it waits, failed, or holds; the holder of the lock it waits for is named here. */
  because: string | null
  startedAt: string | null
  finishedAt: string | null
  fold: JobFold
}

export interface RunShown {
  id: string
  title: string
  operation: string
  state: RunState
  actorName: string
  reason: string
  ticket: string
  input: JsonObject
  policy: RunPolicy
  planId: string | null
  retryOf: string | null
  cancelRequestedBy: string | null
  createdAt: string
  startedAt: string | null
  finishedAt: string | null
  deadlineAt: string | null
  jobs: JobShown[]
}

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
