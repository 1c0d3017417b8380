import type { Json } from '@/lib/kernel/ground/json'
import { effectWhen, leaveOut, notNeeded } from '@/lib/kernel/operation/only-when'
import type { Effect } from '@/lib/kernel/operation/operation'
import type { ReadPorts } from '@/lib/ports'
import { hasFailed } from '../steps/host-work'
import type { RebuildFacts } from './facts'

const fileTimeoutMs = 15_000

export const copies = ({ choice }: Pick<RebuildFacts, 'choice'>): boolean => choice.strategy === 'copy'

export const isInPlace = ({ choice }: Pick<RebuildFacts, 'choice'>): boolean => choice.strategy === 'in-place'

const noCopy = 'The strategy is not a copy.'

const mayCopy = (facts: RebuildFacts): boolean => copies(facts) || facts.rewindKey !== null

/** The work of the rewind is on record until the copy has taken the place of what it left, so every driver decides alike. */
const isRewindGivenUp = async ({ rewindKey, instance }: RebuildFacts, ports: ReadPorts, signal: AbortSignal): Promise<boolean> =>
  rewindKey !== null && hasFailed(await ports.work.look(instance.address.host, rewindKey, { timeoutMs: fileTimeoutMs, signal }))

/** What a copy needs, and rsync in place as well. */
export const whereHeld = <Before extends Json, Output extends Json>(
  effect: Effect<RebuildFacts, Before, Output>,
): Effect<RebuildFacts, Before, Output | null> => {
  const step = whereCopied(effect)
  return {
    ...step,
    preview: (facts) => (isInPlace(facts) ? effect : step).preview(facts),
    check: (facts, ports, context) => (isInPlace(facts) ? effect : step).check(facts, ports, context),
  }
}

/** A step of the copy that was chosen, or of the one in the place of a rewind that failed. */
export const whereCopied = <Before extends Json, Output extends Json>(
  effect: Effect<RebuildFacts, Before, Output>,
): Effect<RebuildFacts, Before, Output | null> => {
  const step = effectWhen({ when: mayCopy, otherwise: notNeeded(noCopy) }, effect)
  return {
    ...step,
    preview: (facts) => {
      const { sentence, commands } = step.preview(facts)
      return facts.rewindKey === null ? { sentence, commands } : { sentence: `Only if the rewind fails: ${sentence}`, commands: [] }
    },
    check: async (facts, ports, context) => {
      const isNeeded = context.intended !== null || copies(facts) || (await isRewindGivenUp(facts, ports, context.signal))
      return isNeeded
        ? step.check(facts, ports, context)
        : leaveOut(notNeeded(facts.rewindKey === null ? noCopy : 'Needed only if the rewind fails.'))
    },
  }
}
