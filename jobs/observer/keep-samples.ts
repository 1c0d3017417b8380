import { inPgTransaction } from '@/db/pg/transaction'
import { releaseLeases, renewLeases, takeLease } from '@/db/runs/leases'
import { sumFleet } from '@/db/samples/fleet'
import { keepSamples } from '@/db/samples/keep'
import type { Log } from '../queue/log'
import { repeat } from '../queue/schedule'

const everyMs = 60_000
const leaseTtlMs = 15 * 60_000
const lease = 'sample-keeper'

/** Makes partitions of samples ahead, packs, thins and drops them, and sums up each environment's minute, in one worker at a time. */
export const startSampleKeeper = ({
  minuteDays,
  coarseDays,
  holder,
  log,
}: {
  minuteDays: number
  coarseDays: number
  holder: string
  log: Log
}): { stop: () => Promise<void> } => {
  const token = crypto.randomUUID()
  const isMine = async () => {
    if (((await renewLeases([token], leaseTtlMs)).get(token) ?? 0) > 0) return true
    return (await takeLease({ names: [lease], token, holder, reason: 'packs and thins samples', jobId: null }, leaseTtlMs)) === null
  }
  const work = async () => {
    if (!(await isMine())) return
    // Partitions first: this minute's must be there.
    await keepSamples({ minuteDays, coarseDays })
    await sumFleet()
  }
  const repeated = repeat([{ name: 'samples', everyMs, work }], log)
  return {
    stop: async () => {
      await repeated.stop()
      await inPgTransaction((client) => releaseLeases(client, [token])).catch((err: unknown) =>
        log.warn({ err }, 'a lease could not be given back'),
      )
    },
  }
}
