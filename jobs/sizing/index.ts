import { repeat } from '../queue/schedule'
import { decideDue } from './decide'
import type { Decider } from './decider'

const everyMs = 3_000

/** Decides what sizing rules are to do, as their times come. Any number of workers may; each time of a rule is decided by one of them. */
export const startSizing = ({ everyMs: given = everyMs, ...decider }: Decider & { everyMs?: number }): { stop: () => Promise<void> } =>
  repeat([{ name: 'sizing rules', everyMs: given, work: () => decideDue(decider) }], decider.log)
