import { databaseError } from '@/db/pg/client'
import { isFault } from '@/lib/kernel/ground/errors'
import { sleep } from '@/lib/kernel/ground/sleep'

const firstPauseMs = 100
const longestPauseMs = 2_000
/** Deadlock, serialisation, and statements that the server ended: the same call can succeed. */
const passing = new Set(['40P01', '40001', '57014', '55P03', '25P03'])

export const isPassing = (error: unknown): boolean => isFault(error, 'database.down') || passing.has(databaseError(error)?.code ?? '')

/**
 * Repeats `work` while the metadata database is away, as long as that takes: what a driver has to write down cannot be left out.
 * Throws what `work` throws for any other reason, and the signal's reason when it aborts while waiting. `work` must bear being done twice.
 */
export const persist = async <T>(work: () => Promise<T>, signal: AbortSignal, onWait?: (error: unknown) => void): Promise<T> => {
  for (let waitMs = firstPauseMs; ; waitMs = Math.min(waitMs * 2, longestPauseMs)) {
    signal.throwIfAborted()
    try {
      return await work()
    } catch (error) {
      if (!isPassing(error)) throw error
      onWait?.(error)
    }
    await sleep(waitMs, signal)
  }
}
