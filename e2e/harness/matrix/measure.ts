import type { Points } from '@/lib/kernel/engine/crash-driver'
import type { JournalEntry } from '@/lib/kernel/ground/journal'
import type { JournalPort } from '@/lib/kernel/ground/journal-port'
import type { ActPorts } from '@/lib/ports'
import type { Section } from './scenario'
import { aroundActs } from './troubles'

/** Once so many points were passed, an action was begun, or a step; null: in the step that was under way. */
export interface Mark {
  from: number
  step: string | null
}

/** What is done before the first step. */
const beginning = 'the beginning'

export const sectionsOf = (marks: readonly Mark[], passed: number): Section[] => {
  let under = beginning
  const cuts = [{ from: 0, step: beginning }, ...marks].map(({ from, step }) => {
    under = step ?? under
    return { from, step: under }
  })
  return cuts.flatMap(({ from, step }, index) => {
    const to = cuts[index + 1]?.from ?? passed
    return to > from ? [{ step, from: from + 1, to }] : []
  })
}

const begins = new Set<JournalEntry['kind']>(['intended', 'finished', 'left-out', 'release-intended'])

/** Notes each new step, and between which points the step runs that pauses clients. */
export const noteSteps = (journal: JournalPort, points: Points, held: { from: number; to: number }, marks: Mark[]): JournalPort => ({
  ...journal,
  append: async (entries, firstSeq) => {
    await journal.append(entries, firstSeq)
    for (const entry of entries) {
      if (!('step' in entry) || !begins.has(entry.kind)) continue
      if (marks.findLast(({ step }) => step !== null)?.step !== entry.step) marks.push({ from: points.passed, step: entry.step })
      if (entry.step !== 'hand-over') continue
      if (entry.kind === 'intended') held.from = points.passed
      if (entry.kind === 'finished') held.to = points.passed
    }
  },
})

export const noteActs = (ports: ActPorts, points: Points, marks: Mark[]): ActPorts =>
  aroundActs(ports, (_name, act) => {
    marks.push({ from: points.passed, step: null })
    return act()
  })
