import { leaveOut, notNeeded } from '@/lib/kernel/operation/only-when'
import type { Effect, Facts } from '@/lib/kernel/operation/operation'
import type { Place } from '../../facts/instance'
import { lookAt } from '../postgres/server'

const slotTimeoutMs = 15_000

/** It was left so far behind (max_slot_wal_keep_size) that its WAL is gone: nobody can read from it any more. */
const isLost = ({ isActive, retainedBytes }: { isActive: boolean; retainedBytes: number | null }): boolean =>
  !isActive && retainedBytes === null

/** A physical slot that reserves WAL at once. No name: the follower uses none. */
export const makeSlot = <F extends Facts>(of: (facts: F) => Place, nameOf: (facts: F) => string | null): Effect<F, null, null> => ({
  title: 'Create a replication slot on the upstream',
  preview: (facts) =>
    nameOf(facts) === null
      ? { sentence: 'It uses no slot.', commands: [] }
      : {
          sentence: `Create the slot ${nameOf(facts)} on ${of(facts).title}, to retain the WAL it needs.`,
          commands: [`select pg_create_physical_replication_slot('${nameOf(facts)}', true)`],
        },
  check: async (facts, ports, { signal }) => {
    const name = nameOf(facts)
    if (name === null) return leaveOut(notNeeded('It uses no slot.'))
    const probe = await lookAt(ports, of(facts), signal)
    if (probe.state !== 'online') return { found: 'blocked', because: `${of(facts).title} is ${probe.state}` }
    return probe.slots.some((slot) => slot.name === name && !isLost(slot))
      ? { found: 'done', output: null }
      : { found: 'ready', before: null }
  },
  run: async (facts, _before, ports, { signal }) => {
    const options = { timeoutMs: slotTimeoutMs, signal }
    const [place, name] = [of(facts), nameOf(facts)!]
    const lost = (await lookAt(ports.read, place, signal)).slots.find((slot) => slot.name === name && isLost(slot))
    if (lost !== undefined) await ports.act.replication.dropSlot(place.address, name, options)
    await ports.act.replication.createSlot(place.address, name, options)
  },
  timeoutMs: 30_000,
  ending: {
    undo: async (facts, _before, _output, ports, { signal }) => {
      const probe = await lookAt(ports.read, of(facts), signal)
      const slot = probe.slots.find(({ name }) => name === nameOf(facts))
      if (slot !== undefined && !slot.isActive)
        await ports.act.replication.dropSlot(of(facts).address, slot.name, { timeoutMs: slotTimeoutMs, signal })
    },
    sentence: 'If the job fails later, the slot is dropped again.',
  },
})
