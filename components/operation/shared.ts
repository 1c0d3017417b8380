import type { EnvironmentLook } from '@/components/ui/environment'
import type { JsonObject } from '@/lib/kernel/ground/json'
import type { InputChoice, InputPick } from '@/lib/kernel/operation/input-pick'
import type { Plan, RunPolicy } from '@/lib/kernel/operation/plan'
import type { Outcome } from '@/lib/shapes/outcome'

/** A stored plan as the confirm page needs it. */
export interface PlanRow {
  id: string
  state: 'asked' | 'making' | 'ready' | 'failed'
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
  /** What it was put off as, if it was. */
  scheduledId: string | null
}

export interface PlanQuestion {
  operation: string
  targets: string[]
  input: JsonObject
  /** What is left out follows the console and the environments. */
  policy: Partial<RunPolicy>
}

export interface Submission {
  planId: string
  digest: string
  phrase: string
  reason: string
  ticket: string
  isOutsideWindow: boolean
  idempotencyKey: string
}

/** A submission that waits for its time. `at`: with its zone, or `window`. */
export type Appointment = Omit<Submission, 'idempotencyKey'> & { at: string }

export interface OperateActions {
  ask: (question: PlanQuestion) => Promise<Outcome<{ planId: string }>>
  submit: (submission: Submission) => Promise<Outcome<{ runId: string } | { movedTo: string }>>
  schedule: (appointment: Appointment) => Promise<Outcome<{ scheduledId: string } | { movedTo: string }>>
  askApproval: (planId: string) => Promise<Outcome<null>>
  approve: (planId: string, digest: string) => Promise<Outcome<null>>
  /** What an input may be picked from, for these targets. */
  choices: (of: InputPick, targets: string[]) => Promise<Outcome<InputChoice[]>>
}

export interface OperateResource {
  name: string
  path: string
  noun: readonly [string, string]
}

export type Environments = Readonly<Record<string, EnvironmentLook>>

/** "1 instance", "37 instances". */
export const counted = (count: number, noun: readonly [string, string]): string => `${count} ${count === 1 ? noun[0] : noun[1]}`
