import { Fault } from '@/lib/kernel/ground/errors'
import type { JournalEntry, JournalLine } from '@/lib/kernel/ground/journal'
import type { JournalPort } from '@/lib/kernel/ground/journal-port'
import type { MemoryClock } from './clock'

/** A journal whose lease can be taken over: only the newest session may write; an older one meets `lease.lost`, as on the real tables. */
export class MemoryJournal {
  readonly lines: JournalLine[] = []
  #epoch = 0
  readonly #clock: MemoryClock

  constructor(clock: MemoryClock) {
    this.#clock = clock
  }

  /** Takes the lease over from its holder. */
  open(): JournalPort {
    this.#epoch += 1
    const epoch = this.#epoch
    const confirm = () => {
      if (epoch !== this.#epoch) throw new Fault('lease.lost')
    }
    return {
      lines: async () => [...this.lines],
      confirmLease: async () => confirm(),
      append: async (entries, firstSeq) => {
        confirm()
        if (firstSeq !== this.lines.length + 1) throw new Fault('lease.lost')
        this.write(entries)
      },
    }
  }

  /** Lines that no driver writes: a person's decision. */
  write(entries: readonly JournalEntry[]): void {
    for (const entry of entries)
      this.lines.push({ ...structuredClone(entry), seq: this.lines.length + 1, at: this.#clock.now().toISOString() })
  }
}
