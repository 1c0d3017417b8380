import type { MoveEvidence } from '@/lib/domain/certificate'
import type { JournalLine } from '@/lib/kernel/journal'
import { failoverEvidence } from '../failover/evidence'
import type { EvidenceAbout } from '../steps/collect-evidence'
import { switchover } from '.'

/** Its steps are those of a planned failover, by name and by what they answer. */
export const switchoverEvidence = (lines: readonly JournalLine[], about: EvidenceAbout): MoveEvidence | null => {
  const evidence = failoverEvidence(lines, about)
  return evidence && { ...evidence, operation: switchover.name }
}
