import type { JobState } from '../ground/journal'
import type { RunPolicy } from './plan'

/** One job of a run, as far as the policy looks at it. */
export interface PolicyJob {
  id: string
  title: string
  state: JobState
  wave: number
  herdId: string | null
  serverId: string | null
  locks: readonly string[]
  /** A driver holds its lease now. */
  isHeld: boolean
}

export interface PolicyMoment {
  /** Who asked for the cancel; null: nobody. */
  cancelRequestedBy: string | null
  isPastDeadline: boolean
}

export interface Schedule {
  /** Jobs a driver may take now: first those whose driver was lost, then those that start, in order. */
  start: string[]
  /** Waiting jobs and what they wait for, in words. */
  wait: Map<string, string>
  /** Waiting jobs that will never start, with the reason. */
  close: { id: string; because: string }[]
}

const failedStates: readonly JobState[] = ['failed', 'undone', 'refused', 'attention']
const endedStates: readonly JobState[] = ['done', 'undone', 'failed', 'refused', 'cancelled']

/** Why no further job of this run starts; null: they may. */
const stopReason = (jobs: readonly PolicyJob[], policy: RunPolicy, moment: PolicyMoment): string | null => {
  if (moment.cancelRequestedBy !== null) return `Not started: cancelled by ${moment.cancelRequestedBy}.`
  if (moment.isPastDeadline) return 'Not started: the deadline of the run has passed.'
  const failures = jobs.filter((job) => failedStates.includes(job.state)).length
  if (policy.stopAfterFailures === null || failures < policy.stopAfterFailures) return null
  return `Not started: ${failures === 1 ? '1 target' : `${failures} targets`} failed, and the run stops after ${policy.stopAfterFailures}.`
}

/**
 * Which jobs of a run may be driven now. A job that once started is always driven to its end, whatever the limits say; the others start by wave and title
 * while the run, their server and their locks have room. With `standbysFirst` a job waits until every job of a lower wave in its herd has ended.
 */
export const schedule = (jobs: readonly PolicyJob[], policy: RunPolicy, moment: PolicyMoment): Schedule => {
  const result: Schedule = { start: [], wait: new Map(), close: [] }
  const running = jobs.filter((job) => job.state === 'running')
  for (const job of running) if (!job.isHeld) result.start.push(job.id)

  const waiting = jobs.filter((job) => job.state === 'waiting').sort((a, b) => a.wave - b.wave || compareText(a.title, b.title))
  const stopped = stopReason(jobs, policy, moment)
  if (stopped !== null) {
    for (const job of waiting) if (!job.isHeld) result.close.push({ id: job.id, because: stopped })
    return result
  }

  let atOnce = running.length
  const onServer = new Map<string, number>()
  const lockedBy = new Map<string, PolicyJob>()
  const occupy = (job: PolicyJob) => {
    if (job.serverId !== null) onServer.set(job.serverId, (onServer.get(job.serverId) ?? 0) + 1)
    for (const lock of job.locks) lockedBy.set(lock, job)
  }
  for (const job of running) occupy(job)
  const unended = jobs.filter((job) => !endedStates.includes(job.state))
  const earlierThan = (job: PolicyJob) =>
    policy.standbysFirst && job.herdId !== null ? unended.find((other) => other.herdId === job.herdId && other.wave < job.wave) : undefined

  for (const job of waiting) {
    const earlier = earlierThan(job)
    const holder = job.locks.map((lock) => lockedBy.get(lock)).find((other) => other !== undefined)
    if (earlier) result.wait.set(job.id, `Waits for ${earlier.title}: standbys come first.`)
    else if (holder) result.wait.set(job.id, `Waits for ${holder.title}: one job at a time in a herd.`)
    else if (job.serverId !== null && (onServer.get(job.serverId) ?? 0) >= policy.perServer)
      result.wait.set(job.id, `Waits for its server: at most ${policy.perServer} at once there.`)
    else if (atOnce >= policy.parallel) result.wait.set(job.id, `Waits for its turn: at most ${policy.parallel} at once.`)
    else {
      result.start.push(job.id)
      atOnce += 1
      occupy(job)
    }
  }
  return result
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
