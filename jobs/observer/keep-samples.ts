import { sumFleet } from '@/db/samples/fleet'
import { keepSamples } from '@/db/samples/keep'
import type { Log } from '../queue/log'
import { repeatInOneWorker } from './in-one-worker'

const everyMs = 60_000
const leaseTtlMs = 15 * 60_000

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
}): { stop: () => Promise<void> } =>
  repeatInOneWorker(
    {
      ...{ name: 'samples', everyMs, leaseTtlMs },
      lease: 'sample-keeper',
      reason: 'packs and thins samples',
      work: async () => {
        // Partitions first: this minute's must be there.
        await keepSamples({ minuteDays, coarseDays })
        await sumFleet()
      },
    },
    { holder, log },
  )
