import type { AnswerState, Threat } from '@/lib/domain/evictions/recovery'

export interface SpotMember {
  id: string
  title: string
  role: string
  /** `m5.xlarge in eu-central-1a`. */
  machine: string
  threat: Threat
  /** ISO; when AWS takes it. */
  dueAt: string | null
  /** What becomes of the herd if it goes now. */
  ahead: string
}

export interface HerdEvictions {
  /** Those on spot machines; empty: none is. */
  members: SpotMember[]
  /** What is done now; null: nothing is lost. */
  answer: { state: AnswerState; because: string; runId: string | null } | null
}
