import type { GatherContext } from '@/lib/kernel/operation/operation'
import type { ReadPorts } from '@/lib/ports'
import { type CanaryFacts, throughPooler, whyNoCanary } from '../facts/canary'
import { probeTimeoutMs } from '../facts/instance'
import { type DeadManFacts, gatherDeadMan } from '../facts/timers'
import { type FailoverFacts, gatherFailover } from '../failover/facts'
import { type Fit, gatherFit } from './fit'
import { type FrontPooler, gatherFront } from './front'
import type { SwitchoverInput } from './input'
import { readSessions, type Sessions } from './sessions'

/** Longer than the clients may be made to wait for a promotion, and much shorter than PgBouncer lets them wait. */
const expirySeconds = 15

/** As of a planned failover, with who stands in the way. */
export type SwitchoverFacts = FailoverFacts & {
  limits: SwitchoverInput
  /** Of the primary; null: it did not say. */
  sessions: Sessions | null
  /** `shared_preload_libraries` of the candidate; null: it did not say. */
  candidateLibraries: string | null
  /** null: one of them was not asked. */
  fit: Fit | null
  /** One question to the primary and its answer, milliseconds; null: it does not answer. */
  roundTripMs: number | null
  /** Poolers in front of the herd that move with it. */
  front: FrontPooler[]
  /** On the hosts of those. */
  timers: DeadManFacts
  /** Titles of those that are left out on purpose. */
  leftOut: string[]
  /** Why none writes although one was asked for; null: nothing is in its way. */
  noCanary: string | null
}

export const gatherSwitchover = async (ports: ReadPorts, input: SwitchoverInput, context: GatherContext): Promise<SwitchoverFacts> => {
  const { candidate, lagBytesMax, waitSeconds, canary } = input
  const planned = { candidate, lagBytesMax, waitSeconds, canary, mode: 'planned', lowerSynchronous: false, override: '' } as const
  const [facts, poolers] = await Promise.all([gatherFailover(ports, planned, context), ports.inventory.herdPoolers(context.targetId)])
  const isOnline = facts.primary !== null && facts.primaryProbe?.state === 'online'
  const isLeftOut = ({ title }: { title: string }) => namesIn(input.leaveOut).includes(title)
  const [sessions, theirs, fit, front] = await Promise.all([
    isOnline ? readSessions(ports, facts.primary!, context) : null,
    facts.candidate === null ? null : readSessions(ports, facts.candidate, context),
    isOnline && facts.candidate !== null && facts.contents !== null
      ? gatherFit(ports, facts.primary!, facts.candidate, facts.contents, context)
      : null,
    Promise.all(poolers.filter((one) => !isLeftOut(one)).map((one) => gatherFront(ports, one, facts, context))),
  ])
  const held = input.timers
    ? front.map(({ pooler, seen, databases, file }) => ({
        pooler,
        databases: seen.databases.filter(({ name }) => databases.includes(name)),
        file: file?.text ?? null,
      }))
    : []
  const members = await ports.inventory.herdInstances(context.targetId)
  const about = { herd: facts.herd, members, systemIdentifier: facts.primaryProbe?.systemIdentifier ?? null, expirySeconds }
  return {
    ...facts,
    limits: input,
    timers: await gatherDeadMan(
      ports,
      held.filter(({ databases }) => databases.length > 0),
      about,
      context.signal,
    ),
    sessions,
    candidateLibraries: theirs?.libraries ?? null,
    fit,
    roundTripMs: isOnline ? await measure(ports, facts, context) : null,
    front,
    ...(await canaryIn(ports, facts, front, context)),
    leftOut: poolers.filter(isLeftOut).map(({ title }) => title),
  }
}

/** As a client of the poolers where there are any. */
const canaryIn = async (
  ports: ReadPorts,
  { canary: asked, primary, candidate, primaryProbe }: FailoverFacts,
  front: readonly FrontPooler[],
  context: GatherContext,
): Promise<Pick<SwitchoverFacts, 'canary' | 'noCanary'>> => {
  if (asked === null || primaryProbe?.state !== 'online') return { canary: asked, noCanary: null }
  const canary: CanaryFacts = await throughPooler(ports, asked, [primary!, candidate!], front, primaryProbe.systemIdentifier, context)
  const noCanary = await whyNoCanary(ports, primary!, canary, context)
  return { canary: noCanary === null ? canary : null, noCanary }
}

const namesIn = (text: string): string[] => text.split(',').map((one) => one.trim())

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
