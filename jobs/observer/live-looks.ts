import { claimLooks, saveLook } from '@/db/fleet/live-looks'
import { listen } from '@/db/pg/client'
import { isFault } from '@/lib/kernel/ground/errors'
import type { ActivityRead, InventoryRead } from '@/lib/ports'
import type { Log } from '../queue/log'
import { repeat } from '../queue/schedule'

export interface LiveLooksOptions {
  inventory: Pick<InventoryRead, 'instance'>
  activity: ActivityRead
  log: Log
}

const everyMs = 1_000
const atOnceMax = 16
const timeoutMs = 6_000

/** Looks, again and again, at what somebody watches at this moment, and at nothing else. One that hangs holds no other one up. */
export const startLiveLooks = async ({ inventory, activity, log }: LiveLooksOptions): Promise<{ stop: () => Promise<void> }> => {
  const stopping = new AbortController()
  const running = new Set<Promise<void>>()

  const look = async (id: string): Promise<void> => {
    try {
      const { address } = await inventory.instance(id)
      await saveLook(id, { answer: await activity.look(address, { timeoutMs, signal: stopping.signal }) })
    } catch (error) {
      // What is claimed and not ended is another worker's in a moment.
      if (stopping.signal.aborted) return
      if (!isFault(error)) throw error
      if (error.code !== 'record.missing') await saveLook(id, { because: String(error.facts.because ?? error.message) })
    }
  }
  const begin = async (): Promise<void> => {
    if (running.size >= atOnceMax || stopping.signal.aborted) return
    for (const id of await claimLooks(atOnceMax - running.size)) {
      const one = look(id).catch((err: unknown) => log.warn({ err, instance: id }, 'a live look could not be taken'))
      running.add(one)
      void one.then(() => running.delete(one))
    }
  }
  const unlisten = await listen('looks', () => {
    // What fails here is taken up by the next round.
    begin().catch(() => {})
  })
  const repeated = repeat([{ name: 'live-looks', everyMs, work: begin }], log)
  return {
    stop: async () => {
      unlisten()
      stopping.abort()
      await repeated.stop()
      await Promise.all(running)
    },
  }
}
