import type { CanaryLedger } from '@/lib/domain/proof/canary-ledger'
import type { DrillWay } from '@/lib/ports'

/** The writers of one drill: what they noted, and where each commit stands in the WAL. */
export interface MemoryDrill {
  ways: readonly DrillWay[]
  ledger: CanaryLedger
  isWriting: boolean
  commits: { id: number; system: string; timeline: number; bytes: number }[]
}
