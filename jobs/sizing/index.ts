import { databaseNow } from '@/db/rules/due'
import { findRecommendations } from '@/db/rules/recommendations'
import { repeat } from '../queue/schedule'
import { decideDue, keepBig } from './decide'
import type { Decider } from './decider'

const everyMs = 3_000
const bigEveryMs = 20_000
const adviceEveryMs = 30_000
const herdsAtOnce = 10

/** A few herds at a time, so that a large fleet is gone through within a day and nothing else waits for it. */
const adviseSome = async ({ now = databaseNow }: Decider): Promise<void> => {
  await findRecommendations(await now(), herdsAtOnce)
}

/** Decides what sizing rules are to do, as their times come. Any number of workers may; each time of a rule is decided by one of them. */
export const startSizing = ({ everyMs: given = everyMs, ...decider }: Decider & { everyMs?: number }): { stop: () => Promise<void> } =>
  repeat(
    [
      { name: 'sizing rules', everyMs: given, work: () => decideDue(decider) },
      { name: 'recommendations', everyMs: adviceEveryMs, work: () => adviseSome(decider) },
      { name: 'standbys that stay large', everyMs: Math.max(given, bigEveryMs), work: () => keepBig(decider) },
    ],
    decider.log,
  )
