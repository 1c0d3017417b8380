import type { ActPorts } from '@/lib/ports'
import type { JobOutcome, JobState, JournalEntry, JournalLine } from '../ground/journal'
import type { JournalPort } from '../ground/journal-port'
import { type Operation, type Segment, stepInSegment } from '../operation/operation'
import { type DriveJob, type DriveOptions, type Driving, factsOf } from './driving'
import { isCancelled, lookBeforeFirst } from './forward'
import { hasBegun, type Progress, stepOf } from './progress'
import type { Recorder } from './recorder'

type Drive = (operation: Operation, job: DriveJob, journal: JournalPort, ports: ActPorts, options: DriveOptions) => Promise<JobState>

/**
 * Takes the segments of a rolling job one after the other, each driven as a job of its own whose lines stand in this journal. Cancel and hand-over are heard
 * between them, and within each as in any other job.
 */
export const goThrough = async (driving: Driving, drive: Drive): Promise<'done' | 'back' | 'hand-over' | 'attention'> => {
  const { options, recorder } = driving
  const { progress } = recorder
  if (!hasBegun(progress) && !(await lookBeforeFirst(driving))) return 'back'
  for (const segment of driving.operation.segments!(factsOf(driving))) {
    if (progress.segments.has(segment.key) || stepOf(progress, segment.key).finished !== null) continue
    if (segment.leftOut !== null) {
      recorder.add({ kind: 'left-out', step: segment.key, ...segment.leftOut })
      continue
    }
    if (progress.segment === null) {
      if (options.shouldHandOver?.()) return 'hand-over'
      if (isCancelled(driving)) return 'back'
    }
    const { operation, targetId, input } = segment
    const state = await drive(
      operation,
      { id: driving.job.id, targetId, input, digest: null },
      journalOf(segment, recorder),
      driving.bare,
      options,
    )
    if (state === 'running') return 'hand-over'
    if (state === 'attention') return 'attention'
    if (state !== 'done') return 'back'
  }
  return 'done'
}

/** How a rolling job ends that did not come to its end: what was done before stays, and is told. */
export const stoppedAfter = ({ facts, segments, turned }: Progress, operation: Operation): { outcome: JobOutcome; because: string } => {
  const all = (facts === null ? [] : operation.segments!(facts)).filter(({ leftOut }) => leftOut === null)
  const done = all.filter(({ key }) => segments.get(key) === 'done').length
  const stopped = all.find(({ key }) => segments.has(key) && segments.get(key) !== 'done')
  const { outcome, because } = turned!
  const why = stopped === undefined ? because : `${stopped.title}: ${because}`
  if (done > 0) return { outcome: outcome === 'cancelled' ? outcome : 'failed', because: `Stopped after ${done} of ${all.length}: ${why}` }
  return { outcome: (stopped && segments.get(stopped.key)) ?? outcome, because: why }
}

/** The lines of one segment as its own journal, written by the pen of the job. */
const journalOf = (segment: Segment, recorder: Recorder): JournalPort => ({
  lines: async () => {
    if (recorder.progress.segment === null) return []
    const lines = await recorder.lines()
    const own = linesOfSegment(lines, segment.key)
    // Its driver counts itself once more.
    return own.at(-1)?.kind === 'resumed' ? own.slice(0, -1) : own
  },
  append: async (entries) => {
    for (const entry of entries) for (const one of toJob(entry, segment)) recorder.add(one)
    await recorder.flush()
  },
  confirmLease: async () => {
    await recorder.confirm()
  },
})

/** As the journal of a job that did nothing else; empty: it never came to it. */
export const linesOfSegment = (lines: readonly JournalLine[], key: string): JournalLine[] => {
  const from = lines.findIndex((line) => line.kind === 'segment' && line.segment === key)
  if (from < 0) return []
  const length = lines.slice(from).findIndex((line) => line.kind === 'segment-closed')
  return lines.slice(from, length < 0 ? undefined : from + length + 1).map((line) => toSegment(line, key))
}

const toJob = (entry: JournalEntry, { key, title }: Segment): JournalEntry[] => {
  switch (entry.kind) {
    case 'opened':
      return [{ kind: 'segment', segment: key, title, target: entry.target, input: entry.input }]
    case 'closed':
      return [{ kind: 'segment-closed', segment: key, outcome: entry.outcome, because: entry.because }]
    // The job has written these itself.
    case 'resumed':
    case 'waited':
      return []
    case 'attention':
      return [{ ...entry, because: `${title}: ${entry.because}` }]
    default:
      return ['step' in entry && entry.step !== null ? { ...entry, step: stepInSegment(key, entry.step) } : entry]
  }
}

const toSegment = (line: JournalLine, key: string): JournalLine => {
  const { seq, at } = line
  if (line.kind === 'segment') return { kind: 'opened', target: line.target, input: line.input, digest: '', driver: '', seq, at }
  if (line.kind === 'segment-closed') return { kind: 'closed', outcome: line.outcome, because: line.because, seq, at }
  return 'step' in line && line.step !== null ? { ...line, step: line.step.slice(stepInSegment(key, '').length) } : line
}
