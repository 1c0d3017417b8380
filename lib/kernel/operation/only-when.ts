import type { Json } from '../ground/json'
import type { LeftOut } from '../ground/left-out'
import type { Effect, Ending, Gate } from './operation'
import type { Verdict } from './plan'

export const notAsked = (because: string): LeftOut => ({ word: 'not-asked', because })
export const notNeeded = (because: string): LeftOut => ({ word: 'not-needed', because })
export const notPossible = (because: string): LeftOut => ({ word: 'not-possible', because })

/** What `check` answers for a step that does not apply here. Never with an intent. */
export const leaveOut = (why: LeftOut) => ({ found: 'left-out', ...why }) as const

/** Where a step applies, and what is said where it does not. The facts alone decide, so that every driver decides alike. */
export interface When<F> {
  when: (facts: F) => boolean
  otherwise: LeftOut | ((facts: F) => LeftOut)
}

/** Where a gate has something to look at, and its verdict where it has not. */
export interface GateWhen<F> {
  when: (facts: F) => boolean
  otherwise: Verdict
}

export type GateOptions<F> = Pick<Gate<F>, 'again'> & (GateWhen<F> | { when?: undefined })

export const effectWhen = <F, Before extends Json, Output extends Json>(
  { when, otherwise }: When<F>,
  effect: Effect<F, Before, Output>,
): Effect<F, Before, Output | null> => {
  const leftOut = (facts: F): LeftOut => (typeof otherwise === 'function' ? otherwise(facts) : otherwise)
  return {
    ...effect,
    preview: (facts) => (when(facts) ? effect.preview(facts) : { sentence: leftOut(facts).because, commands: [] }),
    check: async (facts, ports, context) => (when(facts) ? effect.check(facts, ports, context) : leaveOut(leftOut(facts))),
    ending: elsewhereHarmless(when, effect.ending as Ending<F, Before, Output | null>),
  }
}

/** A final step that does not apply is no point of no return: what came before it is undone as usual. */
const elsewhereHarmless = <F, Before extends Json, Output extends Json>(
  applies: (facts: F) => boolean,
  ending: Ending<F, Before, Output>,
): Ending<F, Before, Output> => {
  if (!('final' in ending) || ending.harmless === true) return ending
  const { harmless } = ending
  return { ...ending, harmless: (facts) => !applies(facts) || (typeof harmless === 'function' && harmless(facts)) }
}

export const gateWhen =
  <F>({ when, otherwise }: GateWhen<F>, look: Gate<F>['look']): Gate<F>['look'] =>
  (facts) =>
    when(facts) ? look(facts) : otherwise
