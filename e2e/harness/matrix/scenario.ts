import type { JobState } from '@/lib/kernel/ground/journal'
import type { JsonObject } from '@/lib/kernel/ground/json'
import type { Operation } from '@/lib/kernel/operation/operation'
import type { Cast } from './canon'
import type { LabHerd } from './herd'

/** Whose host is lost; `pooler`: that of one in front of the herd. */
export type Losable = keyof Cast | 'pooler'

/** One operation in one situation, on a herd of three real hosts. */
export interface Scenario {
  name: string
  operation: Operation
  /** From the herd as it always begins to where the operation is of use. */
  prepare: (lab: LabHerd, cast: Cast) => Promise<void>
  targetId: (cast: Cast) => string
  input: (cast: Cast) => JsonObject
  /** Whose hosts are lost, each at each step. */
  losable: readonly Losable[]
  /** Acknowledged commits may be lost: a fork is discarded, or a person took the responsibility. */
  mayLose?: true
  /** Nothing could be written on the old primary’s disk, so it takes writes when its host is back until the worker stops it. */
  mayReturn?: true
  /** Two take writes when it begins. The primary of the cast, which is the target, never does again once it was fenced. */
  isSplit?: true
  /** Its actions continue on the hosts after they were begun, or one step has many: hosts are lost after each of them too, or after those of a name. */
  losesMidway?: true | readonly string[]
  /** Abandoned where it needs attention, it is left as it is: laws of its own say what then still holds. */
  givesUp?: true
  /** Laws of its own that are broken, once its job has ended and everything is mended. */
  judge?: (ended: Ended) => Promise<string[]>
  /** Through the poolers of the herd, with writers on them: in a lab that has some. */
  isThroughPoolers?: true
}

/** Of a run that nothing disturbs: its points and actions, between which points clients may be paused, and its stretches. */
export interface Measured {
  passed: number
  acts: number
  held: { from: number; to: number }
  sections: readonly Section[]
}

/** Points, both ends among them, between two actions of one step: the hosts are the same at each of them, the journal is not. */
export interface Section {
  step: string
  from: number
  to: number
}

export interface Ended {
  lab: LabHerd
  cast: Cast
  state: JobState
  isGivenUp: boolean
}
