import { type ClaimedLook, claimLooks, type LookKind, saveLook } from '@/db/fleet/live-looks'
import { readLogQuestion } from '@/db/fleet/watch'
import { listen } from '@/db/pg/client'
import { isFault } from '@/lib/kernel/ground/errors'
import type { ActivityRead, InstanceAddress, InventoryRead, ServerLogRead, ServerSettingsRead, StatementsRead } from '@/lib/ports'
import type { CallOptions } from '@/lib/ports/postgres'
import type { Log } from '../queue/log'
import { repeat } from '../queue/schedule'
import { lookAtSettings } from './observe-settings'
import { lookAtStatements } from './observe-statements'

export interface LiveLooksOptions {
  inventory: Pick<InventoryRead, 'instance'>
  activity: ActivityRead
  serverLog: ServerLogRead
  serverSettings: ServerSettingsRead
  statements: StatementsRead
  log: Log
}

const everyMs = 1_000
const atOnceMax = 16
/** Beyond the time to the next look: one that takes longer is over before another worker takes it up. */
const patienceMs = 4_000

/** Looks, again and again, at what somebody watches at this moment, and at nothing else. One that hangs holds no other one up. */
export const startLiveLooks = async ({
  inventory,
  activity,
  serverLog,
  serverSettings,
  statements,
  log,
}: LiveLooksOptions): Promise<{ stop: () => Promise<void> }> => {
  const stopping = new AbortController()
  const running = new Set<Promise<void>>()

  const kinds: Record<LookKind, (address: InstanceAddress, question: string, options: CallOptions) => Promise<unknown>> = {
    activity: (address, _question, options) => activity.look(address, options),
    log: (address, question, options) => serverLog.look(address, readLogQuestion(question), options),
    // Where they are kept anyway: the look says that it ended.
    settings: async (address, _question, options) => {
      await lookAtSettings(serverSettings, { id: address.instanceId, address }, options)
      return true
    },
    statements: async (address, _question, options) => {
      await lookAtStatements(statements, { id: address.instanceId, address }, options)
      return true
    },
  }
  const look = async (claimed: ClaimedLook): Promise<void> => {
    const { instanceId, kind, question, everySeconds } = claimed
    try {
      const { address } = await inventory.instance(instanceId)
      const options = { timeoutMs: everySeconds * 1000 + patienceMs, signal: stopping.signal }
      await saveLook(claimed, { answer: await kinds[kind](address, question, options) })
    } catch (error) {
      // What is claimed and not ended is another worker's in a moment.
      if (stopping.signal.aborted) return
      if (!isFault(error)) throw error
      if (error.code !== 'record.missing') await saveLook(claimed, { because: String(error.facts.because ?? error.message) })
    }
  }
  const begin = async (): Promise<void> => {
    if (running.size >= atOnceMax || stopping.signal.aborted) return
    for (const claimed of await claimLooks(atOnceMax - running.size)) {
      const one = look(claimed).catch((err: unknown) => log.warn({ err, instance: claimed.instanceId }, 'a live look could not be taken'))
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
