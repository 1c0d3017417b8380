import { type Interference, MemoryJournal, memoryFleet } from '@/lib/adapters/memory'
import { type DriveOptions, drive } from '@/lib/kernel/engine/engine'
import type { JournalEntry } from '@/lib/kernel/ground/journal'
import type { Operation } from '@/lib/kernel/operation/operation'
import { targetDigest } from '@/lib/kernel/operation/plan-making'

/** For tests of the engine: a host in memory, a job of `operation` on it, and what its journal says in words. */
export const bench = async (operation: Operation) => {
  const fleet = memoryFleet([{ environment: 'dev', name: 'demo', hosts: ['n1'] }])
  const host = fleet.host('n1')
  const facts = await operation.gather(fleet.read, {}, { targetId: host.server.id, signal: new AbortController().signal })
  const digest = targetDigest(operation, host.server.id, facts)
  const journal = new MemoryJournal(fleet.clock)
  const planned = new Map<string, Interference>()
  fleet.calls.interfere = ({ act }) => planned.get(act)
  const go = (options: Partial<DriveOptions> = {}) =>
    drive(operation, { id: 'job', targetId: host.server.id, input: {}, digest }, journal.open(), fleet, {
      driver: 'test',
      signal: new AbortController().signal,
      isCancelRequested: () => false,
      clock: fleet.clock,
      ...options,
    })
  const words = () =>
    journal.lines
      .filter((line) => !['note', 'gate', 'gathered', 'opened'].includes(line.kind))
      .map((line) => (line.kind === 'closed' ? `closed ${line.outcome}` : 'step' in line ? `${line.kind} ${line.step}` : line.kind))
  const find = <Kind extends JournalEntry['kind']>(kind: Kind) =>
    journal.lines.filter((line): line is Extract<JournalEntry, { kind: Kind }> & typeof line => line.kind === kind)
  return {
    fleet,
    host,
    journal,
    go,
    words,
    find,
    disturb: (act: string, how: Interference) => planned.set(act, how),
    calm: () => planned.clear(),
  }
}
