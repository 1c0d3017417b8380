import type { AuditBreach } from '@/lib/kernel/ground/checkpoint'

export type { AuditBreach }

/** What recomputing the chain of the audit log gave. */
export interface AuditVerdict {
  ok: boolean
  /** Lines that were checked. */
  lines: number
  /** Hash of the last line: written down elsewhere, it also proves that no line was cut off the end. */
  head: string
  /** Signed checkpoints that the chain was held against. */
  checkpoints: number
  firstBroken?: number
  because?: string
}

/** Where signed checkpoints are kept, and what looking there last gave. Times in ISO. */
export interface AuditTrail {
  id: string
  /** `host:/path`; `database` where no worker keeps them elsewhere. */
  place: string
  isOutside: boolean
  alsoTo: string | null
  checkedAt: string | null
  wholeAt: string | null
  wholeLines: number | null
  lines: number
  fault: string | null
  faultSince: string | null
  breach: AuditBreach | null
  breachSince: string | null
  checkpoint: { number: number; at: string; lines: number; head: string; keyId: string | null } | null
}
