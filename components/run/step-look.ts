import type { StepState } from '@/lib/kernel/ground/journal'
import { leftOutWords } from '@/lib/kernel/ground/left-out'
import type { Tone } from '@/lib/kernel/resource/field'

export const stepLook: Record<StepState, [Tone, string]> = {
  waiting: ['neutral', 'waiting'],
  running: ['info', 'running'],
  done: ['good', 'done'],
  'already-so': ['neutral', 'already done'],
  'not-asked': ['neutral', leftOutWords['not-asked']],
  'not-needed': ['neutral', leftOutWords['not-needed']],
  'not-possible': ['neutral', leftOutWords['not-possible']],
  failed: ['bad', 'failed'],
  unknown: ['warn', 'not known'],
  undoing: ['warn', 'undoing'],
  undone: ['warn', 'undone'],
  released: ['good', 'released'],
  skipped: ['neutral', 'skipped'],
}
