import { isFault } from '@/lib/kernel/ground/errors'
import type { CloudCallOptions } from '@/lib/ports/cloud'
import { deadlineIn, Gate, within } from '../ssh/deadline'
import { type Asked, asFault, cancelled, isThrottled, neverSent } from './faults'

/** Sends a request: `work` is given the signal that ends it. */
export type Send = <T>(asked: Asked, options: CloudCallOptions, work: (signal: AbortSignal) => Promise<T>) => Promise<T>

const throttledPauseMs = 500
const throttledPauseMaxMs = 8000

/**
 * Requests of an account to one region follow one another: questions in one line, deeds in another, so that none waits for a long list. The deadline counts
 * from when it was asked for, the wait for its turn included.
 */
export const makeSend = (): Send => {
  const gates = new Map<string, Gate>()
  return async (asked, options, work) => {
    const deadline = deadlineIn(options.timeoutMs, options.signal)
    const key = `${asked.account.id} ${asked.where} ${asked.isDeed === true}`
    const gate = gates.get(key) ?? new Gate(1)
    gates.set(key, gate)
    const leave = await gate
      .enter(deadline, () => neverSent(asked))
      .catch((error: unknown) => {
        throw isFault(error, 'shell.cancelled') ? cancelled({ ...asked, isDeed: false }, error) : error
      })
    const late = new AbortController()
    const signal = AbortSignal.any([late.signal, ...(options.signal ? [options.signal] : [])])
    const tries: Tries = { refused: null }
    const giveUp = () => {
      late.abort()
      return asFault(asked, tries.refused ?? Object.assign(new Error(), { name: 'TimeoutError' }))
    }
    try {
      // What waits for a session does not look at the signal.
      return await within(untilNotThrottled(asked, signal, work, tries), deadline, giveUp, () =>
        cancelled(tries.refused === null ? asked : { ...asked, isDeed: false }),
      )
    } catch (error) {
      throw isFault(error) ? error : asFault(asked, error, options.signal)
    } finally {
      leave()
    }
  }
}

/** The refusal after which nothing has been sent again yet. */
interface Tries {
  refused: unknown
}

/** A deed that was throttled was not done, and is sent again; the SDK does the same with questions by itself. */
const untilNotThrottled = async <T>(
  { isDeed }: Asked,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
  tries: Tries,
): Promise<T> => {
  for (let pauseMs = throttledPauseMs; ; pauseMs = Math.min(pauseMs * 2, throttledPauseMaxMs)) {
    try {
      return await work(signal)
    } catch (error) {
      if (isDeed !== true || !isThrottled(error)) throw error
      tries.refused = error
    }
    await paused(pauseMs, signal)
    if (signal.aborted) throw tries.refused
    tries.refused = null
  }
}

const paused = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    if (signal.aborted) return end()
    signal.addEventListener('abort', end, { once: true })
  })
