import { saveSettings } from '@/db/settings/save'
import { isFault } from '@/lib/kernel/ground/errors'
import type { InventoryInstance, ServerSettingsRead } from '@/lib/ports'
import type { Probe } from '@/lib/ports/postgres'
import { placeNew } from './observe-round'

/** About a millisecond of a server's time, and a few kB. */
const everyMs = 10 * 60_000
/** Looks of one round do not stay in one round for ever. */
const spread = 0.2
const timeoutMs = 10_000
const atOnceMax = 4

/** Looks at the settings of an instance, and keeps them. Throws `shell.*`, `sql.*`, `database.down`. */
export const lookAtSettings = async (
  port: Pick<ServerSettingsRead, 'look' | 'kinds'>,
  { id, address }: Pick<InventoryInstance, 'id' | 'address'>,
  options: { timeoutMs: number; signal?: AbortSignal },
): Promise<void> => saveSettings(id, await port.look(address, options), () => port.kinds(address, options))

type Epoch = Pick<Probe, 'postmasterStartedAt' | 'confLoadedAt'>

/**
 * Offered each instance that a look has just found online; returns what to wait for, or null where it is not due or enough others are being asked. It is due
 * after ten minutes, and at once when it was started or reloaded since, by whomever.
 */
export const makeSettingLooks = (
  port: Pick<ServerSettingsRead, 'look' | 'kinds'>,
  now: () => number = () => performance.now(),
  chance: () => number = Math.random,
) => {
  const dueAt = new Map<string, number>()
  const epochs = new Map<string, string>()
  let running = 0

  const ask = async (instance: InventoryInstance, signal: AbortSignal): Promise<void> => {
    try {
      await lookAtSettings(port, instance, { timeoutMs, signal })
    } catch (error) {
      // What was seen before stays, with its time.
      if (!isFault(error)) throw error
    } finally {
      running -= 1
    }
  }
  return {
    offer: (instance: InventoryInstance, { postmasterStartedAt, confLoadedAt }: Epoch, signal: AbortSignal): Promise<void> | null => {
      const epoch = `${postmasterStartedAt} ${confLoadedAt}`
      const isSame = (epochs.get(instance.id) ?? epoch) === epoch
      if (running >= atOnceMax || (isSame && now() < (dueAt.get(instance.id) ?? 0))) return null
      epochs.set(instance.id, epoch)
      dueAt.set(instance.id, now() + everyMs * (1 - spread * chance()))
      running += 1
      return ask(instance, signal)
    },
    /** What this observer looks after. */
    load: (known: ReadonlySet<string>): void => {
      placeNew(dueAt, known, { now: now(), everyMs })
      for (const id of epochs.keys()) if (!known.has(id)) epochs.delete(id)
    },
  }
}
