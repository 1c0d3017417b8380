import { leaveOut, notNeeded } from '@/lib/kernel/operation/only-when'
import type { Effect } from '@/lib/kernel/operation/operation'
import type { ReadPorts } from '@/lib/ports'
import { lookAt } from '../../steps/postgres/server'
import type { FailoverFacts } from '../facts'

type Output = { dropped: string[] }

const slotTimeoutMs = 15_000

/** Slots on the old primary through which the candidate and the followers read before. */
const formerSlots = ({ candidateProbe, followers }: FailoverFacts): string[] =>
  [candidateProbe?.upstream?.slotName ?? null, ...followers.map(({ following }) => following.slotName)].filter((name) => name !== null)

const idle = async (facts: FailoverFacts, ports: ReadPorts, signal: AbortSignal): Promise<string[]> => {
  const { slots } = await lookAt(ports, facts.primary!, signal)
  return slots.filter((slot) => formerSlots(facts).includes(slot.name) && !slot.isActive).map(({ name }) => name)
}

const noSlot = 'No standby used a slot of the old primary.'

/** No standby uses them any more, and each would retain WAL on the old primary. */
export const dropOldSlots: Effect<FailoverFacts, null, Output> = {
  title: 'Drop inactive slots on the old primary',
  preview: (facts) => ({
    sentence:
      formerSlots(facts).length === 0
        ? noSlot
        : `Drop the slots ${formerSlots(facts).join(', ')} on ${facts.primary?.title}, which would retain WAL for nobody.`,
    commands: formerSlots(facts).map((name) => `select pg_drop_replication_slot('${name}')`),
  }),
  check: async (facts, ports, { signal, intended }) => {
    if (formerSlots(facts).length === 0) return leaveOut(notNeeded(noSlot))
    const names = await idle(facts, ports, signal)
    // In the plan they are still in use: whether there is anything to drop shows only once everybody has left.
    return names.length === 0 && intended !== null
      ? { found: 'done', output: { dropped: formerSlots(facts) } }
      : { found: 'ready', before: null }
  },
  run: async (facts, _before, ports, { signal }) => {
    for (const name of await idle(facts, ports.read, signal))
      await ports.act.replication.dropSlot(facts.primary!.address, name, { timeoutMs: slotTimeoutMs, signal })
  },
  timeoutMs: 60_000,
  ending: { final: 'These slots are inactive.', harmless: true },
}
