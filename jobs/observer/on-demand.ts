import { listen } from '@/db/pg/client'
import { isFault } from '@/lib/kernel/ground/errors'
import type { Log } from '../queue/log'
import { repeat } from '../queue/schedule'

const everyMs = 1_000

export interface OnDemand<Claimed> {
  name: string
  /** Of those claimed by this worker. */
  atOnceMax: number
  claim: (max: number) => Promise<Claimed[]>
  /** Does it and saves what was found. */
  work: (claimed: Claimed, stopping: AbortSignal) => Promise<void>
  /** A fault is an answer too. */
  saveFault: (claimed: Claimed, fault: { code: string; because: string }) => Promise<unknown>
  /** For the log, when neither could be done. */
  about: (claimed: Claimed) => Record<string, unknown>
  log: Log
}

/** Does what somebody asks for at this moment, and nothing else. One that hangs holds no other one up. */
export const startOnDemand = async <Claimed>({
  name,
  atOnceMax,
  claim,
  work,
  saveFault,
  about,
  log,
}: OnDemand<Claimed>): Promise<{ stop: () => Promise<void> }> => {
  const stopping = new AbortController()
  const running = new Set<Promise<void>>()
  const serve = async (claimed: Claimed): Promise<void> => {
    try {
      await work(claimed, stopping.signal)
    } catch (error) {
      // What is claimed and not ended is another worker's in a moment.
      if (stopping.signal.aborted) return
      if (!isFault(error)) throw error
      await saveFault(claimed, { code: error.code, because: String(error.facts.because ?? error.message) })
    }
  }
  const begin = async (): Promise<void> => {
    if (running.size >= atOnceMax || stopping.signal.aborted) return
    for (const claimed of await claim(atOnceMax - running.size)) {
      const one = serve(claimed).catch((err: unknown) => log.warn({ err, ...about(claimed) }, `${name}: one could not be ended`))
      running.add(one)
      void one.then(() => running.delete(one))
    }
  }
  const unlisten = await listen('looks', () => {
    // What fails here is taken up by the next round.
    begin().catch(() => {})
  })
  const repeated = repeat([{ name, everyMs, work: begin }], log)
  return {
    stop: async () => {
      unlisten()
      stopping.abort()
      await repeated.stop()
      await Promise.all(running)
    },
  }
}
