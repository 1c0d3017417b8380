import type { MoveEvidence } from '@/lib/domain/proof/certificate'
import type { JournalLine } from '@/lib/kernel/ground/journal'
import type { Operation } from '@/lib/kernel/operation/operation'
import { failoverEvidence } from '../failover/evidence'
import type { EvidenceAbout } from '../steps/collect-evidence'
import { switchover } from '.'
import { unfoldHandOver } from './hand-over/unfold'

const partTitles: Readonly<Record<string, string>> = { pause: 'Pause clients', resume: 'Resume clients' }

/** Its steps are those of a planned failover, by name and by what they answer; `effects` gives their titles. */
export const switchoverEvidence = (
  lines: readonly JournalLine[],
  about: EvidenceAbout,
  { effects }: Pick<Operation, 'effects'> = switchover,
): MoveEvidence | null => {
  const evidence = failoverEvidence(unfoldHandOver(lines), about)
  if (evidence === null) return null
  const titleOf = (name: string, title: string) => partTitles[name] ?? effects.find((one) => one.name === name)?.title ?? title
  const steps = evidence.steps.map((step) => ({ ...step, title: titleOf(step.name, step.title) }))
  return { ...evidence, operation: switchover.name, steps }
}
