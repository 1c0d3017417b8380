import type { Effect, Facts } from '@/lib/kernel/operation'
import type { Place } from '../facts'
import { lookAt } from './server'

const slotTimeoutMs = 15_000

/** A physical slot that reserves WAL at once. No name: the follower uses none. */
export const makeSlot = <F extends Facts>(of: (facts: F) => Place, nameOf: (facts: F) => string | null): Effect<F, null, null> => ({
  title: 'Make a replication slot on the upstream',
  preview: (facts) =>
    nameOf(facts) === null
      ? { sentence: 'It uses no slot.', commands: [] }
      : {
          sentence: `Make the slot ${nameOf(facts)} on ${of(facts).title}, so that it keeps the WAL.`,
          commands: [`select pg_create_physical_replication_slot('${nameOf(facts)}', true)`],
        },
  check: async (facts, ports, { signal }) => {
    const name = nameOf(facts)
    if (name === null) return { found: 'done', output: null }
    const probe = await lookAt(ports, of(facts), signal)
    if (probe.state !== 'online') return { found: 'blocked', because: `${of(facts).title} is ${probe.state}` }
    return probe.slots.some((slot) => slot.name === name) ? { found: 'done', output: null } : { found: 'ready', before: null }
  },
  run: (facts, _before, ports, { signal }) =>
    ports.replicationAct.createSlot(of(facts).address, nameOf(facts)!, { timeoutMs: slotTimeoutMs, signal }),
  timeoutMs: 30_000,
  ending: {
    undo: async (facts, _before, _output, ports, { signal }) => {
      const probe = await lookAt(ports, of(facts), signal)
      const slot = probe.slots.find(({ name }) => name === nameOf(facts))
      if (slot !== undefined && !slot.isActive)
        await ports.replicationAct.dropSlot(of(facts).address, slot.name, { timeoutMs: slotTimeoutMs, signal })
    },
    sentence: 'If the job fails later, the slot is dropped again.',
  },
})
