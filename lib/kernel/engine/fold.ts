import { type JobFold, type JobState, type JournalLine, movesTo, type RunState, type StepFold } from '../ground/journal'

/** What a page shows of one job, from its lines and the names of its effects in order; a rolling job names others as it comes to them. Pure and small enough for a browser to repeat on each line. */
export const foldJob = (lines: readonly JournalLine[], effectNames: readonly string[]): JobFold => {
  const steps = new Map<string, StepFold>(
    effectNames.map((name) => [name, { name, state: 'waiting', startedAt: null, endedAt: null, because: null }]),
  )
  const fold: JobFold = { state: 'waiting', steps: [...steps.values()], because: null, attention: null, lastSeq: 0 }
  const move = (name: string, change: Partial<StepFold>) => {
    const step = steps.get(name)
    if (step) Object.assign(step, change)
  }
  const meet = (name: string) => {
    if (steps.has(name)) return
    const step: StepFold = { name, state: 'waiting', startedAt: null, endedAt: null, because: null }
    steps.set(name, step)
    fold.steps.push(step)
  }
  for (const line of lines) {
    fold.lastSeq = Math.max(fold.lastSeq, line.seq)
    if (line.kind === 'intended' || line.kind === 'finished' || line.kind === 'left-out') meet(line.step)
    foldLine(fold, move, line)
  }
  return fold
}

type Move = (name: string, change: Partial<StepFold>) => void

const foldLine = (fold: JobFold, move: Move, line: JournalLine): void => {
  fold.state = movesTo(line) ?? fold.state
  switch (line.kind) {
    case 'intended':
      move(line.step, { state: 'running', startedAt: line.at, endedAt: null, because: null })
      return
    case 'finished':
      move(line.step, { state: line.ours ? 'done' : 'already-so', endedAt: line.at, because: null })
      return
    case 'left-out':
      move(line.step, { state: line.word, endedAt: line.at, because: line.because })
      return
    case 'failed':
      fold.because = line.because
      move(line.step, { state: line.certainty === 'unknown' ? 'unknown' : 'failed', endedAt: line.at, because: line.because })
      return
    case 'refused':
      fold.because = line.because
      return
    case 'undo-intended':
      move(line.step, { state: 'undoing', because: null })
      return
    case 'undone':
      move(line.step, { state: 'undone', endedAt: line.at })
      return
    case 'released':
      move(line.step, { state: 'released', endedAt: line.at })
      return
    case 'undo-failed':
    case 'release-failed':
      move(line.step, { state: 'failed', endedAt: line.at, because: line.because })
      return
    case 'attention': {
      const { because, known, unknown, question } = line
      fold.because = because
      fold.attention = { because, known, unknown, question }
      return
    }
    case 'decided':
      fold.because = null
      fold.attention = null
      return
    case 'closed':
      fold.because = line.because
      fold.attention = null
      for (const step of fold.steps) if (step.state === 'waiting') step.state = 'skipped'
      return
  }
}

export type JobCounts = Record<JobState, number>

export const countJobs = (states: Iterable<JobState>): JobCounts => {
  const counts: JobCounts = { waiting: 0, running: 0, attention: 0, done: 0, undone: 0, failed: 0, refused: 0, cancelled: 0 }
  for (const state of states) counts[state] += 1
  return counts
}

/** A run is done only when every job is; a run that was cancelled stays so even if its last jobs ended well. */
export const foldRun = (counts: JobCounts, isCancelRequested: boolean): RunState => {
  if (counts.running > 0) return isCancelRequested ? 'cancelling' : 'running'
  if (counts.attention > 0) return 'attention'
  const ended = counts.done + counts.undone + counts.failed + counts.refused + counts.cancelled
  if (counts.waiting > 0) return isCancelRequested ? 'cancelling' : ended > 0 ? 'running' : 'waiting'
  if (counts.failed + counts.undone + counts.refused > 0) return 'failed'
  return isCancelRequested || counts.cancelled > 0 ? 'cancelled' : 'done'
}

export const median = (values: readonly number[]): number | null => {
  if (values.length === 0) return null
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** Seconds until the run is over if every job takes the median: the jobs that run are taken to be half way. Null without history. */
export const estimateSeconds = (medianSeconds: number | null, counts: JobCounts, parallel: number): number | null => {
  if (medianSeconds === null) return null
  const rounds = Math.ceil(counts.waiting / Math.max(1, parallel))
  return medianSeconds * (rounds + (counts.running > 0 ? 0.5 : 0))
}
