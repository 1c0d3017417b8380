import { inPgTransaction } from '@/db/pg/transaction'
import { releaseLeases, renewLeases, takeLease } from '@/db/runs/leases'
import type { Log } from '../queue/log'
import { repeat } from '../queue/schedule'

export interface SoleWork {
  /** Of the work, in the log. */
  name: string
  everyMs: number
  /** One worker at a time holds it, with the reason why. */
  lease: string
  reason: string
  leaseTtlMs: number
  /** The signal: the worker stops. */
  work: (signal: AbortSignal) => Promise<void>
}

/** Does a piece of work again and again as `repeat` does, in the one worker that holds its lease; another takes over when that one stops or is gone. */
export const repeatInOneWorker = (
  { name, everyMs, lease, reason, leaseTtlMs, work }: SoleWork,
  { holder, log }: { holder: string; log: Log },
): { stop: () => Promise<void> } => {
  const token = crypto.randomUUID()
  const stopping = new AbortController()
  const isMine = async () => {
    if (((await renewLeases([token], leaseTtlMs)).get(token) ?? 0) > 0) return true
    return (await takeLease({ names: [lease], token, holder, reason, jobId: null }, leaseTtlMs)) === null
  }
  const repeated = repeat(
    [
      {
        name,
        everyMs,
        work: async () => {
          if (await isMine()) await work(stopping.signal)
        },
      },
    ],
    log,
  )
  return {
    stop: async () => {
      stopping.abort()
      await repeated.stop()
      await inPgTransaction((client) => releaseLeases(client, [token])).catch((err: unknown) =>
        log.warn({ err }, 'a lease could not be given back'),
      )
    },
  }
}
