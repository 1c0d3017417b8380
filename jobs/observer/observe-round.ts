/**
 * When to look at what. Pure: times are passed in, in milliseconds of any steady clock.
 * Herds come round again after a round, whose length follows from how busy the process is; their primaries come more often than that. A server that fails is
 * asked again later and later, and everything on it waits for that.
 */
export interface HerdPlan {
  herdId: string
  dueAt: number
  /** When all its members are due, and not only its primary. */
  wholeAt: number
  isBusy: boolean
}

export interface ServerPlan {
  serverId: string
  /** `new`: never asked by this process. */
  state: 'new' | 'up' | 'down'
  dueAt: number
  failures: number
  isBusy: boolean
}

export const roundMsMin = 5000
/** Facts of a minute count as stale: two rounds and the looks themselves fit into it, however busy the process is. */
export const roundMsMax = 25_000
/** As long as nobody has measured: a look takes about a millisecond of a processor. */
const instancesPerFirstRound = 1500
const primaryEveryMs = 4000
/** Shares of the process's time. Above the first, rounds grow, so that jobs have the rest; below the second they shrink. */
const busyMax = 0.5
const busyMin = 0.35
/** Half a minute for the first minutes, in which most hosts come back; then a minute, because each failed ask is also written down and shown. */
const backOffMs = [2000, 5000, 10_000, 20_000, 30_000, 30_000, 30_000, 30_000, 30_000, 60_000]
/** So that a hundred hosts lost in the same moment are not asked, and written down, in the same moment for ever. */
const backOffSpread = 0.25
export const hostFactsEveryMs = 60_000

/** So many are come to first at the pace at which they are come to later. */
const instancesAtPace = 10_000

/** From 0 to 1, the same for an instance at every start. */
const placeOf = (id: string): number => (Number.parseInt(id.replaceAll('-', '').slice(-8), 16) || 0) / 0xffff_ffff

/**
 * When each instance is due for what is asked seldom, `known` being those that a process looks after now: who is gone is forgotten, who is new is due at a place
 * of its own within a time that follows from how many are new, at least `leastMs`. One is asked at once, a fleet no faster than it is asked again.
 */
export const placeNew = (
  dueAt: Map<string, number>,
  known: ReadonlySet<string>,
  { now, everyMs, leastMs = 0 }: { now: number; everyMs: number; leastMs?: number },
): void => {
  for (const id of dueAt.keys()) if (!known.has(id)) dueAt.delete(id)
  const fresh = [...known].filter((id) => !dueAt.has(id))
  const withinMs = Math.max(leastMs, Math.min(1, fresh.length / instancesAtPace) * everyMs)
  for (const id of fresh) dueAt.set(id, now + withinMs * placeOf(id))
}

const within = (ms: number): number => Math.min(roundMsMax, Math.max(roundMsMin, ms))

export const firstRoundMs = (instances: number): number => within((roundMsMin * instances) / instancesPerFirstRound)

/** `busy`: share of the last second in which the process worked, 0 to 1. */
export const nextRoundMs = (roundMs: number, busy: number): number =>
  within(busy > busyMax ? roundMs * 1.1 : busy < busyMin ? roundMs / 1.05 : roundMs)

/** The herd after a look that ends now. `primaries`: how many of its members took writes when they were last seen. `pace` stretches. */
export const nextLook = (wholeAt: number, now: number, primaries: number, pace = 1): number =>
  primaries === 0 ? wholeAt : Math.min(wholeAt, now + primaryEveryMs * pace)

/** `chance`: from 0 to 1, another one each time. */
export const backOff = (failures: number, chance: number): number =>
  (backOffMs[Math.min(failures, backOffMs.length) - 1] ?? backOffMs[0]!) * (1 - backOffSpread * chance)

/** The due ones, longest overdue first, at most `room`. */
export const due = <T extends { dueAt: number; isBusy: boolean }>(plans: Iterable<T>, now: number, room: number): T[] =>
  [...plans]
    .filter((plan) => !plan.isBusy && plan.dueAt <= now)
    .sort((a, b) => a.dueAt - b.dueAt)
    .slice(0, Math.max(0, room))
