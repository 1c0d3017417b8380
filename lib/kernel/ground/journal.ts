import type { FaultCode } from './errors'
import type { Json, JsonObject } from './json'
import type { LeftOut } from './left-out'

/**
 * A job is its journal. Lines are appended under `(jobId, seq)`; a driver that lost its lease collides on the key before it acts.
 * `note` lines carry progress and command output; every other kind moves the state.
 */
export type JournalEntry =
  | { kind: 'opened'; target: string; input: JsonObject; digest: string; driver: string }
  /** A new driver took the job over. */
  | { kind: 'resumed'; driver: string; by?: string }
  /** The facts the effects act on, from this driver's own look. After the first intent they are never gathered again: the job itself has changed them. */
  | { kind: 'gathered'; facts: JsonObject }
  | { kind: 'gate'; step: string; verdict: 'pass' | 'warn' | 'unknown' | 'refuse'; because: string | null }
  | { kind: 'intended'; step: string; before: Json }
  /** What a running step must not forget when its driver dies: a transaction id, a remote process, a change batch. The last one counts. */
  | { kind: 'marked'; step: string; mark: Json }
  | { kind: 'finished'; step: string; output: Json; ours: boolean; tookMs: number }
  /** The step does not apply here: nothing was done, and nothing was found done. */
  | { kind: 'left-out'; step: string; word: LeftOut['word']; because: string }
  | { kind: 'refused'; step: string | null; because: string }
  | { kind: 'failed'; step: string; code: FaultCode; because: string; certainty: 'did-not-happen' | 'unknown'; question?: string }
  | { kind: 'undo-intended'; step: string }
  | { kind: 'undone'; step: string; tookMs: number }
  | { kind: 'undo-failed'; step: string; because: string }
  | { kind: 'release-intended'; step: string }
  | { kind: 'released'; step: string; tookMs: number }
  | { kind: 'release-failed'; step: string; because: string }
  /** Written by the driver when it acts on the request, never by the web side: a line from elsewhere would collide with the driver's next one. */
  | { kind: 'cancel-requested'; by: string }
  /** `during`: what is stuck; driver: several drivers in a row ended without getting anywhere. */
  | {
      kind: 'attention'
      during: 'step' | 'undo' | 'release' | 'driver'
      because: string
      known: string[]
      unknown: string[]
      question: string
    }
  /** A person's answer to `attention`; no driver holds the job then. */
  | { kind: 'decided'; decision: Decision; by: string }
  /** The console's own database did not answer for so long, and the driver did nothing meanwhile. */
  | { kind: 'waited'; tookMs: number }
  | { kind: 'note'; step: string | null; stream: 'info' | 'command' | 'stdout' | 'stderr' | 'warning'; text: string }
  /** Of a rolling job: all lines from here to its `segment-closed` are those of one segment, which looks and acts on a target of its own. Their steps are named `segment/step`. */
  | { kind: 'segment'; segment: string; title: string; target: string; input: JsonObject }
  | { kind: 'segment-closed'; segment: string; outcome: JobOutcome; because: string | null }
  | { kind: 'closed'; outcome: JobOutcome; because: string | null }

export type JournalLine = JournalEntry & { seq: number /** ISO time */; at: string }

/** resume: check the step again and go forward. abandon: run the releases and close as failed, saying what is left. */
export type Decision = 'resume' | 'abandon'

export type JobOutcome = 'done' | 'undone' | 'failed' | 'refused' | 'cancelled'
/**
 * `attention` is open: the job holds until a person decides. `failed`: nothing that mutates had happened, or all of it was put right by releases; a rolling job
 * that failed or was cancelled says after how many segments, and those stay.
 */
export type JobState = 'waiting' | 'running' | 'attention' | JobOutcome
export type RunState = 'waiting' | 'running' | 'cancelling' | 'attention' | 'done' | 'failed' | 'cancelled'

/** Something may still come of the run, and nobody is asked for anything. */
export const openRunStates: readonly RunState[] = ['waiting', 'running', 'cancelling']

/** skipped: the job ended before it came to it. */
export type StepState =
  | 'waiting'
  | 'running'
  | 'done'
  | 'already-so'
  | LeftOut['word']
  | 'failed'
  | 'unknown'
  | 'undoing'
  | 'undone'
  | 'released'
  | 'skipped'

export interface StepFold {
  name: string
  state: StepState
  startedAt: string | null
  endedAt: string | null
  because: string | null
}

/** What a page shows of one job, folded from its lines alone. */
export interface JobFold {
  state: JobState
  steps: StepFold[]
  because: string | null
  attention: { because: string; known: string[]; unknown: string[]; question: string } | null
  lastSeq: number
}

/** Where an entry moves its job; undefined: it stays as it is. */
export const movesTo = (entry: JournalEntry): JobState | undefined => {
  switch (entry.kind) {
    case 'opened':
    case 'resumed':
    case 'decided':
      return 'running'
    case 'attention':
      return 'attention'
    case 'closed':
      return entry.outcome
  }
}
