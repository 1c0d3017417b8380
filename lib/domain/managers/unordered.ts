import { formatLsn, parseLsn } from '../values/lsn'
import type { LeaderChange } from './manager'

/** What was known of the primary before it moved. Times are ISO. */
export interface OldPrimary {
  title: string
  /** The furthest position it was seen at, and when. */
  lsn: string | null
  seenAt: string | null
}

export interface UnorderedMove {
  /** Milliseconds: at least so long nobody took writes, as far as the console saw; null: not known. */
  gapMs: number | null
  gap: string
  /** Bytes that the old primary was seen to have written and that are on no timeline any more: a lower bound; null: not known. */
  lossBytes: number | null
  loss: string
}

/** Patroni writes a position as a number. */
const positionOf = (text: string): bigint | null => (/^\d{1,20}$/.test(text) ? BigInt(text) : parseLsn(text))

export const sayPosition = (text: string): string | null => {
  const position = positionOf(text)
  return position === null ? null : formatLsn(position)
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`

/**
 * What is known of the gap and the loss of a move that nobody here ordered. `promotedAt`: when the console heard of the promotion; `change`: Patroni's own row of
 * it, whose LSN is where the new timeline forks.
 */
export const judgeUnordered = (
  old: OldPrimary | null,
  change: LeaderChange | null,
  { promotedAt, isSynchronous }: { promotedAt: string; isSynchronous: boolean },
): UnorderedMove => {
  const gapMs = old?.seenAt ? Math.max(0, Date.parse(promotedAt) - Date.parse(old.seenAt)) : null
  const gap =
    gapMs === null
      ? 'Not known: the old primary was not seen before.'
      : `At most ${seconds(gapMs)}: from the last look at which ${old!.title} answered until the new primary was promoted.`
  const [written, fork] = [old?.lsn ? parseLsn(old.lsn) : null, change === null ? null : positionOf(change.lsn)]
  if (written === null || fork === null)
    return { gapMs, gap, lossBytes: null, loss: 'Not known: where the old primary was, or where the new timeline begins, was not seen.' }
  if (written > fork) {
    const lossBytes = Number(written - fork)
    return {
      gapMs,
      gap,
      lossBytes,
      loss: `At least ${lossBytes} bytes: ${old!.title} was seen at ${old!.lsn}, and the new timeline begins at ${formatLsn(fork)}.`,
    }
  }
  const said = `None was seen: ${old!.title} was last seen at ${old!.lsn}, before ${formatLsn(fork)}, where the new timeline begins.`
  return {
    gapMs,
    gap,
    lossBytes: isSynchronous ? 0 : null,
    loss: isSynchronous
      ? `${said} The cluster is in synchronous mode: what was acknowledged was on the new primary, except commits whose wait was cancelled.`
      : `${said} What it wrote after that look, until it was gone, is not known.`,
  }
}
