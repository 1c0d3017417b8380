import { setMaxListeners } from 'node:events'
import { Fault } from './errors'
import { sleep } from './sleep'

/** Time enters as an argument, so that a twin can make an hour pass at once. */
export interface Clock {
  now: () => Date
  /** Resolves after `ms` milliseconds, or at once when `signal` aborts; it never throws. */
  sleep: (ms: number, signal?: AbortSignal) => Promise<void>
}

export const systemClock: Clock = {
  now: () => new Date(),
  sleep,
}

interface DeadlineOptions {
  clock: Clock
  timeoutMs: number
  /** Aborting it aborts the work too; the work is then awaited no longer than the grace. */
  signal: AbortSignal
  what: string
}

/** After the deadline the work is told to stop and has this long to say how it ended: that answer decides whether its command is known dead. */
export const graceMs = 10_000

/** Ends a wait that nobody needs any more. Made once: without a reason each abort makes an error with a stack of its own, and every step of every job makes many. */
export const ended = new Error('the work has ended')

/**
 * Runs `work` with a signal that aborts at the deadline. Work that still answers within the grace is believed, whatever it answers: a late success is
 * a success, a fault with `isOver` is certain. Silence throws `shell.timeout` without `isOver`.
 */
export const withDeadline = async <T>(options: DeadlineOptions, work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
  const { clock, timeoutMs, signal, what } = options
  const stop = new AbortController()
  // One step may ask many servers at once.
  setMaxListeners(0, stop.signal)
  const waiting = new AbortController()
  let grace = null as AbortController | null
  let isOver = false
  const abort = () => {
    stop.abort(signal.reason)
    waiting.abort(ended)
  }
  if (signal.aborted) abort()
  else signal.addEventListener('abort', abort, { once: true })
  const silence = async (): Promise<never> => {
    await clock.sleep(timeoutMs, waiting.signal)
    if (isOver) throw ended
    const because = signal.aborted ? `${what} was interrupted` : `${what} did not end within ${timeoutMs / 1000} s`
    stop.abort(new Fault('shell.timeout', { because }))
    grace = new AbortController()
    await clock.sleep(graceMs, grace.signal)
    throw new Fault('shell.timeout', { because })
  }
  try {
    const deadline = silence()
    deadline.catch(() => {})
    return await Promise.race([(async () => work(stop.signal))(), deadline])
  } finally {
    signal.removeEventListener('abort', abort)
    isOver = true
    waiting.abort(ended)
    grace?.abort(ended)
  }
}
