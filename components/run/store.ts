import { addPiece, type Strip } from '@/lib/domain/proof/canary-strip'
import { countJobs, foldJob, type JobCounts } from '@/lib/kernel/engine/fold'
import type { JobFold, JournalLine } from '@/lib/kernel/ground/journal'
import type { JobView, RunLine, RunStrip, RunView } from '@/lib/shapes/run'
import { type LineText, lineText } from './line-text'
import { type RunOperation, stepTitle } from './shared'

/** One row of the log: a journal line, or one of the lines of its text. */
export interface LogRow extends LineText {
  key: string
  jobId: string
  title: string
  at: string
}

export interface RunSnapshot {
  run: RunView
  rows: readonly LogRow[]
  counts: JobCounts
  /** What canaries saw, by job. */
  strips: ReadonlyMap<string, Strip>
  /** False until the stream has caught up with the past. */
  isComplete: boolean
}

/** The page is drawn at most this often, however fast lines arrive. */
const tellEveryMs = 60

/**
 * What the run page knows, folded from the stream alone: lines arrive in batches and in order, a batch sent twice (after a reconnect) is ignored.
 * Jobs keep their identity while nothing about them changed, so that a grid of a thousand draws only what moved.
 */
export class RunStore {
  readonly #lines = new Map<string, JournalLine[]>()
  readonly #listeners = new Set<() => void>()
  readonly #titleOf: (step: string) => string
  #rows: LogRow[] = []
  readonly #stripSeqs = new Map<string, number>()
  #lastEventId = 0
  #telling: ReturnType<typeof setTimeout> | null = null
  #snapshot: RunSnapshot

  constructor(
    run: RunView,
    readonly operation: RunOperation,
  ) {
    const titled = [...operation.gates, ...operation.effects]
    this.#titleOf = (step) => stepTitle(titled, step)
    this.#snapshot = { run, rows: this.#rows, counts: countJobs(run.jobs.map((job) => job.state)), strips: new Map(), isComplete: false }
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  readonly snapshot = (): RunSnapshot => this.#snapshot

  linesOf(jobId: string): readonly JournalLine[] {
    return this.#lines.get(jobId) ?? []
  }

  /** Journal lines in the order of their event ids. */
  addLines(batch: readonly RunLine[]): void {
    const fresh = batch.filter((event) => event.eventId > this.#lastEventId)
    if (fresh.length === 0) return
    this.#lastEventId = fresh.at(-1)!.eventId
    const titles = new Map(this.#snapshot.run.jobs.map((job) => [job.id, job.title]))
    const touched = new Set<string>()
    const rows: LogRow[] = []
    for (const { jobId, line, eventId } of fresh) {
      const lines = this.#lines.get(jobId)
      if (lines) lines.push(line)
      else this.#lines.set(jobId, [line])
      // Output moves no state; thousands of lines of it must not fold every job again.
      if (line.kind !== 'note') touched.add(jobId)
      const { text, ...look } = lineText(line, this.#titleOf)
      text
        .replace(/\n$/, '')
        .split('\n')
        .forEach((piece, index) => {
          rows.push({ key: `${eventId}.${index}`, jobId, title: titles.get(jobId) ?? jobId, at: line.at, text: piece, ...look })
        })
    }
    this.#rows = this.#rows.concat(rows)
    if (touched.size > 0) this.#replaceJobs((job) => (touched.has(job.id) ? this.#folded(job) : job))
    else this.#publish({ ...this.#snapshot, rows: this.#rows })
  }

  /** The run and its jobs as the database has them; folds from lines we already hold are newer than those it carries. */
  setRun(run: RunView): void {
    const known = new Map(this.#snapshot.run.jobs.map((job) => [job.id, job]))
    const jobs = run.jobs.map((job) => {
      const old = known.get(job.id)
      const fold = old && old.fold.lastSeq >= job.fold.lastSeq ? old.fold : job.fold
      const same =
        old &&
        old.state === job.state &&
        old.because === job.because &&
        old.waitsFor === job.waitsFor &&
        old.startedAt === job.startedAt &&
        old.finishedAt === job.finishedAt
      return same && old.fold === fold ? old : { ...job, fold }
    })
    this.#publish({ ...this.#snapshot, run: { ...run, jobs }, counts: countJobs(jobs.map((job) => job.state)) })
  }

  /** Pieces of strips in order; those that were here before are ignored. */
  addStrips(batch: readonly RunStrip[]): void {
    const strips = new Map(this.#snapshot.strips)
    for (const { jobId, seq, piece } of batch) {
      if (seq <= (this.#stripSeqs.get(jobId) ?? 0)) continue
      this.#stripSeqs.set(jobId, seq)
      strips.set(jobId, addPiece(strips.get(jobId) ?? null, piece))
    }
    this.#publish({ ...this.#snapshot, strips })
  }

  setComplete(): void {
    if (!this.#snapshot.isComplete) this.#publish({ ...this.#snapshot, isComplete: true })
  }

  #folded(job: JobView): JobView {
    const fold: JobFold = foldJob(
      this.linesOf(job.id),
      job.fold.steps.map(({ name }) => name),
    )
    // The past is replayed after the page was opened: an older fold never replaces a newer one.
    if (fold.lastSeq < job.fold.lastSeq) return job
    return {
      ...job,
      fold,
      state: fold.state === 'waiting' ? job.state : fold.state,
      because: fold.because ?? (fold.state === job.state ? job.because : null),
      // It went on.
      waitsFor: fold.lastSeq > job.fold.lastSeq ? null : job.waitsFor,
    }
  }

  #replaceJobs(change: (job: JobView) => JobView): void {
    const jobs = this.#snapshot.run.jobs.map(change)
    this.#publish({
      ...this.#snapshot,
      run: { ...this.#snapshot.run, jobs },
      rows: this.#rows,
      counts: countJobs(jobs.map((job) => job.state)),
    })
  }

  #publish(snapshot: RunSnapshot): void {
    this.#snapshot = snapshot
    this.#telling ??= setTimeout(() => {
      this.#telling = null
      for (const listener of this.#listeners) listener()
    }, tellEveryMs)
  }
}
