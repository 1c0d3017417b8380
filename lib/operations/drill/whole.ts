import type { StepContext } from '@/lib/kernel/operation/operation'
import type { ReadPorts } from '@/lib/ports'
import { gatherRoll, isHealthy, isPrimary, sayState } from '../rolling/facts'
import type { DrillFacts } from './facts'

const lookEveryMs = 500

/** Titles of the one that takes writes, and what is missing until the herd is whole: one primary, and everybody else streams from a member. */
export const lookWhole = async (
  { roll: { herd } }: DrillFacts,
  ports: ReadPorts,
  signal: AbortSignal,
): Promise<{ primary: string | null; missing: string[] }> => {
  const { members } = await gatherRoll(ports, herd.id, { targetId: herd.id, signal })
  const primaries = members.filter(isPrimary)
  return {
    primary: primaries.length === 1 ? primaries[0]!.place.title : null,
    missing: [
      ...members.filter((member) => !isHealthy(member)).map(sayState),
      ...(primaries.length === 1 ? [] : [primaries.length === 0 ? 'no member takes writes' : 'more than one member takes writes']),
    ],
  }
}

/** Waits until the herd is whole, and so long at most. What is missing then; nothing: it is whole. */
export const awaitWhole = async (
  facts: DrillFacts,
  ports: ReadPorts,
  withinMs: number,
  { pause, signal }: StepContext,
): Promise<string[]> => {
  const endsAt = ports.now().getTime() + withinMs
  for (;;) {
    const { missing } = await lookWhole(facts, ports, signal)
    if (missing.length === 0 || ports.now().getTime() >= endsAt) return missing
    await pause(lookEveryMs)
    signal.throwIfAborted()
  }
}
