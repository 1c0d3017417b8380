import { waitsOf } from '@/db/runs/waits'
import { logger } from '@/lib/log'

const lookEveryMs = 2_000

/** Tells whenever what the open jobs of a run wait for has changed: that a worker is gone, nobody announces. Ends with the answer. */
export const watchWaits = (runId: string, tell: () => void): (() => void) => {
  let known = ''
  let isBusy = false
  const look = async () => {
    if (isBusy) return
    isBusy = true
    try {
      const now = JSON.stringify([...(await waitsOf(runId))].sort())
      if (now !== known) tell()
      known = now
    } catch (error) {
      logger().warn({ err: error }, 'what a run waits for could not be read')
    } finally {
      isBusy = false
    }
  }
  const timer = setInterval(() => void look(), lookEveryMs)
  return () => clearInterval(timer)
}
