import { type ClaimedHostCheck, claimHostChecks, saveHostCheck } from '@/db/fleet/host-checks'
import { listen } from '@/db/pg/client'
import { isFault } from '@/lib/kernel/ground/errors'
import type { HostsRead } from '@/lib/ports'
import type { Log } from '../queue/log'
import { repeat } from '../queue/schedule'

const everyMs = 1_000
const atOnceMax = 8
const checkTimeoutMs = 60_000

/** Checks hosts that somebody is about to register. One that hangs holds no other one up. */
export const startHostChecks = async ({
  hosts,
  log,
}: {
  hosts: Pick<HostsRead, 'check'>
  log: Log
}): Promise<{ stop: () => Promise<void> }> => {
  const stopping = new AbortController()
  const running = new Set<Promise<void>>()
  const check = async ({ id, address, profile }: ClaimedHostCheck): Promise<void> => {
    try {
      const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(checkTimeoutMs)])
      const steps = await hosts.check(address, { timeoutMs: checkTimeoutMs, profile, signal })
      await saveHostCheck(id, { steps, because: null })
    } catch (error) {
      // What is claimed and not ended is another worker's in a moment.
      if (stopping.signal.aborted) return
      if (!isFault(error)) throw error
      await saveHostCheck(id, { steps: null, because: String(error.facts.because ?? error.message) })
    }
  }
  const begin = async (): Promise<void> => {
    if (running.size >= atOnceMax || stopping.signal.aborted) return
    for (const claimed of await claimHostChecks(atOnceMax - running.size)) {
      const one = check(claimed).catch((err: unknown) => log.warn({ err, host: claimed.address.address }, 'a host could not be checked'))
      running.add(one)
      void one.then(() => running.delete(one))
    }
  }
  const unlisten = await listen('looks', () => {
    // What fails here is taken up by the next round.
    begin().catch(() => {})
  })
  const repeated = repeat([{ name: 'host-checks', everyMs, work: begin }], log)
  return {
    stop: async () => {
      unlisten()
      stopping.abort()
      await repeated.stop()
      await Promise.all(running)
    },
  }
}
