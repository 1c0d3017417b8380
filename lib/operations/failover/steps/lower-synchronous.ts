import { quoteLiteral } from '@/lib/domain/values/sql-quote'
import { notAsked, notNeeded, type When } from '@/lib/kernel/operation/only-when'
import type { Effect } from '@/lib/kernel/operation/operation'
import type { FailoverFacts } from '../facts'
import { awaitedAfter, isShort, sayNames } from '../synchronous'

/** `altered`: what ALTER SYSTEM had set; null: nothing. */
type Before = { names: string; altered: string | null }
type Output = { was: string; is: string }

const setTimeoutMs = 15_000

export const setNames = (names: string): string =>
  `alter system set synchronous_standby_names = ${quoteLiteral(names).trim()}; select pg_reload_conf()`

export const ifShort: When<FailoverFacts> = {
  when: (facts) => facts.mode === 'emergency' && facts.input.lowerSynchronous && isShort(facts),
  otherwise: (facts) =>
    isShort(facts)
      ? notAsked('Not chosen: commits will wait for standbys that are gone.')
      : notNeeded('No commit will wait for a standby that is gone.'),
}

/** While it is a standby, where the setting has no effect yet, so that no commit ever hangs. It is never lowered further than to those that will follow. */
export const lowerSynchronous: Effect<FailoverFacts, Before, Output> = {
  title: 'Lower synchronous replication',
  preview: (facts) => ({
    sentence: `Set synchronous_standby_names of ${facts.candidate?.title} to ${sayNames(awaitedAfter(facts).lowered)} instead of ${awaitedAfter(facts).setting}, so that commits return. The report says how to restore it.`,
    commands: [setNames(awaitedAfter(facts).lowered)],
  }),
  check: async (facts, ports, { signal, intended }) => {
    const seen = await ports.replication.synchronousSetting(facts.candidate!.address, { timeoutMs: setTimeoutMs, signal })
    const { lowered } = awaitedAfter(facts)
    const before = intended?.before ?? { names: seen.names, altered: seen.altered }
    return seen.names === lowered ? { found: 'done', output: { was: before.names, is: lowered } } : { found: 'ready', before }
  },
  run: async (facts, _before, ports, { signal, note }) => {
    const { lowered } = awaitedAfter(facts)
    note('command', setNames(lowered))
    await ports.act.replication.setSynchronous(facts.candidate!.address, lowered, { timeoutMs: setTimeoutMs, signal })
  },
  timeoutMs: 30_000,
  ending: {
    undo: ({ candidate }, { altered }, _output, ports, { signal }) =>
      ports.act.replication.setSynchronous(candidate!.address, altered, { timeoutMs: setTimeoutMs, signal }),
    sentence: 'If the job fails before the promotion, the setting is restored.',
  },
}
