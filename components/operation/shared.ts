import type { InputChoice, InputPick } from '@/lib/kernel/operation/input-pick'
import type { BadgedEnvironment } from '@/lib/shapes/environment'
import type { Outcome } from '@/lib/shapes/outcome'
import type { Appointment, QuestionOf, Submission } from '@/lib/shapes/plan'

export interface OperateActions {
  ask: (question: QuestionOf) => Promise<Outcome<{ planId: string }>>
  submit: (submission: Submission) => Promise<Outcome<{ runId: string } | { movedTo: string }>>
  schedule: (appointment: Appointment) => Promise<Outcome<{ scheduledId: string } | { movedTo: string }>>
  askApproval: (planId: string) => Promise<Outcome<null>>
  approve: (planId: string, digest: string, at: string | null) => Promise<Outcome<null>>
  /** What an input may be picked from, for these targets. */
  choices: (of: InputPick, targets: string[]) => Promise<Outcome<InputChoice[]>>
}

export interface OperateResource {
  name: string
  path: string
  noun: readonly [string, string]
}

export type Environments = Readonly<Record<string, BadgedEnvironment>>
