import type { z } from 'zod'
import type { ManagerKind } from '@/lib/domain/managers/manager'
import type { ActPorts, ReadPorts } from '@/lib/ports'
import type { Role } from '../access/access'
import type { Json, JsonObject } from '../ground/json'
import type { LeftOut } from '../ground/left-out'
import type { Affected, Danger, RunPolicy, Verdict } from './plan'

/** The roles that an operation can ask for. */
export type RunRole = Exclude<Role, 'viewer'>

/** What was seen of one target: plain JSON, so that it can be hashed, stored and shown. */
export type Facts = JsonObject

export interface GatherContext {
  targetId: string
  signal: AbortSignal
}

export interface StepContext {
  signal: AbortSignal
  jobId: string
  /**
   * One driver alone has driven the job since its facts were gathered: no other one took it over, no person was asked in between, and it never waited long
   * for the console's own database. It may change while a step runs. Where it is false
   * anybody may have done anything meanwhile, and nothing that a server writes by may rest on the facts.
   */
  isUnbroken: boolean
  /** Writes a `note` line: progress, a command, its output. Never throws. */
  note: (stream: 'info' | 'command' | 'stdout' | 'stderr' | 'warning', text: string) => void
  /** Waits before looking again; ends early, without throwing, when `signal` aborts. */
  pause: (ms: number) => Promise<void>
}

export interface RunContext extends StepContext {
  /** Journals what `check` must know if this driver dies now (a transaction id, a remote process). Resolves once it is durable and the lease still held: await it before the action. */
  mark: (value: Json) => Promise<void>
  /** The last mark that an earlier driver left, if any. */
  marked: Json
  /**
   * Waits as `pause` does, and throws `shell.cancelled` as soon as a cancel or the deadline of the run is heard. For a moment inside a long step at which
   * nothing is held and all of it can be undone.
   */
  pauseUnlessCancelled: (ms: number) => Promise<void>
}

export interface CheckContext<Before extends Json> {
  signal: AbortSignal
  /** The first intent, when there is one. */
  intended: { before: Before } | null
  /** The last mark that `run` left, if any. */
  mark: Json
}

/** The one answer that serves the dry run, idempotence, resume after a crash, and rollback. */
export type Found<Before extends Json, Output extends Json> =
  | { found: 'done'; output: Output }
  /** Only without an intent: it does not apply here, and the words say why. */
  | ({ found: 'left-out' } & LeftOut)
  /** `partly` (only with an intent): what of it has happened already, in words. Running again completes it; for a final step it is past the point of no return. */
  | { found: 'ready'; before: Before; partly?: string }
  /** `isPassing`: it ends by itself (a server starts up, a shutdown is under way), so an intended step waits for it, up to its deadline. */
  | { found: 'blocked'; because: string; isPassing?: true }

export type Ending<F, Before extends Json, Output extends Json> =
  | {
      /** Takes it back if the job fails later. Must be safe to run twice. */
      undo: (facts: F, before: Before, output: Output | null, ports: ActPorts, context: StepContext) => Promise<void>
      sentence: string
      timeoutMs?: number
    }
  | {
      /** Runs however the job ends, under its own deadline, cancelled or not. Must be safe to run twice. */
      release: (facts: F, before: Before, output: Output | null, ports: ActPorts, context: StepContext) => Promise<void>
      sentence: string
      timeoutMs?: number
    }
  | {
      /** Why it cannot be undone. */
      final: string
      /** A final effect that changes nothing a person would want back (reload, checkpoint): no point of no return. */
      harmless?: true | ((facts: F) => boolean)
      /**
       * For a step with its point of no return inside it. Until `run` has left the mark that passes it, whatever ends the step (a failure, a cancel, the
       * death of its driver) has it undone, and no other driver runs it again.
       */
      until?: {
        isPassed: (mark: Json) => boolean
        /** `mark`: the last one; null: none. Must be safe to run twice, and on a step that has only been intended. */
        undo: (facts: F, before: Before, mark: Json, ports: ActPorts, context: StepContext) => Promise<void>
        timeoutMs?: number
      }
    }

/** `timeoutMs` of an ending is its own deadline for each try; default 60 s. */
export interface Effect<F, Before extends Json = Json, Output extends Json = Json> {
  title: string
  preview: (facts: F) => { sentence: string; commands: string[] }
  /**
   * Looks only. With an intent, `done` means "what we intended has happened".
   * Without it, `done` means "already so": the step is skipped and never undone.
   * Throws when it cannot look, or `step.unknown` (with `facts.question`) when looking cannot tell.
   */
  check: (facts: F, ports: ReadPorts, context: CheckContext<Before>) => Promise<Found<Before, Output>>
  /** Times out at `timeoutMs`; then `check` finds out what it did, and its output counts. Its own answer is the output only under `proof: 'answer'`. */
  run: (facts: F, before: Before, ports: ActPorts, context: RunContext) => Promise<Output> | Promise<void>
  timeoutMs: number | ((facts: F) => number)
  /** answer: `run` returning its output is the proof, because nothing on the server shows it (a query, a checkpoint). Default: look again. */
  proof?: 'look' | 'answer'
  /** A cancel interrupts `run` through its signal instead of waiting for its end. */
  canInterrupt?: true
  /** Steps before it will have changed what `check` finds now, so a plan never calls it already so. */
  isRedone?: (facts: F) => boolean
  /** Takes minutes to hours: gates marked `again` are looked at afresh before the effect that follows it. */
  isLong?: true
  ending: Ending<F, Before, Output>
}

