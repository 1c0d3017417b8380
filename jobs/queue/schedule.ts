import { sleep } from '@/lib/kernel/ground/sleep'
import type { Log } from './log'

export interface Repeated {
  name: string
  everyMs: number
  work: () => Promise<void>
}

/**
 * Does each piece of work again and again, `everyMs` after its last end, a tenth sooner or later so that many workers do not act in step.
 * Work that throws is logged once until it succeeds again. Resolves the returned `stop` when what was under way has ended.
 */
export const repeat = (works: readonly Repeated[], log: Log): { stop: () => Promise<void> } => {
  const stopping = new AbortController()
  const lanes = works.map(async ({ name, everyMs, work }) => {
    let isFailing = false
    while (!stopping.signal.aborted) {
      try {
        await work()
        if (isFailing) log.info({ work: name }, 'works again')
        isFailing = false
      } catch (error) {
        if (!isFailing) log.warn({ work: name, err: error }, 'failed; it is tried again')
        isFailing = true
      }
      await sleep(everyMs * (0.9 + Math.random() / 5), stopping.signal)
    }
  })
  return {
    stop: async () => {
      stopping.abort()
      await Promise.all(lanes)
    },
  }
}
