import type { MemoryFleet, MemoryInstance } from '@/lib/adapters/memory'
import type { JobState, JournalLine } from '@/lib/kernel/ground/journal'
import type { JsonObject } from '@/lib/kernel/ground/json'

export interface Case {
  operation: string
  what: string
  target: string
  input?: JsonObject
  prepare?: (instance: MemoryInstance, fleet: MemoryFleet) => void
  /** Laws of this operation, told from the world it leaves. */
  broken: (instance: MemoryInstance, state: JobState, lines: readonly JournalLine[], fleet: MemoryFleet) => string[]
  ends: JobState[]
  /** For operations of many steps; 1 when left out. */
  stride?: number
}

export const applied = (instance: MemoryInstance, act: RegExp) => instance.applied.filter((one) => act.test(one)).length
export const atMost = (count: number, instance: MemoryInstance, act: RegExp) =>
  applied(instance, act) > count ? [`${act.source} was applied ${applied(instance, act)} times`] : []
export const isGivenUp = (lines: readonly JournalLine[]) => lines.some((line) => line.kind === 'decided' && line.decision === 'abandon')

export const runsUnlessAsked = (instance: MemoryInstance, state: JobState, lines: readonly JournalLine[]) =>
  instance.state === 'running' || state === 'attention' || isGivenUp(lines) ? [] : [`${state}, and it is left ${instance.state}`]
