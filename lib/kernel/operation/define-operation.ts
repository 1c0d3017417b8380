import type { z } from 'zod'
import type { ManagerKind } from '@/lib/domain/managers/manager'
import type { ReadPorts } from '@/lib/ports'
import type { Json, JsonObject } from '../ground/json'
import { gatherWithManagers, type Managed, managedGate } from './managed'
import { effectWhen, type GateOptions, gateWhen, type When } from './only-when'
import {
  type About,
  type Effect,
  type Facts,
  type Gate,
  type GatherContext,
  isPointOfNoReturn,
  type Operation,
  type RunRole,
  type Segment,
  type Step,
  stepInSegment,
} from './operation'
import { gatherWithOwn, type Interrupted, ownDatabaseGate } from './own-database'
import { type HeldUp, ownPoolerGate } from './own-pooler'
import type { Affected, Danger, Verdict } from './plan'

interface OperationHead<Name extends string, I extends z.ZodType, F extends Facts> {
  name: Name
  /** The resource it acts on, by name; the registry joins them and the self-check proves it. */
  on: string
  /** The least role that may run it; a viewer runs nothing. */
  role: RunRole
  /** The least role that may read the rows its steps answer with, which are kept apart from the journal and for a while. Left out: they answer with none. */
  results?: RunRole
  title: string
  /** Imperative for buttons: "Restart". */
  verb: string
  danger: Danger
  /** Where the input decides; `danger` is then the worst it can be. Menus ask it with `{}`: as it is unless a person chooses otherwise. */
  dangerWith?: (input: z.infer<I>) => Danger
  /** Where what is seen of a target decides: worse than the input says, never less. A destructive target is asked for with a phrase everywhere. */
  dangerSeen?: (facts: F) => Danger
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
  /** How it treats a server that Patroni or another manager looks after; a gate checks it. */
  managed: Managed<z.infer<I>, F>
  /** Left out: not through a manager's own doors. Menus have it only where this one was found. */
  through?: ManagerKind
  /** The servers that it stops, restarts, replaces or promotes. Left out: none. The console's own database must not be on one of them, which a gate checks. */
  interrupts?: (facts: F) => readonly Interrupted[]
  /** The pooler whose clients it holds up, turns away or sends elsewhere; null: it does not come to that. The console's own connection must not be one of them, which a gate checks. */
  holdsUp?: (facts: F) => HeldUp | null
  /** Lease names a job holds while it runs: `herd:<id>`. Empty: takes no lock. */
  locks: (facts: F) => string[]
  /**
   * It may take its locks although another job of them needs attention, since it changes only what that job must look at again in any case. Never while
   * somebody drives the other one. Left out: it waits until that job has ended.
   */
  overtakesWaiting?: true
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

export interface OperationBuilder<F extends Facts> {
  gate: (name: string, title: string, look: (facts: F) => Verdict, options?: GateOptions<F>) => OperationBuilder<F>
  /** Those that several operations share, in their order. */
  gates: (shared: readonly Gate<F>[]) => OperationBuilder<F>
  /** The steps are taken in this order. */
  effect: <Before extends Json, Output extends Json>(name: string, effect: Effect<F, Before, Output>, only?: When<F>) => OperationBuilder<F>
  /**
   * Taken at the same time as the effect before it, since neither needs the other. One that fails holds none of its row up: the job turns back, or asks, once
   * all of them have ended.
   */
  beside: <Before extends Json, Output extends Json>(name: string, effect: Effect<F, Before, Output>, only?: When<F>) => OperationBuilder<F>
  /** In place of effects: operations that one job takes one after the other. `parts`: what they are made of, told where no facts are known. */
  rolls: (
    segments: (facts: F) => readonly Segment[],
    parts: readonly { key: string; title: string; operation: Operation }[],
  ) => OperationBuilder<F>
  build: () => Operation
}

export const defineOperation = <const Name extends string, I extends z.ZodType, F extends Facts>(
  head: OperationHead<Name, I, F>,
): OperationBuilder<F> => {
  const gates: Gate<Facts>[] = []
  const effects: Step[] = []
  let segments: Operation['segments']
  const partGates: { name: string; title: string }[] = []
  const builder: OperationBuilder<F> = {
    gate: (name, title, look, options) => {
      const whole = options?.when === undefined ? look : gateWhen(options, look)
      gates.push({ name, title, look: whole as Gate<Facts>['look'], ...(options?.again ? { again: true as const } : {}) })
      return builder
    },
    gates: (shared) => {
      gates.push(...(shared as readonly Gate<Facts>[]))
      return builder
    },
    effect: (name, effect, only) => {
      effects.push({ name, ...((only === undefined ? effect : effectWhen(only, effect)) as unknown as Effect<Facts>) })
      return builder
    },
    beside: (name, effect, only) => {
      builder.effect(name, effect, only)
      effects.at(-1)!.isBeside = true
      return builder
    },
    rolls: (given, parts) => {
      segments = given as Operation['segments']
      for (const { key, title, operation } of parts) {
        const titled = (own: string) => (title === '' ? own : `${title}: ${own}`)
        partGates.push(...operation.gates.map((gate) => ({ name: stepInSegment(key, gate.name), title: titled(gate.title) })))
        effects.push(
          ...operation.effects.map((effect) => ({
            ...effect,
            name: stepInSegment(key, effect.name),
            title: titled(effect.title),
          })),
        )
      }
      return builder
    },
    build: () => {
      const { interrupts, holdsUp, managed, ...rest } = head
      const withManagers = gatherWithManagers(head.gather, managed)
      const erased = rest as unknown as Partial<Operation> &
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
        gather: (interrupts || holdsUp ? gatherWithOwn(withManagers) : withManagers) as Operation['gather'],
        gates: [
          ...('deed' in managed ? [managedGate()] : []),
          ...gates,
          ...(interrupts ? [ownDatabaseGate(interrupts)] : []),
          ...(holdsUp ? [ownPoolerGate(holdsUp)] : []),
        ],
        effects,
        ...(segments && { segments, partGates }),
      }
    },
  }
  return builder
}
