import type { ActCall, MemoryFleet } from '@/lib/adapters/memory'

/** Resolves when `look` answers truthy; fails with what it waited for after `timeoutMs`. */
export const until = async <T>(what: string, look: () => T | Promise<T>, timeoutMs = 110_000): Promise<NonNullable<T>> => {
  for (const deadline = Date.now() + timeoutMs; ; ) {
    const found = await look()
    if (found) return found
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs / 1000} s in vain for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

export interface Hold {
  /** Targets whose act is held now, in the order they came. */
  held: string[]
  waitFor: (count: number) => Promise<void>
  /** Lets everything through from now on, or only what is held on one target. */
  open: (target?: string) => void
}

/** Stops acts on their way to the hosts until the test lets them through: what happens in between is then up to the test. */
export const holdActs = (fleet: MemoryFleet, matches: (call: ActCall) => boolean): Hold => {
  let isOpen = false
  const waiting = new Map<string, () => void>()
  const hold: Hold = {
    held: [],
    waitFor: (count) => until(`${count} held acts`, () => hold.held.length >= count).then(() => {}),
    open: (target) => {
      if (target === undefined) isOpen = true
      for (const [name, go] of waiting) if (target === undefined || target === name) go()
    },
  }
  fleet.calls.interfere = (call) =>
    isOpen || !matches(call)
      ? undefined
      : new Promise((resolve) => {
          hold.held.push(call.target)
          waiting.set(call.target, () => {
            waiting.delete(call.target)
            hold.held = hold.held.filter((name) => name !== call.target)
            resolve(undefined)
          })
        })
  return hold
}
