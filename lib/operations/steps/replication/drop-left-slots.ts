import { isFault } from '@/lib/kernel/ground/errors'
import type { Effect, Facts } from '@/lib/kernel/operation/operation'
import type { Probe } from '@/lib/ports'
import type { Place } from '../../facts/instance'
import { judgeSlots, keepWords, type SlotOwner } from '../../facts/leftover-slots'
import { lookAt } from '../postgres/server'

export interface DropLeftWith<F> {
  of: (facts: F) => Place
  /** As its disk showed them when the plan was made. */
  slots: (facts: F) => readonly string[]
  owners: (facts: F) => SlotOwner[]
}

type Output = { dropped: string[]; left: string[] }

const slotTimeoutMs = 15_000

const physical = ({ slots }: Probe) => slots.filter(({ kind }) => kind === 'physical')

/** What a former primary kept for others would retain WAL on it for ever. Judged once it is up: a slot that somebody reads from by then stays. */
export const dropLeftSlots = <F extends Facts>({ of, slots, owners }: DropLeftWith<F>): Effect<F, null, Output> => {
  const judged = (facts: F, names: readonly string[]) => judgeSlots(names, owners(facts))
  const idle = (facts: F, probe: Probe): string[] =>
    judged(
      facts,
      physical(probe).flatMap(({ name, isActive }) => (isActive ? [] : [name])),
    ).drop
  return {
    title: 'Drop inactive slots',
    preview: (facts) => {
      const { drop, keep } = judged(facts, slots(facts))
      const left = keep.length === 0 ? '' : ` Left: ${keepWords(keep)}.`
      if (drop.length === 0) return { sentence: `There is no unneeded slot on it.${left}`, commands: [] }
      return {
        sentence: `Drop ${drop.join(', ')} on ${of(facts).title}, which would retain WAL for nobody.${left}`,
        commands: drop.map((name) => `select pg_drop_replication_slot('${name}')`),
      }
    },
    check: async (facts, ports, { signal }) => {
      const probe = await lookAt(ports, of(facts), signal)
      const planned = judged(facts, slots(facts)).drop
      if (probe.state !== 'online')
        return planned.length === 0 ? { found: 'done', output: { dropped: [], left: [] } } : { found: 'ready', before: null }
      if (idle(facts, probe).length > 0) return { found: 'ready', before: null }
      const there = probe.slots.map(({ name }) => name)
      return { found: 'done', output: { dropped: planned.filter((name) => !there.includes(name)), left: there } }
    },
    run: async (facts, _before, ports, { signal, note }) => {
      for (const name of idle(facts, await lookAt(ports.read, of(facts), signal)))
        try {
          note('command', `select pg_drop_replication_slot('${name}')`)
          await ports.act.replication.dropSlot(of(facts).address, name, { timeoutMs: slotTimeoutMs, signal })
        } catch (error) {
          // Somebody has begun to read from it: the next look finds it in use.
          if (!isFault(error, 'sql.failed')) throw error
          note('warning', error.message)
        }
    },
    timeoutMs: 60_000,
    ending: { final: 'These slots are inactive.', harmless: true },
  }
}
