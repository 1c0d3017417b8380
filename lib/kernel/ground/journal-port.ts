import type { JournalEntry, JournalLine } from './journal'

/**
 * The journal of one job, as its driver holds it. Any error that `append` or `confirmLease` throws stops the driver at once: it does nothing more, not
 * even its endings, and the job stays open for the next driver. A port that retries after a lost connection must recognise its own lines.
 */
export interface JournalPort {
  /** All lines in order; `seq` starts at 1. */
  lines: () => Promise<JournalLine[]>
  /**
   * Writes the entries, all or none, as lines `firstSeq`, `firstSeq + 1`, …, in one transaction that also proves the lease; durable when it resolves.
   * Throws `lease.lost` when one of these lines exists already or the lease is held by another.
   */
  append: (entries: readonly JournalEntry[], firstSeq: number) => Promise<void>
  /** Called just before each mutating call. Throws `lease.lost` when the lease is not ours any more; must not answer from memory past its expiry. */
  confirmLease: () => Promise<void>
}
