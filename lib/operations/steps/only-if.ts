import { isFault } from '@/lib/kernel/ground/errors'
import type { Json } from '@/lib/kernel/ground/json'
import type { Effect, Ending, Facts } from '@/lib/kernel/operation/operation'

/** The effect where it applies; elsewhere nothing, said in words. The facts alone decide, so that every driver decides alike. */
export const onlyIf = <F extends Facts, Before extends Json, Output extends Json>(
  applies: (facts: F) => boolean,
  elsewhere: string,
  effect: Effect<F, Before, Output>,
): Effect<F, Before, Output | null> => ({
  ...effect,
  preview: (facts) => (applies(facts) ? effect.preview(facts) : { sentence: elsewhere, commands: [] }),
  check: async (facts, ports, context) => (applies(facts) ? effect.check(facts, ports, context) : { found: 'done', output: null }),
  timeoutMs: effect.timeoutMs,
  ending: elsewhereHarmless(applies, effect.ending as Ending<F, Before, Output | null>),
})

/** A final step that does not apply is no point of no return: what came before it is taken back as usual. */
const elsewhereHarmless = <F extends Facts, Before extends Json, Output extends Json>(
  applies: (facts: F) => boolean,
  ending: Ending<F, Before, Output>,
): Ending<F, Before, Output> => {
  if (!('final' in ending) || ending.harmless === true) return ending
  const { harmless } = ending
  return { ...ending, harmless: (facts) => !applies(facts) || harmless?.(facts) === true }
}

/** What cannot be looked at yet is blocked, not a fault: a plan is made all the same, and a job asks and goes on later. */
export const blockedWhenUnseen = <F extends Facts, Before extends Json, Output extends Json>(
  effect: Effect<F, Before, Output>,
): Effect<F, Before, Output> => ({
  ...effect,
  check: async (facts, ports, context) => {
    try {
      return await effect.check(facts, ports, context)
    } catch (error) {
      if (!isFault(error) || context.intended !== null || context.signal.aborted) throw error
      return { found: 'blocked', because: error.message }
    }
  },
})
