import type { Effect, Facts } from '@/lib/kernel/operation/operation'
import type { Place } from '../../facts/instance'
import { lookAt } from '../postgres/server'

const slotTimeoutMs = 15_000

/** PostgreSQL itself refuses a slot that somebody reads at this moment. */
export const dropSlotOn = <F extends Facts>(of: (facts: F) => Place, nameOf: (facts: F) => string): Effect<F, null, null> => ({
  title: 'Drop the slot',
  preview: (facts) => ({
    sentence: `Drop the slot ${nameOf(facts)} on ${of(facts).title}; the WAL that only it kept goes with the next checkpoint.`,
    commands: [`select pg_drop_replication_slot('${nameOf(facts)}')`],
  }),
  check: async (facts, ports, { signal }) => {
    const probe = await lookAt(ports, of(facts), signal)
    if (probe.state !== 'online') return { found: 'blocked', because: `${of(facts).title} is ${probe.state}` }
    const slot = probe.slots.find(({ name }) => name === nameOf(facts))
    if (slot === undefined) return { found: 'done', output: null }
    return slot.isActive ? { found: 'blocked', because: 'it is active' } : { found: 'ready', before: null }
  },
  run: async (facts, _before, ports, { signal, note }) => {
    note('command', `select pg_drop_replication_slot('${nameOf(facts)}')`)
    await ports.act.replication.dropSlot(of(facts).address, nameOf(facts), { timeoutMs: slotTimeoutMs, signal })
  },
  timeoutMs: 30_000,
  ending: { final: 'The WAL it retained is removed: a member that still needs it must be rebuilt.' },
})
