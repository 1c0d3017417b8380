import { closeSync, openSync, writeSync } from 'node:fs'
import { type CommitMode, type LedgerEvent, ledgerEnd, ledgerHead, ledgerLine, ledgerMode } from '@/lib/domain/proof/canary-ledger'
import { type StripPiece, type StripSample, sampleOf } from '@/lib/domain/proof/canary-strip'

/** The ledger of who writes: each attempt is noted before and after, in a file that only the worker's user may read. */
export class LedgerFile {
  readonly #startedAt = performance.now()
  readonly #startedAtIso = new Date().toISOString()
  readonly #file: number
  /** Of attempts that are under way, by id. */
  readonly #sentMs = new Map<number, number>()
  #mode = ''
  #samples: StripSample[] = []

  /** A file that is there already is an error. */
  constructor(path: string) {
    this.#file = openSync(path, 'ax', 0o600)
    writeSync(this.#file, ledgerHead(this.#startedAtIso))
  }

  /** ms since its begin. */
  now(): number {
    return performance.now() - this.#startedAt
  }

  note(event: LedgerEvent): void {
    writeSync(this.#file, ledgerLine(event))
    if (event.kind === 'sent') {
      this.#sentMs.set(event.id, event.atMs)
      return
    }
    this.#samples.push(sampleOf(this.#sentMs.get(event.id) ?? event.atMs, event.atMs, event.kind === 'ack' ? event.timeline : event.code))
    this.#sentMs.delete(event.id)
  }

  /** Only where it is another one than before. */
  noteMode(mode: CommitMode): void {
    const line = ledgerMode(mode)
    if (line !== this.#mode) writeSync(this.#file, line)
    this.#mode = line
  }

  /** What was answered since it was asked last. */
  piece(): StripPiece {
    const samples = this.#samples
    this.#samples = []
    return { startedAt: this.#startedAtIso, atMs: Math.round(this.now()), samples }
  }

  /** `isWhole`: they wrote until they were stopped, at `atMs`; else it stays cut off. What was under way then may have been answered later, and its silence is nobody's. */
  close({ isWhole, atMs = this.now() }: { isWhole: boolean; atMs?: number }): void {
    if (isWhole) writeSync(this.#file, ledgerEnd(atMs, new Date(Date.now() - (this.now() - atMs)).toISOString()))
    closeSync(this.#file)
  }
}