export interface Gate<F> {
  name: string
  title: string
  look: (facts: F) => Verdict
  /** Looked at over fresh facts also after a long effect; its facts must not be changed by the operation's own effects. */
  again?: true
}

/** Who and where the target is, for the plan, the job and the environment's rules. */
export interface About {
  title: string
  environmentId: string | null
  herdId: string | null
  serverId: string | null
}

/** An operation with its steps, types erased so that the registry can hold any of them. */
export interface Operation {
  name: string
  on: string
  role: RunRole
  title: string
  verb: string
  danger: Danger
  through?: ManagerKind
  dangerWith: (input: unknown) => Danger
  permission: (input: unknown) => string
  input: z.ZodType
  help: readonly string[]
  gather: (ports: ReadPorts, input: unknown, context: GatherContext) => Promise<Facts>
  about: (facts: Facts) => About
  firm: (facts: Facts) => JsonObject
  lasting?: (facts: Facts) => JsonObject
  locks: (facts: Facts) => string[]
  overtakesWaiting?: true
  now: (facts: Facts) => { label: string; value: string }[]
  affected: (facts: Facts) => Affected[]
  dangerSeen?: (facts: Facts) => Danger
  results?: RunRole
  order: (facts: Facts) => number
  offered: (row: Record<string, unknown>) => Verdict
  asksPhrase: (input: unknown) => boolean
  neverAsksPhrase: boolean
  gates: readonly Gate<Facts>[]
  effects: readonly Step[]
  /** Of a rolling operation, the same for the same facts: one job takes them one after the other. `effects` only tells then what they are made of. */
  segments?: (facts: Facts) => readonly Segment[]
  /** Of a rolling operation: what the checks of its parts are called. */
  partGates?: readonly { name: string; title: string }[]
}

/**
 * One operation of a rolling job, on a target of its own. It looks afresh when its turn comes, has its own point of no return, and is never undone by what
 * becomes of a later one.
 */
export interface Segment {
  /** Its name in the journal. */
  key: string
  title: string
  operation: Operation
  targetId: string
  input: JsonObject
  /** It is not taken at all; null: it is. */
  leftOut: LeftOut | null
  /** What a plan is made of; a sentence where those before it change what can be seen. */
  forecast: Operation | string
}

/** The name of a step, or of a gate, of a segment in the journal of its job. */
export const stepInSegment = (segment: string, step: string): string => `${segment}/${step}`

/** Of this job: a rolling one has those of its segments, each under its name in the journal. */
export const stepsOf = ({ effects, segments }: Pick<Operation, 'effects' | 'segments'>, facts: Facts | null): readonly Step[] =>
  segments === undefined
    ? effects
    : (facts === null ? [] : segments(facts)).flatMap(({ key, leftOut, operation }) =>
        leftOut === null ? operation.effects.map((effect) => ({ ...effect, name: stepInSegment(key, effect.name) })) : [],
      )

/** `isBeside`: it is taken at the same time as the one before it, and as those that one is beside. */
export type Step = { name: string; isBeside?: true } & Effect<Facts>

/** In their order: each alone, or with those that are taken at the same time. */
export const abreast = ({ effects }: Pick<Operation, 'effects'>): Step[][] => {
  const rows: Step[][] = []
  for (const effect of effects) {
    const row = rows.at(-1)
    if (effect.isBeside && row !== undefined) row.push(effect)
    else rows.push([effect])
  }
  return rows
}

/** A final step that a person may want back: once it has happened, or might have, nothing is undone. Without facts: whether it can be one. */
export const isPointOfNoReturn = (ending: Ending<Facts, Json, Json>, facts: Facts | null): boolean => {
  if (!('final' in ending)) return false
  if (typeof ending.harmless === 'function') return facts === null || !ending.harmless(facts)
  return ending.harmless !== true
}

/** Still to be undone by its own `undo` although it will be final: its last mark has not passed the point of no return. */
export const isShortOfNoReturn = (ending: Ending<Facts, Json, Json>, mark: Json): boolean =>
  'final' in ending && ending.until !== undefined && !ending.until.isPassed(mark)

type TakeBack = (facts: Facts, before: Json, ports: ActPorts, context: StepContext) => Promise<void>

/** How a step is undone that has happened, or may have; null: not at all. */
export const undoOf = (
  ending: Ending<Facts, Json, Json>,
  { mark, output }: { mark: Json; output: Json | null },
): { undo: TakeBack; timeoutMs?: number } | null => {
  if ('undo' in ending)
    return { undo: (facts, before, ports, context) => ending.undo(facts, before, output, ports, context), timeoutMs: ending.timeoutMs }
  if (!('final' in ending) || ending.until === undefined || !isShortOfNoReturn(ending, mark)) return null
  const { undo, timeoutMs } = ending.until
  return { undo: (facts, before, ports, context) => undo(facts, before, mark, ports, context), timeoutMs }
}

export const deadlineOf = (effect: Effect<Facts>, facts: Facts): number =>
  typeof effect.timeoutMs === 'function' ? effect.timeoutMs(facts) : effect.timeoutMs

export const endingKind = (ending: Ending<Facts, Json, Json>): 'undo' | 'release' | 'final' =>
  'undo' in ending ? 'undo' : 'release' in ending ? 'release' : 'final'

/** What a browser may know of an operation. `input` is its JSON schema. */
export interface OperationDescription {
  name: string
  on: string
  title: string
  verb: string
  danger: Danger
  help: readonly string[]
  /** Its steps answer with rows. */
  hasResults: boolean
  /** What a run of it gets unless it asks for something else. */
  policy: RunPolicy
  input: JsonObject
}
