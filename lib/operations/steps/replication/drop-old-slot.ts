import { isFault } from '@/lib/kernel/ground/errors'
import { leaveOut, notNeeded, notPossible } from '@/lib/kernel/operation/only-when'
import type { Effect, Facts } from '@/lib/kernel/operation/operation'
import type { Place } from '../../facts/instance'
import { lookAt } from '../postgres/server'

/** A slot that somebody read from before. `place` null: it is on a server that is no member of the herd, called `title`. */
export type OldSlot = { name: string; title: string; place: Place | null }

type Output = { dropped: string | null; open: string | null }

const slotTimeoutMs = 15_000

const byHand = ({ name, title }: OldSlot) => `${title} is no member of the herd: drop the slot ${name} there by hand`

/** The slot that no standby uses any more would retain WAL. A server that cannot be reached is named with it, and is no failure. */
export const dropOldSlot = <F extends Facts>(of: (facts: F) => OldSlot | null): Effect<F, null, Output> => ({
  title: 'Drop the slot on the former upstream',
  preview: (facts) => {
    const old = of(facts)
    if (old === null) return { sentence: 'It leaves no slot behind.', commands: [] }
    if (old.place === null) return { sentence: `${byHand(old)}.`, commands: [] }
    return {
      sentence: `Drop the slot ${old.name} on ${old.title}; if that does not answer, the journal names the slot.`,
      commands: [`select pg_drop_replication_slot('${old.name}')`],
    }
  },
  check: async (facts, ports, { signal, intended }) => {
    const old = of(facts)
    if (old === null) return leaveOut(notNeeded('It leaves no slot behind.'))
    if (old.place === null) return leaveOut(notPossible(`${byHand(old)}.`))
    const probe = await ports.postgres.probe(old.place.address, { timeoutMs: slotTimeoutMs, signal })
    if (probe.state !== 'online') {
      const open = `${old.title} is ${probe.state}: drop the slot ${old.name} there once it is back`
      return intended === null ? leaveOut(notPossible(`${open}.`)) : { found: 'done', output: { dropped: null, open } }
    }
    return probe.slots.some((slot) => slot.name === old.name)
      ? { found: 'ready', before: null }
      : { found: 'done', output: { dropped: old.name, open: null } }
  },
  run: async (facts, _before, ports, { signal, note, pause }) => {
    const { name, place } = of(facts)!
    for (;;) {
      const slot = (await lookAt(ports.read, place!, signal)).slots.find((one) => one.name === name)
      if (slot === undefined) return
      // The old sender notices a moment later that its standby has left.
      if (!slot.isActive)
        try {
          return await ports.act.replication.dropSlot(place!.address, name, { timeoutMs: slotTimeoutMs, signal })
        } catch (error) {
          if (!isFault(error, 'sql.failed')) throw error
          note('warning', error.message)
        }
      await pause(200)
      if (signal.aborted) return
    }
  },
  timeoutMs: 30_000,
  ending: { final: 'The slot is inactive.', harmless: true },
})
