import { claimLooks, type LookKind, saveLook } from '@/db/fleet/live-looks'
import { readLogQuestion } from '@/db/fleet/watch'
import type {
  ActivityRead,
  HealthRead,
  InstanceAddress,
  InventoryRead,
  ServerLogRead,
  ServerSettingsRead,
  StatementsRead,
} from '@/lib/ports'
import type { CallOptions } from '@/lib/ports/postgres'
import type { Log } from '../queue/log'
import { lookAtHealth } from './observe-health'
import { lookAtSettings } from './observe-settings'
import { lookAtStatements } from './observe-statements'
import { startOnDemand } from './on-demand'

export interface LiveLooksOptions {
  inventory: Pick<InventoryRead, 'instance'>
  activity: ActivityRead
  serverLog: ServerLogRead
  serverSettings: Pick<ServerSettingsRead, 'look' | 'kinds'>
  statements: StatementsRead
  health: HealthRead
  log: Log
}

const atOnceMax = 16
/** Beyond the time to the next look: one that takes longer is over before another worker takes it up. */
const patienceMs = 4_000

/** Looks, again and again, at what somebody watches at this moment. */
export const startLiveLooks = ({
  inventory,
  activity,
  serverLog,
  serverSettings,
  statements,
  health,
  log,
}: LiveLooksOptions): Promise<{ stop: () => Promise<void> }> => {
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
    health: async (address, _question, { signal }) => {
      await lookAtHealth(health, { id: address.instanceId, address }, { isNow: true, signal })
      return true
    },
  }
  return startOnDemand({
    name: 'live-looks',
    atOnceMax,
    claim: claimLooks,
    work: async (claimed, signal) => {
      const { instanceId, kind, question, everySeconds } = claimed
      const { address } = await inventory.instance(instanceId)
      const options = { timeoutMs: everySeconds * 1000 + patienceMs, signal }
      await saveLook(claimed, { answer: await kinds[kind](address, question, options) })
    },
    saveFault: async (claimed, { code, because }) => {
      if (code !== 'record.missing') await saveLook(claimed, { because })
    },
    about: ({ instanceId }) => ({ instance: instanceId }),
    log,
  })
}
