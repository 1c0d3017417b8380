import { Fault } from '@/lib/kernel/ground/errors'

export interface PlaceLimits {
  /** In this process, of everybody together. */
  all: number
  /** Of one person, by all their logins and tokens. */
  each: number
  /** What runs, for the refusal: `exports`. */
  what: string
}

/** Next loads this module once per bundle; one process still has one count. */
const holder = globalThis as unknown as { __matriarchPlaces?: Map<string, string[]> }
holder.__matriarchPlaces ??= new Map()
const taken: Map<string, string[]> = holder.__matriarchPlaces

/** Takes a place for work that holds something scarce. What it returns gives the place back, once. Throws `limit.reached`, and waits for nobody. */
export const takePlace = (limits: PlaceLimits, who: string): (() => void) => {
  const held = taken.get(limits.what) ?? []
  taken.set(limits.what, held)
  const own = held.filter((one) => one === who).length
  if (own >= limits.each) throw full(`You have ${own} ${limits.what} under way. Wait until one has ended, or stop it.`)
  if (held.length >= limits.all) throw full(`${held.length} ${limits.what} are under way. Try again in a little while.`)
  held.push(who)
  let isHeld = true
  return () => {
    if (isHeld) held.splice(held.indexOf(who), 1)
    isHeld = false
  }
}

const full = (because: string) => new Fault('limit.reached', { because, retryAfterSeconds: 10 })
