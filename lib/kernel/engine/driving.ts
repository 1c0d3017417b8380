import { type ActPorts, eachPort } from '@/lib/ports'
import { type Clock, ended } from '../ground/clock'
import { Fault, isFault, toFault } from '../ground/errors'
import { hasNeverBegun } from '../ground/fault-text'
import type { JsonObject } from '../ground/json'
import type { Facts, Operation, StepContext } from '../operation/operation'
import type { Recorder } from './recorder'

export interface DriveJob {
  id: string
  targetId: string
  /** As the operation's schema gave it: defaults filled in. */
  input: JsonObject
  /** The target's digest in the plan that was submitted; null: a segment, which looks for itself whether what was planned still holds. */
  digest: string | null
}

export interface DriveOptions {
  /** Who drives, for the journal: host and process. */
  driver: string
  /** Aborts when the lease is lost or the process must go at once: the driver then does nothing more, and the job stays open. */
  signal: AbortSignal
  isCancelRequested: () => boolean
  /** Who asked for it, for the journal. */
  cancelRequestedBy?: () => string
  /** True makes the driver stop between two steps with everything written and the job open: a worker that drains. */
  shouldHandOver?: () => boolean
  clock: Clock
}

/** One driver at work on one job. */
export interface Driving {
  operation: Operation
  job: DriveJob
  options: DriveOptions
  recorder: Recorder
  ports: ActPorts
  /** The same without the proof of the lease before each act: for the driver of a segment, which adds its own. */
  bare: ActPorts
  /** Acts that reached a host, counted: while it stands still nothing has happened. */
  actions: Actions
  /** For another count of them. */
  portsWith: (actions: Actions) => ActPorts
}

export interface Actions {
  /** Those that reached a host, or may have. */
  count: number
  /** Those of them that answered that they were done. */
  done: number
  /** Those that have not answered yet. */
  flying: Set<Promise<unknown>>
  /** What acted has ended: nothing that it left running begins another act. */
  isClosed: boolean
}

export const noActions = (): Actions => ({ count: 0, done: 0, flying: new Set(), isClosed: false })

/** For one attempt: what others do at the same time is not its doing. */
export const counted = (driving: Driving): Driving => {
  const actions = noActions()
  return { ...driving, actions, ports: driving.portsWith(actions) }
}

/** An attempt that threw may have left acts on their way beside the one that failed. They are waited for, so that what is looked at, undone or released is all there is. */
export const settle = async ({ actions, options }: Driving, timeoutMs: number): Promise<void> => {
  actions.isClosed = true
  if (actions.flying.size === 0) return
  const over = new AbortController()
  await Promise.race([Promise.allSettled(actions.flying), options.clock.sleep(timeoutMs, over.signal)])
  over.abort(ended)
}

export const stepContext = (driving: Driving, step: string, signal: AbortSignal): StepContext => ({
  signal,
  jobId: driving.job.id,
  // Asked anew each time: a long wait for the console's own database breaks it in the middle of a step.
  get isUnbroken() {
    return driving.recorder.progress.isUnbroken
  },
  note: (stream, text) => driving.recorder.note(step, stream, text),
  pause: (ms) => driving.options.clock.sleep(ms, signal),
})

const databasePauseMs = 250

/**
 * Work asks the console's own database too. While that is away nothing is known and nothing is decided: the work is repeated once it is back,
 * unless something reached a host.
 */
export const outlast = async <T>({ options, recorder, actions }: Driving, work: () => Promise<T>): Promise<T> => {
  const actionsBefore = actions.count
  for (;;) {
    try {
      return await work()
    } catch (error) {
      recorder.throwIfLost()
      if (!isFault(error, 'database.down') || options.signal.aborted || actions.count > actionsBefore) throw error
    }
    await options.clock.sleep(databasePauseMs, options.signal)
    await recorder.confirm()
  }
}

/** The facts the job acts on; only called once they are known. */
export const factsOf = (driving: Driving): Facts => {
  const { facts } = driving.recorder.progress
  if (facts === null) throw new Error('no facts were gathered before they were needed')
  return facts
}

type Act = (...args: never[]) => Promise<unknown>

const tooLate = 'The console’s own database did not answer in time, so nothing was sent.'

const sendWithin = (options: unknown): number =>
  (options as { sendWithinMs?: number } | undefined)?.sendWithinMs ?? Number.POSITIVE_INFINITY

const guard = (port: object, recorder: Recorder, actions: Actions): object =>
  new Proxy(port, {
    get: (target, name) => {
      const act: unknown = Reflect.get(target, name)
      if (typeof act !== 'function') return act
      return async (...args: never[]) => {
        const waitedMs = await recorder.confirm()
        const sendWithinMs = sendWithin(args.at(-1))
        if (waitedMs > sendWithinMs) throw new Fault('database.down', { isOver: true, because: tooLate })
        if (actions.isClosed) throw new Fault('shell.cancelled', { isOver: true })
        actions.count += 1
        const answered = (act as Act).apply(target, args)
        actions.flying.add(answered)
        try {
          const answer = await answered
          actions.done += 1
          return answer
        } catch (error) {
          // The console's own database is no host, and what is written there may be written again.
          if (hasNeverBegun(toFault(error)) || isFault(error, 'database.down')) actions.count -= 1
          throw error
        } finally {
          actions.flying.delete(answered)
        }
      }
    },
  })

/** Every act first proves the lease: a driver that slept past its lease changes nothing when it wakes. */
export const guardActs = (act: ActPorts['act'], recorder: Recorder, actions: Actions): ActPorts['act'] =>
  eachPort(act, (port) => guard(port, recorder, actions))
