import { openRuns, startableJobs } from '@/db/runs/claims'
import { openPlans } from '@/db/runs/plans'
import { settleStale } from '@/db/runs/run-state'
import { countWorkers } from '@/db/runs/workers'

/** A message that is on its way is left alone this long. */
const onItsWayMs = 1_500

export interface Swept {
  /** Open jobs that nobody holds and that may start or go on. */
  jobs: string[]
  plans: string[]
  /** Workers that live, the caller included. */
  workers: number
}

/**
 * Finds the work that nobody does: its message was lost with the queue, or its driver with a worker. Closes what will never start, and runs whose last
 * job has ended. Any number of workers may sweep at once.
 */
export const sweep = async (): Promise<Swept> => {
  await settleStale()
  const runs = await openRuns()
  return {
    jobs: runs.length > 0 ? await startableJobs(runs) : [],
    plans: await openPlans(onItsWayMs),
    workers: await countWorkers(),
  }
}
