import { saveSize } from '@/db/fleet/sizes'
import { isFault } from '@/lib/kernel/ground/errors'
import type { InventoryInstance, PostgresRead } from '@/lib/ports'
import { placeNew } from './observe-round'

/** It walks the files of every database, so it is asked rarely, and by few at once. */
const everyMs = 10 * 60_000
const timeoutMs = 10_000
const atOnceMax = 4

/**
 * How large databases are. Offered each instance that a look has just found online; returns what to wait for, or null where it was asked within ten
 * minutes (also in vain) or enough others are being asked: it is offered again after its next look.
 */
export const makeSizeLooks = (databaseBytes: PostgresRead['databaseBytes'], now: () => number = () => performance.now()) => {
  const dueAt = new Map<string, number>()
  let running = 0

  const ask = async ({ id, address }: InventoryInstance, signal: AbortSignal): Promise<void> => {
    try {
      await saveSize(id, await databaseBytes(address, { timeoutMs, signal }))
    } catch (error) {
      // What was seen before stays, with its time: a server that is too large or too busy to say is not asked again at once.
      if (!isFault(error)) throw error
    } finally {
      running -= 1
    }
  }
  return {
    offer: (instance: InventoryInstance, signal: AbortSignal): Promise<void> | null => {
      if (running >= atOnceMax || now() < (dueAt.get(instance.id) ?? 0)) return null
      dueAt.set(instance.id, now() + everyMs)
      running += 1
      return ask(instance, signal)
    },
    /** What this observer looks after. */
    load: (known: ReadonlySet<string>): void => placeNew(dueAt, known, { now: now(), everyMs }),
  }
}
