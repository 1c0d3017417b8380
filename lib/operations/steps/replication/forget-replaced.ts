import type { Effect, Facts } from '@/lib/kernel/operation/operation'
import type { Place } from '../../facts/instance'

const writeTimeoutMs = 15_000

/** It follows now, so it may lead again one day. */
export const forgetReplaced = <F extends Facts>(of: (facts: F) => Place): Effect<F, null, null> => ({
  title: 'Take away the record that it must not lead',
  preview: (facts) => ({
    sentence: `Remove the record that ${of(facts).title} must not start as a primary: it follows the new one.`,
    commands: [],
  }),
  check: async (facts, ports) => {
    const standing = await ports.inventory.herdStanding(of(facts).herdId)
    const isRecorded = standing.members.some(({ id, replaced }) => id === of(facts).id && replaced !== null)
    return isRecorded ? { found: 'ready', before: null } : { found: 'done', output: null }
  },
  run: (facts, _before, ports, { signal }) => ports.act.inventory.restore(of(facts).id, { timeoutMs: writeTimeoutMs, signal }),
  timeoutMs: 30_000,
  ending: { final: 'A standby needs no such record.', harmless: true },
})
