import type { JobState, StepFold, StepState } from '@/lib/kernel/ground/journal'
import type { Tone } from '@/lib/kernel/resource/field'
import type { JobView } from '@/lib/shapes/run'

const tones: Record<StepState, Tone | null> = {
  waiting: null,
  running: 'info',
  done: 'good',
  'already-so': 'good',
  'not-asked': 'neutral',
  'not-needed': 'neutral',
  'not-possible': 'neutral',
  failed: 'bad',
  unknown: 'warn',
  undoing: 'warn',
  undone: 'warn',
  released: 'good',
  skipped: 'neutral',
}

const leftOut: readonly StepState[] = ['not-asked', 'not-needed', 'not-possible']
const passed: readonly StepState[] = ['done', 'already-so', 'released', ...leftOut]
const ended: readonly JobState[] = ['done', 'undone', 'failed', 'refused', 'cancelled']

const moving: readonly (readonly StepState[])[] = [['running', 'undoing'], ['unknown', 'failed'], ['waiting']]

/** Where the one target of a run is: the step that moves, though one beside it has failed; else the one that failed, else the first that has not begun. */
const current = (steps: readonly StepFold[]): number =>
  moving.map((states) => steps.findIndex(({ state }) => states.includes(state))).find((index) => index >= 0) ?? -1

/** `11 of 18 steps done, 4 not applicable`: what did not apply was not done. */
const endedWords = (steps: readonly StepFold[]): string => {
  const count = (states: readonly StepState[]) => steps.filter(({ state }) => states.includes(state)).length
  const inapplicable = count(leftOut)
  return `${count(passed) - inapplicable} of ${steps.length} ${steps.length === 1 ? 'step' : 'steps'} done${inapplicable === 0 ? '' : `, ${inapplicable} not applicable`}`
}

export interface StepProgress {
  /** One piece of the bar a step; null: nothing yet. */
  pieces: { name: string; tone: Tone | null }[]
  /** Steps that have passed, of `pieces`. */
  done: number
  /** "Step 6 of 18: Promote standby". */
  words: string
}

/** How far a run of one target is, by its steps. `titleOf` gives a step's title by its name. */
export const stepProgress = (job: JobView, titleOf: (step: string) => string): StepProgress => {
  const { steps } = job.fold
  const done = steps.filter(({ state }) => passed.includes(state)).length
  const pieces = steps.map(({ name, state }) => ({ name, tone: tones[state] }))
  const index = current(steps)
  const all = `${steps.length} ${steps.length === 1 ? 'step' : 'steps'}`
  if (job.state === 'waiting') return { pieces, done, words: `Waiting; ${all}` }
  if (ended.includes(job.state) || index < 0) return { pieces, done, words: endedWords(steps) }
  const step = steps[index]!
  const what = step.state === 'undoing' ? 'Undoing step' : 'Step'
  const attention = job.state === 'attention' ? ', needs attention' : ''
  return { pieces, done, words: `${what} ${index + 1} of ${steps.length}: ${titleOf(step.name)}${attention}` }
}
