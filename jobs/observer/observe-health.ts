import { dueKinds } from '@/db/health/due'
import { knownHealth } from '@/db/health/known'
import { saveHealth } from '@/db/health/save'
import type { HealthKind, HealthLook } from '@/lib/domain/health/kind'
import { isFault } from '@/lib/kernel/ground/errors'
import type { HealthRead, InventoryInstance } from '@/lib/ports'
import { placeNew } from './observe-round'

/** Which kinds are due is asked this often; how often each kind is, its declaration says. */
const everyMs = 60 * 60_000
/** A worker that has just started, or taken over a share, takes at least so long to come to all of them. */
const firstMs = 5 * 60_000
const timeoutMs = 60_000
const atOnceMax = 4

type Asked = Pick<InventoryInstance, 'id' | 'address'>

const asked = async (port: HealthRead, { address }: Asked, kinds: readonly HealthKind[], signal?: AbortSignal): Promise<HealthLook[]> => {
  const names = kinds.filter(({ of }) => of !== 'records').map(({ name }) => name)
  if (names.length === 0) return []
  try {
    return await port.look(address, names, { timeoutMs, signal })
  } catch (error) {
    if (!isFault(error) || signal?.aborted) throw error
    const because = String(error.facts.because ?? error.message)
    return names.map((kind) => ({ kind, found: [], because, notApplicable: null }))
  }
}

/** Asks an instance what is due, or with `isNow` everything that it is ever asked, and keeps it; a kind that could not be asked says why. Throws `database.down`. */
export const lookAtHealth = async (
  port: HealthRead,
  instance: Asked,
  { isNow, signal }: { isNow: boolean; signal?: AbortSignal },
): Promise<void> => {
  const kinds = await dueKinds(instance.id, { isNow })
  if (kinds.length === 0) return
  const seen = await asked(port, instance, kinds, signal)
  const known = await knownHealth(
    instance.id,
    kinds.map(({ name }) => name),
  )
  await saveHealth(instance.id, [...seen, ...known])
}

/** Offered each instance that a look has just found online; returns what to wait for, or null where it is not due, its environment does not want it, or enough others are being asked. */
export const makeHealthLooks = (port: HealthRead, now: () => number = () => performance.now()) => {
  const dueAt = new Map<string, number>()
  let left: ReadonlySet<string> = new Set()
  let running = 0

  const ask = async (instance: InventoryInstance, signal: AbortSignal): Promise<void> => {
    try {
      await lookAtHealth(port, instance, { isNow: false, signal })
    } catch (error) {
      // What was found before grows old, and is shown so.
      if (!isFault(error)) throw error
    } finally {
      running -= 1
    }
  }
  return {
    /** What this observer looks after, and which servers belong to environments that do not want it. */
    load: (known: ReadonlySet<string>, leftOut: readonly string[]): void => {
      placeNew(dueAt, known, { now: now(), everyMs, leastMs: firstMs })
      left = new Set(leftOut)
    },
    offer: (instance: InventoryInstance, signal: AbortSignal): Promise<void> | null => {
      if (left.has(instance.serverId)) return null
      if (running >= atOnceMax || now() < (dueAt.get(instance.id) ?? 0)) return null
      dueAt.set(instance.id, now() + everyMs)
      running += 1
      return ask(instance, signal)
    },
  }
}
