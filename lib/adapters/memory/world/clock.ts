import { systemClock } from '@/lib/kernel/ground/clock'

interface Sleeper {
  at: number
  wake: () => void
}

/**
 * A clock that passes only while nothing else can happen: once the event loop is idle it jumps to the next sleeper. An hour's deadline costs nothing,
 * and the order of events is the same on every machine. Each reading moves it by a microsecond, so no two events share an instant.
 */
export const virtualClock = (startsAt = '2026-03-01T12:00:00.000Z') => {
  let micros = Date.parse(startsAt) * 1000
  const sleepers = new Set<Sleeper>()
  let isPumping = false

  const pump = () => {
    const next = [...sleepers].sort((a, b) => a.at - b.at)[0]
    isPumping = next !== undefined
    if (next === undefined) return
    micros = Math.max(micros, next.at)
    next.wake()
    setImmediate(pump)
  }

  return {
    now: () => new Date(Math.floor(micros / 1000)),
    /** UTC with microseconds, as the PostgreSQL adapter writes server times; every stamp is later than the one before. */
    stamp: () => {
      micros += 1
      return `${new Date(Math.floor(micros / 1000)).toISOString().slice(0, -1)}${String(micros % 1000).padStart(3, '0')}Z`
    },
    sleep: (ms: number, signal?: AbortSignal) =>
      new Promise<void>((resolve) => {
        if (signal?.aborted) return resolve()
        const wake = () => {
          sleepers.delete(sleeper)
          signal?.removeEventListener('abort', wake)
          resolve()
        }
        const sleeper: Sleeper = { at: micros + ms * 1000, wake }
        sleepers.add(sleeper)
        signal?.addEventListener('abort', wake)
        if (isPumping) return
        isPumping = true
        setImmediate(pump)
      }),
  }
}

/** For a twin that lives in a real process: time passes as it does. */
export const passingClock = (): MemoryClock => {
  let last = 0
  return {
    now: () => new Date(),
    stamp: () => {
      last = Math.max(last + 1, Date.now() * 1000)
      return `${new Date(Math.floor(last / 1000)).toISOString().slice(0, -1)}${String(last % 1000).padStart(3, '0')}Z`
    },
    sleep: systemClock.sleep,
  }
}

/** What the twin needs of a clock; the system's clock will do where time must really pass. */
export type MemoryClock = ReturnType<typeof virtualClock>
