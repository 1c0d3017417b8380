import type { Json } from '@/lib/kernel/ground/json'
import type { Effect, Ending } from '@/lib/kernel/operation/operation'

type Undone<F, Before extends Json, Output extends Json> = Effect<F, Before, Output> & {
  ending: Extract<Ending<F, Before, Output>, { undo: unknown }>
}

/** One step that is done in one of two ways, as the facts say; title and sentence of the ending are alike in both. */
export const either = <F, Before extends Json, Output extends Json>(
  isFirst: (facts: F) => boolean,
  first: Undone<F, Before, Output>,
  other: Undone<F, Before, Output>,
): Effect<F, Before, Output> => {
  const of = (facts: F) => (isFirst(facts) ? first : other)
  const msOf = ({ timeoutMs }: Undone<F, Before, Output>, facts: F) => (typeof timeoutMs === 'function' ? timeoutMs(facts) : timeoutMs)
  return {
    title: other.title,
    preview: (facts) => of(facts).preview(facts),
    check: (facts, ports, context) => of(facts).check(facts, ports, context),
    run: (facts, before, ports, context) => of(facts).run(facts, before, ports, context),
    timeoutMs: (facts) => msOf(of(facts), facts),
    ending: {
      undo: (facts, ...rest) => of(facts).ending.undo(facts, ...rest),
      sentence: other.ending.sentence,
      timeoutMs: Math.max(first.ending.timeoutMs ?? 0, other.ending.timeoutMs ?? 0),
    },
  }
}
