/**
 * When to look at what. Pure: times are passed in, in milliseconds of any steady clock.
 * Herds come round again after `roundMs`; a server that fails is asked again later and later, and everything on it waits for that.
 */
export interface HerdPlan {
  herdId: string
  dueAt: number
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
/** As many instances one worker looks at in one round of 5 s; with more, the round takes longer in proportion. */
const instancesPerRound = 200
/** Half a minute for the first minutes, in which most hosts come back; then a minute, because each failed ask is also written down and shown. */
const backOffMs = [2000, 5000, 10_000, 20_000, 30_000, 30_000, 30_000, 30_000, 30_000, 60_000]
/** So that a hundred hosts lost in the same moment are not asked, and written down, in the same moment for ever. */
const backOffSpread = 0.25
export const hostFactsEveryMs = 60_000

export const roundMs = (instances: number): number => Math.max(roundMsMin, (roundMsMin * instances) / instancesPerRound)

/** `chance`: from 0 to 1, another one each time. */
export const backOff = (failures: number, chance: number): number =>
  (backOffMs[Math.min(failures, backOffMs.length) - 1] ?? backOffMs[0]!) * (1 - backOffSpread * chance)

/** The due ones, longest overdue first, at most `room`. */
export const due = <T extends { dueAt: number; isBusy: boolean }>(plans: Iterable<T>, now: number, room: number): T[] =>
  [...plans]
    .filter((plan) => !plan.isBusy && plan.dueAt <= now)
    .sort((a, b) => a.dueAt - b.dueAt)
    .slice(0, Math.max(0, room))
