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

const passed: readonly StepState[] = ['done', 'already-so', 'not-asked', 'not-needed', 'not-possible', 'released']
const ended: readonly JobState[] = ['done', 'undone', 'failed', 'refused', 'cancelled']

/** Where the one target of a run is: the step that moves, else the first that has not begun. */
const current = (steps: readonly StepFold[]): number => {
  const moving = steps.findIndex(({ state }) => state === 'running' || state === 'undoing' || state === 'unknown' || state === 'failed')
  return moving >= 0 ? moving : steps.findIndex(({ state }) => state === 'waiting')
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
  if (ended.includes(job.state) || index < 0) return { pieces, done, words: `${done} of ${all} done` }
  const step = steps[index]!
  const what = step.state === 'undoing' ? 'Undoing step' : 'Step'
  const attention = job.state === 'attention' ? ', needs attention' : ''
  return { pieces, done, words: `${what} ${index + 1} of ${steps.length}: ${titleOf(step.name)}${attention}` }
}
