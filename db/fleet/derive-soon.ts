import { logger } from '@/lib/log'
import { deriveHerds } from './observations'

/** Members of a herd report one after the other: what follows from their looks together is worked out once for all that came within this time. */
const pauseMs = 500
/** Herds worked out by one statement: members are compared with members, so twice as many cost four times as much. */
const atOnceMax = 25

const waiting = new Set<string>()
let isRunning = false

const run = async (): Promise<void> => {
  while (waiting.size > 0) {
    const herdIds = [...waiting].slice(0, atOnceMax)
    for (const id of herdIds) waiting.delete(id)
    try {
      await deriveHerds(herdIds)
    } catch (error) {
      // The next look at any member works it out again.
      logger().warn({ err: error, herds: herdIds.length }, 'lag and upstreams could not be worked out')
    }
  }
  isRunning = false
}

/** Lag, upstream and sync state of these herds, and word to listeners, within about half a second. Lost with the process; the next look brings it back. */
export const deriveSoon = (herdIds: readonly string[]): void => {
  for (const id of herdIds) waiting.add(id)
  if (isRunning || waiting.size === 0) return
  isRunning = true
  setTimeout(() => void run(), pauseMs)
}
