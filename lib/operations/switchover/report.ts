import type { FailoverReport, LaterWork } from '@/lib/domain/proof/failover-report'
import type { JournalLine } from '@/lib/kernel/ground/journal'
import { reportOf } from '../failover/report'
import { switchover } from '.'
import { unfoldHandOver } from './hand-over/unfold'

const gateTitles = new Map(switchover.gates.map(({ name, title }) => [name, title]))

/** The report of a failover or a switchover, with the hand-over shown as the parts it is made of; null before its facts are gathered. */
export const reportOfMove = (lines: readonly JournalLine[], later: LaterWork[] = []): FailoverReport | null => {
  const report = reportOf(unfoldHandOver(lines), later)
  return report && { ...report, gates: report.gates.map((gate) => ({ ...gate, title: gateTitles.get(gate.title) ?? gate.title })) }
}
