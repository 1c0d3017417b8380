import type { Effect, Facts } from '@/lib/kernel/operation/operation'
import type { Place } from '../../facts/instance'

const writeTimeoutMs = 15_000

/** It follows now, so it may be primary again one day. */
export const forgetReplaced = <F extends Facts>(of: (facts: F) => Place): Effect<F, null, null> => ({
  title: 'Lift the bar',
  preview: (facts) => ({
    sentence: `Lift the bar on ${of(facts).title}: it follows the new primary.`,
    commands: [],
  }),
  check: async (facts, ports) => {
    const standing = await ports.inventory.herdStanding(of(facts).herdId)
    const isRecorded = standing.members.some(({ id, replaced }) => id === of(facts).id && replaced !== null)
    return isRecorded ? { found: 'ready', before: null } : { found: 'done', output: null }
  },
  run: (facts, _before, ports, { signal }) => ports.act.inventory.restore(of(facts).id, { timeoutMs: writeTimeoutMs, signal }),
  timeoutMs: 30_000,
  ending: { final: 'A standby needs no bar.', harmless: true },
})
