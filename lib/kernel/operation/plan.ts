import type { JsonObject } from '../ground/json'
import type { LeftOut } from '../ground/left-out'

/**
 * A gate's answer. An expected "no" is a value with its reason, never an exception. unknown: the gate could not look, and says why; the step is taken all
 * the same.
 */
export type Verdict =
  | { verdict: 'pass'; because?: string }
  | { verdict: 'warn' | 'unknown'; because: string }
  | { verdict: 'refuse'; because: string; override?: Override }

/** A refusal that a person may overrule with words of their own: the console cannot know what they know. */
export interface Override {
  /** The input of the operation that takes the words; several targets' words stand in it with commas between them. */
  input: string
  /** What must be typed, whatever the case. */
  words: string
  /** What a person answers for by typing them, one sentence. */
  pledge: string
  /** What the button says that makes the plan under this pledge. */
  action: string
}

/** routine: no client notices. disruptive: clients are cut for a while. destructive: data or redundancy is lost. */
export type Danger = 'routine' | 'disruptive' | 'destructive'

export type EndingKind = 'undo' | 'release' | 'final'

export interface GateVerdict {
  name: string
  title: string
  verdict: Verdict['verdict']
  because: string | null
  /** Only of a refusal that a person may overrule. */
  override?: Override
}

export interface PlannedEffect {
  name: string
  title: string
  /** What will happen, one sentence. */
  preview: string
  /** The exact commands or statements, as text to read and copy. */
  commands: string[]
  state: 'will-run' | 'already-so' | 'blocked' | LeftOut['word']
  /** Why it is blocked, or left out. */
  because: string | null
  /** `isPointOfNoReturn`: once it has happened, or might have, nothing before it is undone either. */
  ending: { kind: EndingKind; sentence: string; isPointOfNoReturn: boolean }
  timeoutMs: number
}

/** Somebody or something that will notice. `count` is null where it is not known. */
export interface Affected {
  kind: 'clients' | 'transactions' | 'standbys' | 'names' | 'poolers' | 'redundancy'
  count: number | null
  sentence: string
}

export interface PlanTarget {
  id: string
  title: string
  environmentId: string | null
  herdId: string | null
  serverId: string | null
  /** What it is now, probed just now: short label and value pairs (`Role: standby`). */
  now: { label: string; value: string }[]
  eligible: boolean
  /** Why it is excluded; null when eligible. Excluded by nothing but refusals that a person may overrule, it has its effects and who is affected to read. */
  reason: string | null
  gates: GateVerdict[]
  effects: PlannedEffect[]
  affected: Affected[]
  /** What was seen of it makes the operation this dangerous there; left out: as its input says. */
  danger?: Danger
  /** Leases a job on it holds while it runs: `herd:<id>`. */
  locks: string[]
  /** Lower runs first when the policy keeps standbys before primaries. */
  order: number
  /** Over the firm facts of this target. */
  digest: string
  /** Over what must not change between scheduling and running; left out: the same as `digest`. */
  lasting?: string
}

export interface RunPolicy {
  /** Targets at once over the whole run. */
  parallel: number
  perServer: number
  /** Standbys before primaries, wave by wave. */
  standbysFirst: boolean
  /** Start no more targets after this many have failed; null: never stop. */
  stopAfterFailures: number | null
  /** Seconds from submission after which no further target starts and running ones are cancelled at their next safe point; null: none. */
  deadlineSeconds: number | null
}

/** Ends included. What may be null is not bounded by being so. */
export const policyBounds = {
  parallel: { min: 1, max: 500 },
  perServer: { min: 1, max: 100 },
  stopAfterFailures: { min: 1 },
  deadlineSeconds: { min: 1, max: 30 * 86_400 },
} as const satisfies Partial<Record<keyof RunPolicy, { min: number; max?: number }>>

export const defaultPolicy: RunPolicy = { parallel: 10, perServer: 2, standbysFirst: true, stopAfterFailures: 1, deadlineSeconds: 3600 }

export interface PlanEnvironment {
  id: string
  name: string
  colour: string
  protection: 'open' | 'confirm' | 'two-person'
  maintenanceWindows: string[]
  /** Eligible targets in it. */
  targets: number
}

export interface Plan {
  operation: string
  title: string
  resource: string
  input: JsonObject
  policy: RunPolicy
  targets: PlanTarget[]
  eligible: number
  excluded: number
  environments: PlanEnvironment[]
  /** What must be typed, or null. "restart 3 in prod". */
  phrase: string | null
  /** Somebody notices it: it belongs into a maintenance window. */
  isDisruptive: boolean
  /** True when no effect that will run is a point of no return. */
  isReversible: boolean
  /** Approval by a second person is needed before it may be submitted. */
  needsApproval: boolean
  /** Median seconds of earlier jobs of this operation on one target, and how many were counted; null when there are none. */
  history: { medianSeconds: number; count: number } | null
  digest: string
  /** ISO time. */
  madeAt: string
  madeInMs: number
}
