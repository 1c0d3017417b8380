import { ended } from '@/lib/kernel/ground/clock'
import { Fault } from '@/lib/kernel/ground/errors'
import type { MemoryClock } from './clock'
import { settleWork } from './long-work'
import type { MemoryHost } from './world'

/** An act on its way to a host. `nth` counts all acts of this fleet from 1. */
export interface ActCall {
  act: string
  target: string
  nth: number
}

/**
 * fail: it ends with an error and nothing has happened. lose-answer: it happens, and the connection breaks before the answer.
 * hang-before / hang-after: no answer; nothing has happened, or all of it has. With `isKilled` the command is seen dead after its timeout.
 */
export type Interference =
  | { how: 'fail'; fault?: Fault }
  | { how: 'lose-answer' }
  | { how: 'hang-before' | 'hang-after'; isKilled?: boolean }

export type Interfere = (call: ActCall) => Promise<Interference | undefined> | Interference | undefined

export interface Calls {
  made: ActCall[]
  interfere: Interfere
  /** Awaited after an act has happened and before its answer goes back. */
  afterwards: (call: ActCall) => Promise<void> | void
}

const cancelled = (isOver: boolean) => new Fault('shell.cancelled', isOver ? { isOver } : {})

/** Never resolves by itself; ends when the caller gives up, or was to wait no longer. */
export const hang = (
  clock: MemoryClock,
  signal: AbortSignal | undefined,
  timeoutMs: number,
  isKilled: boolean,
  because: string,
): Promise<never> =>
  new Promise((_resolve, reject) => {
    const cancel = () => reject(cancelled(isKilled))
    if (signal?.aborted) return cancel()
    const over = new AbortController()
    signal?.addEventListener('abort', () => {
      cancel()
      over.abort(ended)
    })
    const end = () => reject(new Fault('shell.timeout', { because, ...(isKilled ? { isOver: true } : {}) }))
    void clock.sleep(timeoutMs, over.signal).then(end)
  })

/** Reaching a host, as the SSH adapter fails at it. */
export const reach = async (clock: MemoryClock, host: MemoryHost, options: { timeoutMs: number; signal?: AbortSignal }): Promise<void> => {
  const { hostname } = host.server.address
  if (options.signal?.aborted) throw cancelled(true)
  if (host.power === 'off' || host.power === 'cut')
    throw new Fault('shell.unreachable', { because: `${hostname} does not answer over SSH.`, isOver: true })
  if (host.power === 'refuses-key') throw new Fault('shell.denied', { because: `${hostname} refuses the console’s SSH key.` })
  if (host.power === 'frozen') await hang(clock, options.signal, options.timeoutMs, false, `${hostname} did not answer in time.`)
  settleWork(clock, host)
}

/** The one way any act of the twin goes, so that every one of them can be disturbed alike. */
export const perform = async <T>(
  calls: Calls,
  clock: MemoryClock,
  host: MemoryHost,
  about: { act: string; target: string },
  options: { timeoutMs: number; signal?: AbortSignal },
  action: () => T | Promise<T>,
): Promise<T> => {
  const call: ActCall = { ...about, nth: calls.made.length + 1 }
  calls.made.push(call)
  const interference = await calls.interfere(call)
  await reach(clock, host, options)
  const because = `${about.act} on ${about.target} did not end in time.`
  if (interference?.how === 'fail')
    throw interference.fault ?? new Fault('shell.failed', { because: `${about.act} on ${about.target} failed: exit status 1.` })
  if (interference?.how === 'hang-before') await hang(clock, options.signal, options.timeoutMs, interference.isKilled === true, because)
  const answer = await action()
  await calls.afterwards(call)
  if (interference?.how === 'lose-answer') throw new Fault('shell.timeout', { because: `The connection to ${about.target} was lost.` })
  if (interference?.how === 'hang-after') await hang(clock, options.signal, options.timeoutMs, interference.isKilled === true, because)
  return answer
}
