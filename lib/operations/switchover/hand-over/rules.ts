import type { RunContext, StepContext } from '@/lib/kernel/operation/operation'
import type { ActPorts } from '@/lib/ports'
import type { SwitchoverFacts } from '../facts'

/** What a manager of the herd has a say in while its primary is handed over. */
export interface Rules<F extends SwitchoverFacts> {
  /** Makes it hold still before clients are paused. Answers until when it does, ms by the console's clock; null: there is none. Throws where it does not. */
  hold: (facts: F, ports: ActPorts, context: RunContext) => Promise<number | null>
  /** Before another driver goes on beyond the point of no return. Throws where the manager has made another member than the candidate primary. */
  goOn: (facts: F, ports: ActPorts, context: StepContext) => Promise<void>
  /**
   * `undo` starts the old primary again, and calls `mayStart` right before, which throws once the manager may not hold still any more. `heldUntil`: as `hold`
   * answered last.
   */
  rollBack: (
    facts: F,
    held: { heldUntil: number | null; undo: (mayStart: () => Promise<void>) => Promise<void> },
    ports: ActPorts,
    context: StepContext,
  ) => Promise<void>
  /** How long it may take to decide, ms. */
  decideTimeoutMs: number
}

export const noManager: Rules<SwitchoverFacts> = {
  hold: async () => null,
  goOn: async () => {},
  rollBack: (_facts, { undo }) => undo(async () => {}),
  decideTimeoutMs: 0,
}
