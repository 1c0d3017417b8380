import { renewLeases } from '@/db/runs/leases'
import { readCancels } from '@/db/runs/steering'
import { makeBatch } from '@/lib/kernel/ground/batch'
import { Fault } from '@/lib/kernel/ground/errors'

/** What one driver holds, and what it must know while it drives. */
export interface Kept {
  runId: string
  token: string
  /** How many leases the token must hold. */
  leases: number
  cancelRequestedBy: string | null
  deadlineAt: number | null
  /** Aborted with `lease.lost` as soon as the loss is known. */
  lost: AbortController
}

/**
 * Keeps the leases of all drivers of a process alive with one statement, and hears for them whether their runs were cancelled.
 * While the database is away nothing is lost: the token decides, and nobody else can take a lease then either.
 */
export class Keeper {
  readonly #kept = new Set<Kept>()
  readonly #confirm: (token: string) => Promise<number>

  constructor(readonly ttlMs: number) {
    this.#confirm = makeBatch(
      async (tokens) => {
        const counts = await renewLeases(tokens, ttlMs)
        return tokens.map((token) => counts.get(token) ?? 0)
      },
      { max: 500 },
    )
  }

  get size(): number {
    return this.#kept.size
  }

  keep(kept: Kept): () => void {
    this.#kept.add(kept)
    return () => {
      this.#kept.delete(kept)
    }
  }

  /** Asks the database, never memory. Throws `lease.lost` or `database.down`. */
  async confirm(kept: Kept): Promise<void> {
    kept.lost.signal.throwIfAborted()
    if ((await this.#confirm(kept.token)) < kept.leases) this.#lose(kept)
    kept.lost.signal.throwIfAborted()
  }

  /** To be called every third of the time to live. Throws `database.down`. */
  async beat(): Promise<void> {
    const kept = [...this.#kept]
    if (kept.length === 0) return
    const counts = await renewLeases(
      kept.map(({ token }) => token),
      this.ttlMs,
    )
    for (const one of kept) if (this.#kept.has(one) && (counts.get(one.token) ?? 0) < one.leases) this.#lose(one)
    await this.readCancels()
  }

  /** Reads which runs were cancelled; `runId` narrows it to the one that was announced. */
  async readCancels(runId?: string): Promise<void> {
    const kept = [...this.#kept].filter((one) => runId === undefined || one.runId === runId)
    if (kept.length === 0) return
    const by = await readCancels([...new Set(kept.map((one) => one.runId))])
    for (const one of kept) one.cancelRequestedBy = by.get(one.runId) ?? one.cancelRequestedBy
  }

  #lose(kept: Kept): void {
    kept.lost.abort(new Fault('lease.lost'))
  }
}
