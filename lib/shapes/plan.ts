import type { JsonObject } from '@/lib/kernel/ground/json'
import type { Plan, RunPolicy } from '@/lib/kernel/operation/plan'

/** The most targets that one plan takes. */
export const targetsMax = 1_000
/** Characters of what a submission says besides its plan. */
export const reasonMax = 2_000
export const ticketMax = 200

export type PlanState = 'asked' | 'making' | 'ready' | 'failed'

/** A stored plan as the confirm page needs it. */
export interface PlanView {
  id: string
  state: PlanState
  targets: string[]
  input: JsonObject
  policy: RunPolicy
  actorName: string
  /** The person who looks at the page asked for it. */
  isOwn: boolean
  plan: Plan | null
  because: string | null
  /** ISO time; null: nobody was asked to approve it yet. */
  approvalAskedAt: string | null
  approvedByName: string | null
  approvedAt: string | null
  /** The run it was submitted as, if it was. */
  runId: string | null
  /** The scheduled run it became, if it did. */
  scheduledId: string | null
  /** ISO time it waits for, as its scheduled run; null: it waits for none. */
  waitsUntil: string | null
}

export interface PlanQuestion {
  operation: string
  /** Ids of what the operation acts on. */
  targets: readonly string[]
  /** As the operation's own schema reads it; left out: all defaults. */
  input?: unknown
  /** What is left out follows the operation and the environments. */
  policy?: Partial<RunPolicy>
}

/** A question whose targets may be of another resource, which `of` names: the operation runs on what belongs to them. */
export interface QuestionOf extends PlanQuestion {
  of?: string | null
}

/** What a person says with a plan that was read. */
export interface Confirmation {
  planId: string
  /** Of the plan that was read. */
  digest: string
  phrase?: string
  reason?: string
  ticket?: string
  /** It may run although a maintenance window of an environment is not open: needs the permission `run.outside-window` there, and a reason. */
  isOutsideWindow?: boolean
}

export interface Submission extends Confirmation {
  /** Of the caller's own making; the same key answers with the same run. */
  idempotencyKey?: string
}

/** A submission that waits for its time. */
export interface Appointment extends Confirmation {
  /** A time with its zone, `2026-11-21 02:00 Europe/Berlin`, or `window`: the next moment at which the windows of all its environments are open. */
  at: string
  /** The run is skipped if no worker has started it this long after its time. Default 15. */
  startWithinMinutes?: number
}

/** Another time for what was scheduled. */
export interface ScheduledMove {
  /** A time with its zone, or `window`, as when it was scheduled. */
  at: string
  /** Of the scheduled run that was looked at. */
  revision: number
  /** It may run then although a maintenance window is not open: needs what a submission outside it needs. */
  isOutsideWindow?: boolean
  /** Takes the place of the reason that was given; empty or left out: that one stays. */
  reason?: string
}
