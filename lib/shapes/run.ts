import type { Strip, StripPiece } from '@/lib/domain/proof/canary-strip'
import type { JobFold, JobState, JournalLine, RunState } from '@/lib/kernel/ground/journal'
import type { JsonObject } from '@/lib/kernel/ground/json'
import type { RunPolicy } from '@/lib/kernel/operation/plan'

export interface JobView {
  id: string
  title: string
  resource: string
  targetId: string
  environmentId: string | null
  herdId: string | null
  serverId: string | null
  wave: number
  state: JobState
  step: string | null
  /** Why it waits (the holder of its herd is named here), failed, or holds. */
  because: string | null
  /** What it waits for at this moment, as a sentence: a lock, its turn, a worker, another worker in place of one that is gone. null: it goes on, or has ended. */
  waitsFor: string | null
  /** ISO times. */
  startedAt: string | null
  finishedAt: string | null
  fold: JobFold
}

export interface RunView {
  id: string
  operation: string
  resource: string
  title: string
  state: RunState
  personId: string | null
  actorName: string
  reason: string
  ticket: string
  input: JsonObject
  policy: RunPolicy
  planId: string | null
  digest: string
  /** Those that the reader may see. */
  environmentIds: string[]
  retryOf: string | null
  cancelRequestedBy: string | null
  /** ISO times. */
  createdAt: string
  startedAt: string | null
  finishedAt: string | null
  deadlineAt: string | null
  /** Those that the reader may see. */
  jobs: JobView[]
  /** How many more it has, in environments that the reader may not see. */
  jobsHidden: number
}

/** One journal line of a run. */
export interface RunLine {
  /** Rises within a run in the order in which lines become visible: remember the last one and ask for what comes after it. */
  eventId: number
  jobId: string
  line: JournalLine
}

/** What a canary of a run saw: a piece of its strip, or all of it at its end. */
export interface RunStrip {
  jobId: string
  /** Rises within a job. */
  seq: number
  piece: StripPiece | Strip
}

/** The journal line from which on a job has moved a primary, or may have: an intent, or the mark by which a step passes its point of no return. */
export interface MoveLine {
  kind: 'intended' | 'marked'
  step: string
  /** What the mark must hold at least; null: any line of that kind. */
  mark: Readonly<Record<string, boolean>> | null
}

/**
 * The last line of that kind counts: a later mark may take back what an earlier one said. Nor has a job moved anybody that was undone: past its point of no
 * return nothing is.
 */
export const hasMoved = (lines: readonly JournalLine[], { kind, step, mark }: MoveLine): boolean => {
  const last = lines.findLast((line) => line.kind === kind && 'step' in line && line.step === step)
  if (last === undefined || lines.some((line) => line.kind === 'closed' && line.outcome === 'undone')) return false
  const held = (last.kind === 'marked' ? last.mark : null) as JsonObject | null
  return Object.entries(mark ?? {}).every(([name, value]) => held?.[name] === value)
}
