import type { ActPorts } from '@/lib/ports'
import type { JobState } from '../ground/journal'
import type { JournalPort } from '../ground/journal-port'
import type { Operation } from '../operation/operation'
import { type Actions, type DriveJob, type DriveOptions, type Driving, guardActs, noActions } from './driving'
import { askAfterIdleDrivers, turnBack, wrapUp } from './endings'
import { goForward, isRowOpen } from './forward'
import { Recorder } from './recorder'
import { goThrough } from './segments'

export type { DriveJob, DriveOptions } from './driving'

/** A job that each of so many drivers in a row took over and never moved is not given to another one: it needs attention. */
const idleResumesMax = 10

/**
 * Drives one job as far as it goes: to its end, to *needs attention*, or, when asked to hand over, to the next point between two steps (`running`).
 * It may be called again on any job at any time; a closed job, or one that waits for a person, is left as it is.
 * Throws what the journal threw (`lease.lost`) when the driver may not go on: nothing more was done, and the job is open for the next driver.
 */
export const drive = async (
  operation: Operation,
  job: DriveJob,
  journal: JournalPort,
  ports: ActPorts,
  options: DriveOptions,
): Promise<JobState> => {
  const recorder = new Recorder(journal, await journal.lines(), options.clock)
  const { progress } = recorder
  if (progress.closed !== null) return progress.closed
  if (progress.attention !== null) return 'attention'

  const lose = () => recorder.lose(options.signal.reason)
  if (options.signal.aborted) lose()
  options.signal.addEventListener('abort', lose, { once: true })
  try {
    const portsWith = (actions: Actions) => ({ read: ports.read, act: guardActs(ports.act, recorder, actions) })
    const actions = noActions()
    // One step may learn that this driver may not go on while another one, taken at the same time, waits for a server.
    const whole = { ...options, signal: AbortSignal.any([options.signal, recorder.over]) }
    const driving: Driving = { operation, job, options: whole, recorder, ports: portsWith(actions), bare: ports, actions, portsWith }
    // Before anything else: drivers that die as soon as they begin are counted by these lines.
    await recorder.write(
      progress.isOpened
        ? { kind: 'resumed', driver: options.driver }
        : { kind: 'opened', target: job.targetId, input: job.input, digest: job.digest ?? '', driver: options.driver },
    )
    return await steer(driving)
  } finally {
    options.signal.removeEventListener('abort', lose)
    if (!recorder.isLost) await recorder.flush()
  }
}

const steer = async (driving: Driving): Promise<JobState> => {
  const { progress } = driving.recorder
  if (progress.idleResumes > idleResumesMax && progress.segment === null) return askAfterIdleDrivers(driving)
  if (progress.gaveUp === null && (progress.turned === null || isRowOpen(driving))) {
    const came = driving.operation.segments ? await goThrough(driving, drive) : await goForward(driving)
    if (came === 'hand-over') return 'running'
    if (came === 'attention') return 'attention'
    if (came === 'done') return wrapUp(driving)
  }
  if (progress.gaveUp === null) {
    const came = await turnBack(driving)
    if (came === 'attention') return 'attention'
  }
  return wrapUp(driving)
}
