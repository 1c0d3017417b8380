import type { MoveEvidence } from '@/lib/domain/proof/certificate'
import type { JournalLine } from '@/lib/kernel/ground/journal'
import { failover } from './failover'
import { failoverEvidence } from './failover/evidence'
import type { EvidenceAbout } from './steps/collect-evidence'
import { switchover } from './switchover'
import { switchoverEvidence } from './switchover/evidence'

/** Operations that move a primary, and what the journal of one such job proves; null: nothing was moved. Each job of these ends with a certificate. */
export const evidenceOf: Readonly<Record<string, (lines: readonly JournalLine[], about: EvidenceAbout) => MoveEvidence | null>> = {
  [failover.name]: failoverEvidence,
  [switchover.name]: switchoverEvidence,
}
