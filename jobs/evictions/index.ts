import { closeEvictions } from '@/db/evictions/answers'
import { listen } from '@/db/pg/client'
import { repeat } from '../queue/schedule'
import { type Answerer, answerEvictions } from './answer'

const everyMs = 1_000
const closeEveryMs = 60_000

/**
 * Has herds leave machines that AWS takes back, as notices are heard: at once when one comes, and again each second until the herd is safe. Any number of workers
 * may; each herd is decided by one of them at a time.
 */
export const startEvictions = async (answerer: Answerer): Promise<{ stop: () => Promise<void> }> => {
  let running: Promise<void> | null = null
  /** One at a time in this worker: what comes meanwhile is seen by the next round. */
  const answer = (): Promise<void> => {
    running ??= answerEvictions(answerer).finally(() => {
      running = null
    })
    return running
  }
  const unlisten = await listen('evictions', () => {
    answer().catch((err: unknown) => answerer.log.warn({ err }, 'a notice could not be answered; it is tried again'))
  })
  const repeated = repeat(
    [
      { name: 'evictions', everyMs, work: answer },
      { name: 'evictions that are over', everyMs: closeEveryMs, work: closeEvictions },
    ],
    answerer.log,
  )
  return {
    stop: async () => {
      unlisten()
      await repeated.stop()
      await running?.catch(() => {})
    },
  }
}
