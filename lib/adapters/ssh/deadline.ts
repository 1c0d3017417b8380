import { setMaxListeners } from 'node:events'
import { Fault } from '@/lib/kernel/ground/errors'

/** A moment after which nobody waits any more, and the caller's own wish to stop. Times are of the monotonic clock, in milliseconds. */
export interface Deadline {
  at: number
  signal?: AbortSignal
}

export const deadlineIn = (timeoutMs: number, signal?: AbortSignal): Deadline => ({ at: performance.now() + timeoutMs, signal })

export const remainingMs = (deadline: Deadline): number => Math.max(0, deadline.at - performance.now())

/**
 * Waits for `promise` no longer than the deadline. `late` and `cancelled` make the error to throw; the promise itself goes on unheard,
 * so its later rejection is swallowed.
 */
export const within = <T>(
  promise: Promise<T>,
  deadline: Deadline,
  late: () => Error,
  cancelled: () => Error = cancelledFault,
): Promise<T> =>
  new Promise<T>((resolve, reject) => {
    const { signal } = deadline
    const finish = (act: () => void) => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
      act()
    }
    const abort = () => finish(() => reject(cancelled()))
    const timer = setTimeout(() => finish(() => reject(late())), remainingMs(deadline))
    promise.then(
      (value) => finish(() => resolve(value)),
      (error) => finish(() => reject(error)),
    )
    if (signal?.aborted) return abort()
    if (!signal) return
    // One step waits for many answers at once; each wait takes its listener away again.
    setMaxListeners(0, signal)
    signal.addEventListener('abort', abort, { once: true })
  })

/** Nothing had been sent to the host when the caller gave up. */
export const cancelledFault = (): Fault => new Fault('shell.cancelled', { isOver: true })

/** Lets at most `limit` through at once; the others wait their turn, first come first served. */
export class Gate {
  private inside = 0
  private readonly waiting: (() => void)[] = []
  private watchers: (() => void)[] = []

  constructor(public limit: number) {}

  get active(): number {
    return this.inside
  }

  get queued(): number {
    return this.waiting.length
  }

  /** Resolves with the function that leaves. Throws `late()` when the deadline passes in the queue. */
  async enter(deadline: Deadline, late: () => Error): Promise<() => void> {
    if (this.inside >= this.limit) {
      let pass!: () => void
      const turn = new Promise<void>((resolve) => {
        pass = resolve
      })
      this.waiting.push(pass)
      try {
        await within(turn, deadline, late)
      } catch (error) {
        const index = this.waiting.indexOf(pass)
        if (index >= 0) this.waiting.splice(index, 1)
        else this.leave() // It was our turn just as we gave up.
        throw error
      }
    } else this.inside += 1
    let hasLeft = false
    return () => {
      if (hasLeft) return
      hasLeft = true
      this.leave()
    }
  }

  /** Resolves when the next one leaves. */
  changed(): Promise<void> {
    return new Promise((resolve) => {
      this.watchers.push(resolve)
    })
  }

  /** A place is handed on without being freed, so that a newcomer cannot overtake the queue. */
  private leave(): void {
    const next = this.inside <= this.limit ? this.waiting.shift() : undefined
    if (next) next()
    else this.inside -= 1
    const watchers = this.watchers
    this.watchers = []
    for (const tell of watchers) tell()
  }
}
