import type { z } from 'zod'
import type { ActPorts, ReadPorts } from '@/lib/ports'
import type { Role } from '../access/access'
import type { Json, JsonObject } from '../ground/json'
import type { Affected, RunPolicy, Verdict } from './plan'

/** routine: no client notices. disruptive: clients are cut for a while. destructive: data or redundancy is given up. */
export type Danger = 'routine' | 'disruptive' | 'destructive'

/** The roles that an operation can ask for. */
export type RunRole = Exclude<Role, 'viewer'>

/** What a probe of the world gave for one target: plain JSON, so that it can be hashed, stored and shown. */
export type Facts = JsonObject

export interface GatherContext {
  targetId: string
  signal: AbortSignal
}

export interface StepContext {
  signal: AbortSignal
  jobId: string
  /** Writes a `note` line: progress, a command, its output. Never throws. */
  note: (stream: 'info' | 'command' | 'stdout' | 'stderr' | 'warning', text: string) => void
  /** Waits before looking again; ends early, without throwing, when `signal` aborts. */
  pause: (ms: number) => Promise<void>
}

export interface RunContext extends StepContext {
  /** Journals what `check` must know if this driver dies now (a transaction id, a remote process). Resolves once it is durable and the lease still held: await it before the deed. */
  mark: (value: Json) => Promise<void>
  /** The last mark that an earlier driver left, if any. */
  marked: Json
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
      /** Why it cannot be taken back. */
      final: string
      /** A final effect that changes nothing a person would want back (reload, checkpoint): no point of no return. */
      harmless?: true | ((facts: F) => boolean)
      /**
       * For a step with its point of no return inside it. Until `run` has left the mark that passes it, whatever ends the step (a failure, a cancel, the
       * death of its driver) has it taken back, and no other driver runs it again.
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
  /** Given up at `timeoutMs`; what it did is found out by `check`, whose output counts. Its own answer is the output only under `proof: 'answer'`. */
  run: (facts: F, before: Before, ports: ActPorts, context: RunContext) => Promise<Output> | Promise<void>
  timeoutMs: number | ((facts: F) => number)
  /** answer: `run` returning its output is the proof, because nothing in the world shows it (a query, a checkpoint). Default: look again. */
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

interface OperationHead<Name extends string, I extends z.ZodType, F extends Facts> {
  name: Name
  /** The resource it acts on, by name; the registry joins them and the self-check proves it. */
  on: string
  /** The least role that may run it; whoever only looks runs nothing. */
  role: RunRole
  title: string
  /** Imperative for buttons: "Restart". */
  verb: string
  danger: Danger
  /** Where the input decides; `danger` is then the worst it can be. Menus ask it with `{}`: as it is unless a person chooses otherwise. */
  dangerWith?: (input: z.infer<I>) => Danger
  /** The permission's last part; default: the operation's name. A function when the input decides (`run-sql.write`). */
  permission?: (input: z.infer<I>) => string
  input: I
  /** Help paragraphs. */
  help: readonly string[]
  /** Reads only; returns plain JSON. */
  gather: (ports: ReadPorts, input: z.infer<I>, context: GatherContext) => Promise<F>
  about: (facts: F) => About
  /** What must not have changed between plan and run: the facts less what drifts. */
  firm: (facts: F) => JsonObject
  /** What must be as it was when somebody scheduled it, days before: the facts that say who is who. Default: all that is firm. */
  lasting?: (facts: F) => JsonObject
  /** Lease names a job holds while it runs: `herd:<id>`. Empty: takes no lock. */
  locks: (facts: F) => string[]
  now: (facts: F) => { label: string; value: string }[]
  affected?: (facts: F) => Affected[]
  /** Lower runs first under `standbysFirst`; standbys 0, primaries 1. */
  order?: (facts: F) => number
  /** Names of gates that may be decided over the *last observed* row of the target, for the availability of the button. */
  offered?: (row: Record<string, unknown>) => Verdict
  /** Whether an open environment asks for a typed phrase too. Default: when there is a final step that is not harmless. */
  asksPhrase?: (input: z.infer<I>) => boolean
  /** A reload or a check never asks for a phrase, wherever. */
  neverAsksPhrase?: boolean
}

/** An operation with its steps, types erased so that the registry can hold any of them. */
export interface Operation {
  name: string
  on: string
  role: RunRole
  title: string
  verb: string
  danger: Danger
  dangerWith: (input: unknown) => Danger
  permission: (input: unknown) => string
  input: z.ZodType
  help: readonly string[]
  gather: (ports: ReadPorts, input: unknown, context: GatherContext) => Promise<Facts>
  about: (facts: Facts) => About
  firm: (facts: Facts) => JsonObject
  lasting?: (facts: Facts) => JsonObject
  locks: (facts: Facts) => string[]
  now: (facts: Facts) => { label: string; value: string }[]
  affected: (facts: Facts) => Affected[]
  order: (facts: Facts) => number
  offered: (row: Record<string, unknown>) => Verdict
  asksPhrase: (input: unknown) => boolean
  neverAsksPhrase: boolean
  gates: readonly Gate<Facts>[]
  effects: readonly ({ name: string } & Effect<Facts>)[]
}

export interface OperationBuilder<F extends Facts> {
  gate: (name: string, title: string, look: (facts: F) => Verdict, options?: { again?: true }) => OperationBuilder<F>
  effect: <Before extends Json, Output extends Json>(name: string, effect: Effect<F, Before, Output>) => OperationBuilder<F>
  build: () => Operation
}

export const defineOperation = <const Name extends string, I extends z.ZodType, F extends Facts>(
  head: OperationHead<Name, I, F>,
): OperationBuilder<F> => {
  const gates: Gate<Facts>[] = []
  const effects: ({ name: string } & Effect<Facts>)[] = []
  const builder: OperationBuilder<F> = {
    gate: (name, title, look, options) => {
      gates.push({ name, title, look: look as Gate<Facts>['look'], ...options })
      return builder
    },
    effect: (name, effect) => {
      effects.push({ name, ...(effect as unknown as Effect<Facts>) })
      return builder
    },
    build: () => {
      const erased = head as unknown as Partial<Operation> &
        Omit<
          Operation,
          'dangerWith' | 'permission' | 'affected' | 'order' | 'offered' | 'asksPhrase' | 'neverAsksPhrase' | 'gates' | 'effects'
        >
      return {
        ...erased,
        dangerWith: erased.dangerWith ?? (() => head.danger),
        permission: erased.permission ?? (() => head.name),
        affected: erased.affected ?? (() => []),
        order: erased.order ?? (() => 0),
        offered: erased.offered ?? (() => ({ verdict: 'pass' })),
        asksPhrase: erased.asksPhrase ?? (() => effects.some((effect) => isPointOfNoReturn(effect.ending, null))),
        neverAsksPhrase: erased.neverAsksPhrase ?? false,
        gates,
        effects,
      }
    },
  }
  return builder
}

/** A final step that a person may want back: once it has happened, or might have, nothing is undone. Without facts: whether it can be one. */
export const isPointOfNoReturn = (ending: Ending<Facts, Json, Json>, facts: Facts | null): boolean => {
  if (!('final' in ending)) return false
  if (typeof ending.harmless === 'function') return facts === null || !ending.harmless(facts)
  return ending.harmless !== true
}

/** Still to be taken back by its own `undo` although it will be final: its last mark has not passed the point of no return. */
export const isShortOfNoReturn = (ending: Ending<Facts, Json, Json>, mark: Json): boolean =>
  'final' in ending && ending.until !== undefined && !ending.until.isPassed(mark)

type TakeBack = (facts: Facts, before: Json, ports: ActPorts, context: StepContext) => Promise<void>

/** How a step is taken back that has happened, or may have; null: not at all. */
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
  /** What a run of it gets unless it asks for something else. */
  policy: RunPolicy
  input: JsonObject
}
