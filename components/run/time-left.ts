import { countJobs, estimateSeconds } from '@/lib/kernel/engine/fold'
import type { JobView, RunView } from '@/lib/shapes/run'

/** What earlier runs of the operation tell about this one. */
export interface History {
  /** Seconds one target took. */
  medianSeconds: number
  /** Jobs of one herd take turns. */
  isSerialInHerd: boolean
}

/** Seconds until the run is over; null without history, and while nothing of it goes on. The herd with the most left to do decides when jobs of a herd take turns. */
export const secondsLeft = (run: RunView, history: History | null): number | null => {
  if (history === null) return null
  const open = run.jobs.filter(({ finishedAt, state }) => finishedAt === null && state !== 'attention')
  if (open.length > 0 && open.every(({ waitsFor }) => waitsFor !== null)) return null
  const whole = estimateSeconds(history.medianSeconds, countJobs(run.jobs.map((job) => job.state)), run.policy.parallel)
  if (!history.isSerialInHerd || whole === null) return whole
  const byHerd = new Map<string, JobView[]>()
  for (const job of run.jobs) if (job.herdId !== null) byHerd.set(job.herdId, [...(byHerd.get(job.herdId) ?? []), job])
  const turns = [...byHerd.values()].map((jobs) => estimateSeconds(history.medianSeconds, countJobs(jobs.map((job) => job.state)), 1) ?? 0)
  return Math.max(whole, ...turns)
}
