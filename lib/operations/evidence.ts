import type { MoveEvidence } from '@/lib/domain/proof/certificate'
import { linesOfSegment } from '@/lib/kernel/engine/segments'
import type { JournalLine } from '@/lib/kernel/ground/journal'
import { hasMoved, type MoveLine } from '@/lib/shapes/run'
import { failover } from './failover'
import { failoverEvidence } from './failover/evidence'
import { rollingReboot } from './machines/rolling'
import { setHerdParameters } from './parameters/herd'
import { patroniZeroGap } from './patroni/zero-gap'
import { resizeHerd } from './resize/herd'
import { rollingRestart } from './rolling/restart'
import type { EvidenceAbout } from './steps/collect-evidence'
import { switchover } from './switchover'
import { switchoverEvidence } from './switchover/evidence'
import { rollingMinorUpgrade } from './upgrade/rolling'

interface Move {
  /** The journal line from which on the job has moved a primary, or may have. */
  from: MoveLine
  /** What the journal of one such job proves; null: nothing was moved. */
  evidence: (lines: readonly JournalLine[], about: EvidenceAbout) => MoveEvidence | null
}

const moveFrom = (from: MoveLine, evidence: Move['evidence']): Move => ({
  from,
  evidence: (lines, about) => (hasMoved(lines, from) ? evidence(lines, about) : null),
})

const ofSegment = moveFrom({ kind: 'marked', step: 'switchover/hand-over', mark: { isPassed: true } }, (lines, about) =>
  switchoverEvidence(linesOfSegment(lines, 'switchover'), about),
)

/** Operations that move a primary, by name. Each job of these that has moved one ends with a certificate. */
export const moves: Readonly<Record<string, Move>> = {
  [failover.name]: moveFrom({ kind: 'intended', step: 'promote', mark: null }, failoverEvidence),
  [switchover.name]: moveFrom({ kind: 'marked', step: 'hand-over', mark: { isPassed: true } }, switchoverEvidence),
  [patroniZeroGap.name]: moveFrom({ kind: 'marked', step: 'hand-over', mark: { isPassed: true } }, (lines, about) =>
    switchoverEvidence(lines, about, patroniZeroGap),
  ),
  // Of the switchover there; the one back, where it was asked for, stands in the journal alone.
  [rollingRestart.name]: ofSegment,
  [setHerdParameters.name]: ofSegment,
  [resizeHerd.name]: ofSegment,
  [rollingReboot.name]: ofSegment,
  [rollingMinorUpgrade.name]: ofSegment,
}

/** null: jobs of this operation move no primary. */
export const moveLineOf = (operation: string): MoveLine | null => moves[operation]?.from ?? null
