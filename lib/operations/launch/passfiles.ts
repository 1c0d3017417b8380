import type { Effect } from '@/lib/kernel/operation/operation'
import type { Place } from '../facts/instance'

const writeTimeoutMs = 20_000

/** The passwords that standbys log in with lie in the home of postgres, on the system disk: those of hosts whose system disk goes are kept. */
export const keepPassfilesOf = <Facts>(leaving: (facts: Facts) => readonly Place[]): Effect<Facts, null, null> => ({
  title: 'Keep the passfiles',
  preview: (facts) => ({
    sentence: `Copy the passfile of ${leaving(facts)
      .map(({ address }) => address.host.hostname)
      .join(', ')} beside its data, readable to postgres alone: its system disk goes.`,
    commands: ['cp ~/.pgpass …/.matriarch-passfile'],
  }),
  check: async (facts) => (leaving(facts).length === 0 ? { found: 'done', output: null } : { found: 'ready', before: null }),
  run: async (facts, _before, ports, { signal }) => {
    for (const { address } of leaving(facts)) await ports.act.clusters.keepPassfile(address, { timeoutMs: writeTimeoutMs, signal })
    return null
  },
  timeoutMs: (facts) => writeTimeoutMs * (leaving(facts).length + 1),
  proof: 'answer',
  ending: { final: 'The copy is as protected as the data beside it.', harmless: true },
})
