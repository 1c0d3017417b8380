/** Messages to one subscription in one minute; more are one digest. */
export const digestAbove = 10
const minuteMs = 60_000
/** After this a message is given up. */
export const giveUpAfterMs = 24 * 60 * minuteMs
const firstRetryMs = 5_000
const retryMaxMs = 60 * minuteMs

/** Milliseconds until the next try, after `attempts` failed ones. `chance`: from 0 to 1, another one each time. Half of it is by chance, so that many do not act in step. */
export const backOff = (attempts: number, chance: number): number => {
  const whole = Math.min(retryMaxMs, firstRetryMs * 2 ** Math.min(Math.max(attempts, 1) - 1, 20))
  return Math.round(whole * (0.5 + 0.5 * chance))
}

/** Whether there is no further try. `firstTriedAt`, `nextAt` and the answer in milliseconds of one clock. */
export const isGivenUp = (firstTriedAt: number, nextAt: number): boolean => nextAt - firstTriedAt > giveUpAfterMs

export type Turn = { kind: 'each' } | { kind: 'digest' } | { kind: 'wait'; until: number }

/** How a subscription gets the messages that are due. `sentInLastMinute`: messages, a digest counts as one; times in milliseconds of one clock. */
export const turnOf = (options: { due: number; sentInLastMinute: number; lastDigestAt: number | null; now: number }): Turn => {
  const { due, sentInLastMinute, lastDigestAt, now } = options
  if (lastDigestAt !== null && now - lastDigestAt < minuteMs) return { kind: 'wait', until: lastDigestAt + minuteMs }
  return due + sentInLastMinute > digestAbove ? { kind: 'digest' } : { kind: 'each' }
}
