import type { JobState, JournalLine, RunState } from '@/lib/kernel/ground/journal'
import type { Tone } from '@/lib/kernel/resource/field'
import type { Outcome } from '@/lib/shapes/outcome'
import { hasMoved as hasMovedFrom, type MoveLine } from '@/lib/shapes/run'

export interface RunOperation {
  name: string
  title: string
  verb: string
  /** Plural path of the resource its targets are of. */
  path: string
  /** The line from which on one of its jobs has moved a primary and will end with a certificate; null: it moves none. */
  movesFrom: MoveLine | null
  /** Each of its jobs has steps of its own, made of these. */
  isRolling?: boolean
  /** `timeoutMs` null: it depends on the target. */
  effects: { name: string; title: string; timeoutMs: number | null }[]
  gates: { name: string; title: string }[]
}

/** What a step is called: in a rolling job, `part/step` is named after the part that it belongs to. A name that nothing is known of stands for itself. */
export const stepTitle = (effects: readonly { name: string; title: string }[], step: string): string => {
  const known = effects.find(({ name }) => name === step)
  if (known) return known.title
  const [part = '', own] = step.split('/')
  const alike = own === undefined ? undefined : effects.find(({ name }) => name.split('/')[1] === own)
  return alike === undefined ? step : `${part}: ${alike.title}`
}

export interface RunActions {
  cancel: (runId: string) => Promise<Outcome<null>>
  decide: (jobId: string, decision: 'resume' | 'abandon') => Promise<Outcome<null>>
  /** A new plan for all targets with the same input. */
  again: () => Promise<Outcome<{ planId: string }>>
  retryFailed: (runId: string, withCancelled: boolean) => Promise<Outcome<{ planId: string }>>
}

export const jobStyle: Record<JobState, [Tone, string]> = {
  waiting: ['neutral', 'waiting'],
  running: ['info', 'running'],
  attention: ['warn', 'needs attention'],
  done: ['good', 'done'],
  undone: ['warn', 'undone'],
  failed: ['bad', 'failed'],
  refused: ['bad', 'refused'],
  cancelled: ['neutral', 'cancelled'],
}

export const runStyle: Record<RunState, [Tone, string]> = {
  waiting: ['neutral', 'waiting'],
  running: ['info', 'running'],
  cancelling: ['warn', 'cancelling'],
  attention: ['warn', 'needs attention'],
  done: ['good', 'done'],
  failed: ['bad', 'failed'],
  cancelled: ['neutral', 'cancelled'],
}

/** From here on there is a certificate once the job has ended. */
export const hasMoved = ({ movesFrom }: Pick<RunOperation, 'movesFrom'>, lines: readonly JournalLine[]): boolean =>
  movesFrom !== null && hasMovedFrom(lines, movesFrom)

export const isRunOpen = (state: RunState): boolean => !['done', 'failed', 'cancelled'].includes(state)
