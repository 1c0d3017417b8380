import type { FaultCode } from '../ground/errors'
import type { Decision, JobOutcome, JournalEntry } from '../ground/journal'
import type { Json } from '../ground/json'
import { type Facts, isPointOfNoReturn, isShortOfNoReturn, type Operation } from '../operation/operation'

/** What the journal says of one effect. */
export interface StepRecord {
  /** The first intent; later ones do not count. */
  intended: { before: Json } | null
  mark: Json
  finished: { output: Json; ours: boolean } | null
  failed: { code: FaultCode; because: string; certainty: 'did-not-happen' | 'unknown'; question?: string } | null
  isLeftOut: boolean
  isUndone: boolean
  isReleased: boolean
}

/** Everything a driver needs to go on where another one ended, folded from the journal alone. */
export interface Progress {
  isOpened: boolean
  facts: Facts | null
  steps: Map<string, StepRecord>
  /** Why the job is on its way back; null: it goes forward. */
  turned: { outcome: 'failed' | 'cancelled' | 'refused'; because: string } | null
  attention: Extract<JournalEntry, { kind: 'attention' }> | null
  /** Who abandoned it, once somebody did, and what. Abandoning a step does not abandon its clean-up: that is asked again. */
  gaveUp: { by: string; during: Extract<JournalEntry, { kind: 'attention' }>['during'] } | null
  closed: JobOutcome | null
  /** Of a rolling job: the segment that is open. Its lines are its own, and only what ends it counts here. */
  segment: string | null
  /** What became of those that have ended. */
  segments: Map<string, JobOutcome>
  /** Somebody was asked about a step and said to go on. */
  wentOn: boolean
  /** Drivers in a row that took over and wrote nothing else. */
  idleResumes: number
  /** Nobody else drove it, nobody was asked, and it did not wait long for the console's own database since its facts were gathered. */
  isUnbroken: boolean
}

/** In so long a person who sees no primary has done something about it by hand. */
const brokenMsMin = 15_000

export const newProgress = (): Progress => ({
  isOpened: false,
  facts: null,
  steps: new Map(),
  turned: null,
  attention: null,
  gaveUp: null,
  closed: null,
  segment: null,
  segments: new Map(),
  wentOn: false,
  idleResumes: 0,
  isUnbroken: true,
})

export const stepOf = (progress: Progress, name: string): StepRecord => {
  let record = progress.steps.get(name)
  if (record === undefined) {
    record = { intended: null, mark: null, finished: null, failed: null, isLeftOut: false, isUndone: false, isReleased: false }
    progress.steps.set(name, record)
  }
  return record
}

const decide = (progress: Progress, decision: Decision, by: string) => {
  const during = progress.attention?.during
  progress.attention = null
  if (decision === 'abandon') {
    progress.gaveUp = { by, during: during ?? 'driver' }
    return
  }
  // A stuck undo or release is tried again where it was; only a stuck step turns the job forward.
  if (during !== 'step') return
  progress.turned = null
  progress.wentOn = true
  for (const record of progress.steps.values()) record.failed = null
}

/** What a rolling job hears of while one of its segments is open. */
const advanceAround = (progress: Progress, entry: JournalEntry): void => {
  if (entry.kind === 'attention') progress.attention = entry
  if (entry.kind === 'decided') progress.attention = null
  if (entry.kind !== 'segment-closed') return
  progress.segment = null
  progress.segments.set(entry.segment, entry.outcome)
  if (entry.outcome === 'done') return
  const outcome = entry.outcome === 'undone' ? 'failed' : entry.outcome
  progress.turned = { outcome, because: entry.because ?? `It ended as ${entry.outcome}.` }
}

export const advance = (progress: Progress, entry: JournalEntry): void => {
  progress.idleResumes = entry.kind === 'resumed' ? progress.idleResumes + 1 : 0
  if (progress.segment !== null) {
    advanceAround(progress, entry)
    return
  }
  switch (entry.kind) {
    case 'opened':
      progress.isOpened = true
      break
    case 'gathered':
      progress.facts = entry.facts
      progress.isUnbroken = true
      break
    case 'resumed':
      progress.isUnbroken = false
      break
    case 'waited':
      if (entry.tookMs >= brokenMsMin) progress.isUnbroken = false
      break
    case 'intended':
      stepOf(progress, entry.step).intended ??= { before: entry.before }
      break
    case 'marked':
      stepOf(progress, entry.step).mark = entry.mark
      break
    case 'finished':
      stepOf(progress, entry.step).finished = { output: entry.output, ours: entry.ours }
      break
    case 'left-out':
      stepOf(progress, entry.step).finished = { output: null, ours: false }
      stepOf(progress, entry.step).isLeftOut = true
      break
    case 'failed':
      stepOf(progress, entry.step).failed = {
        code: entry.code,
        because: entry.because,
        certainty: entry.certainty,
        question: entry.question,
      }
      progress.turned ??= { outcome: 'failed', because: entry.because }
      break
    case 'refused':
      progress.turned ??= { outcome: 'refused', because: entry.because }
      break
    case 'cancel-requested':
      progress.turned = { outcome: 'cancelled', because: `cancelled by ${entry.by}` }
      break
    case 'undone':
      stepOf(progress, entry.step).isUndone = true
      break
    case 'released':
      stepOf(progress, entry.step).isReleased = true
      break
    case 'attention':
      progress.attention = entry
      break
    case 'decided':
      progress.isUnbroken = false
      decide(progress, entry.decision, entry.by)
      break
    case 'segment':
      progress.segment = entry.segment
      break
    case 'closed':
      progress.closed = entry.outcome
      break
  }
}

/** It was begun and not proven undone by its own failure: it has happened, or might have. */
export const mayHaveHappened = (record: StepRecord): boolean =>
  record.finished !== null ? record.finished.ours : record.intended !== null && record.failed?.certainty !== 'did-not-happen'

/** Something has been looked at or intended with the recorded facts: they are the ones to go on with. */
export const hasBegun = (progress: Progress): boolean =>
  progress.segment !== null ||
  progress.segments.size > 0 ||
  [...progress.steps.values()].some((record) => record.intended !== null || record.finished !== null)

/**
 * The first final effect that has happened or might have. One that was found already so counts too: whoever did it, undoing what came before it
 * would contradict the state of the servers. One with its point of no return inside it counts from the mark that passes it. A rolling job has none: each of its
 * segments has its own.
 */
export const pastNoReturn = (operation: Operation, progress: Progress): string | null => {
  if (operation.segments) return null
  const passed = operation.effects.find((effect) => {
    const record = progress.steps.get(effect.name)
    if (!isPointOfNoReturn(effect.ending, progress.facts) || record === undefined || record.isLeftOut) return false
    return record.finished !== null || (mayHaveHappened(record) && !isShortOfNoReturn(effect.ending, record.mark))
  })
  return passed?.name ?? null
}
