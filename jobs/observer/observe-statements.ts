import { saveStatements } from '@/db/statements/save'
import { isFault } from '@/lib/kernel/ground/errors'
import type { InventoryInstance, StatementsRead } from '@/lib/ports'
import { placeNew } from './observe-round'

/** It reads all that the extension keeps, some thousands of statements with their texts: rarely, and on few servers at once. */
const everyMs = 60 * 60_000
/** A worker that has just started takes at least so long to come to its whole share. */
const firstMs = 10 * 60_000
const spread = 0.1
const timeoutMs = 5_000
const atOnceMax = 2

/** Looks at what pg_stat_statements counted, and keeps it. Throws `shell.*`, `sql.*`, `database.down`. */
export const lookAtStatements = async (
  port: StatementsRead,
  { id, address }: Pick<InventoryInstance, 'id' | 'address'>,
  options: { timeoutMs: number; signal?: AbortSignal },
): Promise<void> => saveStatements(id, await port.look(address, options))

/** Offered each instance that a look has just found online; returns what to wait for, or null where it is not due, its environment keeps none, or enough others are being asked. */
export const makeStatementLooks = (
  port: StatementsRead,
  now: () => number = () => performance.now(),
  chance: () => number = Math.random,
) => {
  const dueAt = new Map<string, number>()
  let left: ReadonlySet<string> = new Set()
  let running = 0

  const ask = async (instance: InventoryInstance, signal: AbortSignal): Promise<void> => {
    try {
      await lookAtStatements(port, instance, { timeoutMs, signal })
    } catch (error) {
      // That sample is missing, and the difference between its neighbours says as much.
      if (!isFault(error)) throw error
    } finally {
      running -= 1
    }
  }
  return {
    /** What this observer looks after, and which servers belong to environments that keep no statements. */
    load: (known: ReadonlySet<string>, leftOut: readonly string[]): void => {
      placeNew(dueAt, known, { now: now(), everyMs, leastMs: firstMs })
      left = new Set(leftOut)
    },
    offer: (instance: InventoryInstance, signal: AbortSignal): Promise<void> | null => {
      if (left.has(instance.serverId)) return null
      if (running >= atOnceMax || now() < (dueAt.get(instance.id) ?? 0)) return null
      dueAt.set(instance.id, now() + everyMs * (1 - spread * chance()))
      running += 1
      return ask(instance, signal)
    },
  }
}
