import { leaveOut, notNeeded } from '@/lib/kernel/operation/only-when'
import type { Effect } from '@/lib/kernel/operation/operation'
import { lookAt } from '../../steps/postgres/server'
import type { FailoverFacts } from '../facts'

type Before = { missing: string[] }
type Output = { slots: string[] }

const slotTimeoutMs = 15_000

/** Slots that the new primary needs before it is one: for everybody who will follow it, and, when it is alive, for the old primary. */
export const slotsOf = ({ mode, followers, primary }: FailoverFacts): string[] => {
  const names = [
    ...followers.map(({ following }) => following.slotName),
    mode === 'planned' ? (primary?.following?.slotName ?? null) : null,
  ]
  return [...new Set(names.filter((name) => name !== null))]
}

const noSlot = ({ candidate }: FailoverFacts): string => `No standby that will follow ${candidate?.title} uses a slot.`

export const makeSlots: Effect<FailoverFacts, Before, Output> = {
  title: 'Create replication slots on the candidate',
  preview: (facts) => ({
    sentence:
      slotsOf(facts).length === 0
        ? noSlot(facts)
        : `Create the slots ${slotsOf(facts).join(', ')} on ${facts.candidate?.title}, to retain the WAL that its standbys will need.`,
    commands: slotsOf(facts).map((name) => `select pg_create_physical_replication_slot('${name}', true)`),
  }),
  check: async (facts, ports, { signal, intended }) => {
    const wanted = slotsOf(facts)
    if (wanted.length === 0) return leaveOut(notNeeded(noSlot(facts)))
    const probe = await lookAt(ports, facts.candidate!, signal)
    if (probe.state !== 'online') return { found: 'blocked', because: `${facts.candidate!.title} is ${probe.state}` }
    const missing = wanted.filter((name) => !probe.slots.some((slot) => slot.name === name))
    if (missing.length === 0) return { found: 'done', output: { slots: wanted } }
    return { found: 'ready', before: intended?.before ?? { missing } }
  },
  run: async (facts, { missing }, ports, { signal, note }) => {
    const probe = await lookAt(ports.read, facts.candidate!, signal)
    for (const name of missing.filter((name) => !probe.slots.some((slot) => slot.name === name))) {
      note('command', `select pg_create_physical_replication_slot('${name}', true)`)
      await ports.act.replication.createSlot(facts.candidate!.address, name, { timeoutMs: slotTimeoutMs, signal })
    }
  },
  timeoutMs: 60_000,
  ending: {
    undo: async (facts, { missing }, _output, ports, { signal }) => {
      const probe = await lookAt(ports.read, facts.candidate!, signal)
      for (const slot of probe.slots.filter(({ name, isActive }) => missing.includes(name) && !isActive))
        await ports.act.replication.dropSlot(facts.candidate!.address, slot.name, { timeoutMs: slotTimeoutMs, signal })
    },
    sentence: 'If the job fails later, the slots are dropped again.',
  },
}
