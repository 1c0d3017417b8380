import { isFault } from '@/lib/kernel/errors'
import type { Effect, Facts } from '@/lib/kernel/operation'
import type { Place } from '../facts'
import { lookAt } from './server'

type Output = { dropped: string | null; open: string | null }

const slotTimeoutMs = 15_000

/** The slot that nobody reads any more would hold WAL back for ever. A former upstream that cannot be reached is named, and is no failure. */
export const dropOldSlot = <F extends Facts>(
  of: (facts: F) => Place | null,
  nameOf: (facts: F) => string | null,
): Effect<F, null, Output> => ({
  title: 'Drop its slot on the former upstream',
  preview: (facts) =>
    of(facts) === null || nameOf(facts) === null
      ? { sentence: 'There is no slot of it on a former upstream that answers.', commands: [] }
      : {
          sentence: `Drop the slot ${nameOf(facts)} on ${of(facts)!.title}.`,
          commands: [`select pg_drop_replication_slot('${nameOf(facts)}')`],
        },
  check: async (facts, ports, { signal }) => {
    const [place, name] = [of(facts), nameOf(facts)]
    if (place === null || name === null) return { found: 'done', output: { dropped: null, open: null } }
    const probe = await ports.postgres.probe(place.address, { timeoutMs: slotTimeoutMs, signal })
    if (probe.state !== 'online')
      return {
        found: 'done',
        output: { dropped: null, open: `${place.title} is ${probe.state}: drop the slot ${name} there once it is back` },
      }
    return probe.slots.some((slot) => slot.name === name)
      ? { found: 'ready', before: null }
      : { found: 'done', output: { dropped: name, open: null } }
  },
  run: async (facts, _before, ports, { signal, note, pause }) => {
    const [place, name] = [of(facts)!, nameOf(facts)!]
    for (;;) {
      const slot = (await lookAt(ports, place, signal)).slots.find((one) => one.name === name)
      if (slot === undefined) return
      // The old sender notices a moment later that its standby has left.
      if (!slot.isActive)
        try {
          return await ports.replicationAct.dropSlot(place.address, name, { timeoutMs: slotTimeoutMs, signal })
        } catch (error) {
          if (!isFault(error, 'sql.failed')) throw error
          note('warning', error.message)
        }
      await pause(200)
      if (signal.aborted) return
    }
  },
  timeoutMs: 30_000,
  ending: { final: 'Nobody reads from the slot any more.', harmless: true },
})
