import { type Clock, ended } from '../ground/clock'
import { Fault } from '../ground/errors'
import type { JournalEntry, JournalLine } from '../ground/journal'
import type { JournalPort } from '../ground/journal-port'
import { advance, newProgress, type Progress } from './progress'

type Note = Extract<JournalEntry, { kind: 'note' }>

/** How long a line that guards nothing may wait for company before it is written. */
const lingerMs = 200
const noteLengthMax = 16 * 1024
const notesLengthMax = 1024 * 1024
/** The console's own database is expected to answer sooner; who waited longer says so. */
const waitedMsMin = 2_000

/**
 * The driver's pen. A line that must be durable before the next action is *written*; one that only tells is *added* and shares a later transaction.
 * Losing an added line with the driver is harmless: the next driver looks again. After the first error nothing more can be written.
 */
export class Recorder {
  readonly progress: Progress = newProgress()
  readonly #journal: JournalPort
  readonly #clock: Clock
  #seq: number
  #pending: JournalEntry[] = []
  #chain: Promise<void> = Promise.resolve()
  #lost: { error: unknown } | null = null
  readonly #over = new AbortController()
  #notesLength = 0
  #linger: AbortController | null = null
  #answeredAt = 0

  constructor(journal: JournalPort, lines: readonly JournalLine[], clock: Clock) {
    this.#journal = journal
    this.#clock = clock
    this.#seq = lines.at(-1)?.seq ?? 0
    for (const line of lines) advance(this.progress, line)
  }

  /** The driver must stop at once: every later write throws `error`, and so does every guarded act. */
  lose(error: unknown): void {
    this.#lost ??= { error }
    this.#over.abort(error)
    this.#linger?.abort(ended)
  }

  /** Aborts with it. */
  get over(): AbortSignal {
    return this.#over.signal
  }

  get isLost(): boolean {
    return this.#lost !== null
  }

  throwIfLost(): void {
    if (this.#lost) throw this.#lost.error
  }

  /** Proves the lease just before an action, and answers how many milliseconds that took. */
  async confirm(): Promise<number> {
    this.throwIfLost()
    const startedAt = this.#clock.now().getTime()
    try {
      await this.#timed(() => this.#journal.confirmLease())
    } catch (error) {
      this.lose(error)
    }
    this.throwIfLost()
    return this.#clock.now().getTime() - startedAt
  }

  add(entry: JournalEntry): void {
    this.throwIfLost()
    advance(this.progress, entry)
    this.#pending.push(entry)
    if (this.#linger) return
    const linger = new AbortController()
    this.#linger = linger
    this.#clock.sleep(lingerMs, linger.signal).then(() => {
      if (!linger.signal.aborted) this.flush().catch(() => {})
    })
  }

  /** Progress and output; it never throws, joins pieces of one stream, and is cut after 1 MiB a job. */
  note(step: string | null, stream: Note['stream'], text: string): void {
    if (this.#lost || this.#notesLength > notesLengthMax) return
    this.#notesLength += text.length
    const isCut = this.#notesLength > notesLengthMax
    const last = this.#pending.at(-1)
    const isOutput = stream === 'stdout' || stream === 'stderr'
    if (!isCut && isOutput && last?.kind === 'note' && last.stream === stream && last.step === step && last.text.length < noteLengthMax) {
      last.text += text
      return
    }
    this.add(isCut ? { kind: 'note', step, stream: 'warning', text: 'Further output is left out.' } : { kind: 'note', step, stream, text })
  }

  async write(entry: JournalEntry): Promise<void> {
    this.add(entry)
    await this.flush()
  }

  /** Every line of the job so far. */
  async lines(): Promise<JournalLine[]> {
    await this.flush()
    return this.#journal.lines()
  }

  /** Resolves when everything added so far is durable. */
  flush(): Promise<void> {
    this.#linger?.abort(ended)
    this.#linger = null
    this.#chain = this.#chain.then(() => this.#append())
    return this.#chain
  }

  /** Acts that wait at once wait for the same; after the last word of a driver there is nobody to tell. */
  async #timed(work: () => Promise<void>): Promise<void> {
    const startedAt = this.#clock.now().getTime()
    await work()
    const answeredAt = this.#clock.now().getTime()
    const tookMs = answeredAt - Math.max(startedAt, this.#answeredAt)
    this.#answeredAt = answeredAt
    const { closed, attention } = this.progress
    if (tookMs >= waitedMsMin && closed === null && attention === null && !this.#lost) this.add({ kind: 'waited', tookMs })
  }

  async #append(): Promise<void> {
    this.throwIfLost()
    const entries = this.#pending
    if (entries.length === 0) return
    this.#pending = []
    const firstSeq = this.#seq + 1
    this.#seq += entries.length
    try {
      await this.#timed(() => this.#journal.append(entries, firstSeq))
    } catch (cause) {
      this.lose(cause instanceof Fault ? cause : new Fault('lease.lost', { because: 'The journal cannot be written.' }, { cause }))
    }
    this.throwIfLost()
  }
}
