import type { GatherContext } from '@/lib/kernel/operation'
import type { ReadPorts } from '@/lib/ports'
import { probeTimeoutMs } from '../facts'
import { type FailoverFacts, gatherFailover } from '../failover/facts'
import type { SwitchoverInput } from './input'
import { readSessions, type Sessions } from './sessions'

/** As of a planned failover, with who stands in the way. */
export type SwitchoverFacts = FailoverFacts & {
  limits: SwitchoverInput
  /** Of the primary; null: it did not say. */
  sessions: Sessions | null
  /** `synchronous_standby_names` of the candidate; null: it did not say. */
  candidateSynchronousNames: string | null
  /** One question to the primary and its answer, milliseconds; null: it does not answer. */
  roundTripMs: number | null
  /** Poolers in front of the herd, by title. */
  poolers: string[]
}

export const gatherSwitchover = async (ports: ReadPorts, input: SwitchoverInput, context: GatherContext): Promise<SwitchoverFacts> => {
  const { candidate, lagBytesMax, waitSeconds, canary } = input
  const planned = { candidate, lagBytesMax, waitSeconds, canary, mode: 'planned', override: '' } as const
  const [facts, poolers] = await Promise.all([gatherFailover(ports, planned, context), ports.inventory.herdPoolers(context.targetId)])
  const isOnline = facts.primary !== null && facts.primaryProbe?.state === 'online'
  const [sessions, theirs] = await Promise.all([
    isOnline ? readSessions(ports, facts.primary!, context) : null,
    facts.candidate === null ? null : readSessions(ports, facts.candidate, context),
  ])
  return {
    ...facts,
    limits: input,
    sessions,
    candidateSynchronousNames: theirs?.synchronousNames ?? null,
    roundTripMs: isOnline ? await measure(ports, facts, context) : null,
    poolers: poolers.map(({ title }) => title),
  }
}

/** Over the connection that is open by now. */
const measure = async (ports: ReadPorts, { primary }: FailoverFacts, { signal }: GatherContext): Promise<number | null> => {
  const began = ports.now().getTime()
  try {
    await ports.postgres.settings(primary!.address, { timeoutMs: probeTimeoutMs, signal })
    return ports.now().getTime() - began
  } catch {
    signal.throwIfAborted()
    return null
  }
}
